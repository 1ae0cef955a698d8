"""One subscription to a topic at the mirror's gRPC API: its request, and its messages."""

from __future__ import annotations

from typing import Any, Final

import grpc
from hiero_sdk_python.hapi.mirror import consensus_service_pb2 as mirror

from hedera_client.bodies import ChunkInfo
from hedera_client.ids import TransactionId, timestamp_ns, timestamp_proto, topic_proto
from hedera_client.messages import TopicMessage

SUBSCRIBE: Final = "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic"


def subscribe(
    channel: grpc.Channel, topic_id: str, from_ns: int | None, *, limit: int = 0, timeout: float | None = None
) -> Any:
    """Open a stream of a topic's messages; returns gRPC's call, which is iterated over and cancelled.

    Args:
        channel: To the mirror.
        topic_id: Which topic.
        from_ns: Consensus time of the first message that is wanted, nanoseconds since 1970; None for now.
        limit: Messages after which the mirror ends the stream; 0 for no end.
        timeout: Seconds after which the stream ends with DEADLINE_EXCEEDED; None for no end.
    """
    method = channel.unary_stream(
        SUBSCRIBE,
        request_serializer=mirror.ConsensusTopicQuery.SerializeToString,
        response_deserializer=mirror.ConsensusTopicResponse.FromString,
    )
    start = None if from_ns is None else timestamp_proto(from_ns)
    query = mirror.ConsensusTopicQuery(topicID=topic_proto(topic_id), consensusStartTime=start, limit=limit)
    return method(query, timeout=timeout)


def topic_message(topic_id: str, response: mirror.ConsensusTopicResponse) -> TopicMessage:
    """A message of the stream; who paid for it is not told there."""
    chunk = None
    if response.HasField("chunkInfo"):
        info = response.chunkInfo
        chunk = ChunkInfo(TransactionId.from_proto(info.initialTransactionID), total=info.total, number=info.number)
    return TopicMessage(
        topic_id=topic_id,
        sequence_number=response.sequenceNumber,
        consensus_timestamp=timestamp_ns(response.consensusTimestamp),
        message=response.message,
        running_hash=response.runningHash,
        running_hash_version=response.runningHashVersion,
        chunk_info=chunk,
    )
