"""A subscription's request as a mirror takes it, and its messages as they are read."""

from __future__ import annotations

import grpc
import pytest
from hiero_sdk_python.hapi.mirror import consensus_service_pb2 as mirror

from hedera_client.channels import open_mirror_channel
from hedera_client.ids import TransactionId, timestamp_proto
from hedera_client.topic_subscription import subscribe, topic_message
from localnet_launcher import Localnet


@pytest.mark.parametrize("from_ns", [None, 0])
def test_a_topic_that_is_not_there_is_said_to_be_unknown(localnet: Localnet, from_ns: int | None) -> None:
    """By the mirror, not by us: the request was read, with a start and without."""
    channel = open_mirror_channel(localnet.network.mirror_grpc, tls=False)
    with pytest.raises(grpc.RpcError) as refused:
        list(subscribe(channel, "0.0.999999", from_ns, limit=1, timeout=10))
    channel.close()
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_chunk_is_read_whole() -> None:
    """Its place, its bytes, and which message it belongs to."""
    first = TransactionId.parse("0.0.2@1700000000.000000005")
    response = mirror.ConsensusTopicResponse(
        consensusTimestamp=timestamp_proto(1_700_000_001_000_000_007),
        message=b"part",
        runningHash=b"h" * 48,
        sequenceNumber=4,
        runningHashVersion=3,
    )
    response.chunkInfo.initialTransactionID.CopyFrom(first.to_proto())
    response.chunkInfo.total, response.chunkInfo.number = 3, 2
    read = topic_message("0.0.1002", response)
    assert (read.topic_id, read.sequence_number, read.message) == ("0.0.1002", 4, b"part")
    assert (read.consensus_timestamp, read.running_hash_version) == (1_700_000_001_000_000_007, 3)
    assert read.chunk_info is not None
    assert (read.chunk_info.initial_transaction_id, read.chunk_info.total, read.chunk_info.number) == (first, 3, 2)
    response.ClearField("chunkInfo")
    assert topic_message("0.0.1002", response).chunk_info is None
