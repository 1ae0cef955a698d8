"""The mirror's stream of messages: nothing is missing, nothing comes twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from localnet import pb

if TYPE_CHECKING:
    from config.launcher import Localnet
    from tests.localnet.conftest import Wire

NANOS = 1_000_000_000


class Stream:
    """Subscribes to topics on one channel to the mirror."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._subscribe = channel.unary_stream(
            "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic",
            request_serializer=pb.ConsensusTopicQuery.SerializeToString,
            response_deserializer=pb.ConsensusTopicResponse.FromString,
        )

    def __call__(self, topic: int, start_ns: int | None = 0, end_ns: int | None = None, limit: int = 0) -> Any:
        """The call, to iterate over; it gives up after 10 s."""
        query = pb.ConsensusTopicQuery(topicID=pb.TopicID(topicNum=topic), limit=limit)
        for field, moment in ((query.consensusStartTime, start_ns), (query.consensusEndTime, end_ns)):
            if moment is not None:
                field.seconds, field.nanos = divmod(moment, NANOS)
                field.SetInParent()
        return self._subscribe(query, timeout=10)


@pytest.fixture
def stream(localnet: Localnet) -> Iterator[Stream]:
    """The shared network's stream."""
    with grpc.insecure_channel(localnet.network.mirror_grpc) as channel:
        yield Stream(channel)


def moment(response: Any) -> int:
    return int(response.consensusTimestamp.seconds) * NANOS + int(response.consensusTimestamp.nanos)


def test_history_and_live_meet_without_a_seam(wire: Wire, stream: Stream) -> None:
    """Subscribers who come while messages are being submitted each get every message once, in order."""
    topic, total = wire.create_topic(), 300
    seen: list[list[int]] = []

    def read() -> None:
        numbers: list[int] = []
        seen.append(numbers)
        numbers.extend(response.sequenceNumber for response in stream(topic, limit=total))

    readers = []
    for n in range(total):
        if n % 60 == 20:
            readers.append(threading.Thread(target=read))
            readers[-1].start()
        assert wire.precheck(wire.message(topic, b"m%d" % n)) == "OK"
    for reader in readers:
        reader.join(10)
    assert len(seen) == 5
    assert all(numbers == list(range(1, total + 1)) for numbers in seen)


def test_a_response_is_the_message(wire: Wire, stream: Stream) -> None:
    """The stream gives message, sequence number, running hash and chunk info of the receipt."""
    topic = wire.create_topic()
    body = wire.message(topic, b"part")
    info = {"initialTransactionID": body.transactionID, "number": 1, "total": 2}
    body.consensusSubmitMessage.chunkInfo.MergeFrom(
        pb.TransactionBody(consensusSubmitMessage={"chunkInfo": info}).consensusSubmitMessage.chunkInfo
    )
    receipt = wire.settle(body)
    (response,) = stream(topic, limit=1)
    assert (response.message, response.sequenceNumber, response.runningHashVersion) == (b"part", 1, 3)
    assert response.runningHash == receipt.topicRunningHash
    assert response.chunkInfo == body.consensusSubmitMessage.chunkInfo


def test_start_is_inclusive_and_end_exclusive(wire: Wire, stream: Stream) -> None:
    """A span of time is cut to the nanosecond, and a stream with an end in the past is complete at once."""
    topic = wire.create_topic()
    for n in range(10):
        wire.settle(wire.message(topic, b"m%d" % n))
    moments = [moment(response) for response in stream(topic, limit=10)]
    cut = [response.sequenceNumber for response in stream(topic, start_ns=moments[3], end_ns=moments[7])]
    assert cut == [4, 5, 6, 7]
    assert [response.sequenceNumber for response in stream(topic, start_ns=moments[3] + 1, limit=1)] == [5]
    rest = [response.sequenceNumber for response in stream(topic, start_ns=moments[8], end_ns=moments[9] + 1)]
    assert rest == [9, 10]


def test_a_stream_ends_at_its_end_time(wire: Wire, stream: Stream) -> None:
    """A stream with an end in the near future completes by itself, with what came until then."""
    topic = wire.create_topic()
    call = stream(topic, end_ns=time.time_ns() + NANOS // 2)
    wire.settle(wire.message(topic, b"in time"))
    assert [response.message for response in call] == [b"in time"]


def test_without_a_start_only_news_come(wire: Wire, stream: Stream) -> None:
    """A subscription without start time begins now."""
    topic = wire.create_topic()
    wire.settle(wire.message(topic, b"old"))
    got: list[bytes] = []
    call = stream(topic, start_ns=None, limit=1)
    reader = threading.Thread(target=lambda: got.extend(response.message for response in call))
    reader.start()
    deadline = time.monotonic() + 10
    while reader.is_alive():  # the subscription may reach the mirror after the first of these
        assert time.monotonic() < deadline
        wire.settle(wire.message(topic, b"new"))
        reader.join(0.05)
    assert got == [b"new"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (pb.ConsensusTopicQuery(topicID={"topicNum": 999_999}), grpc.StatusCode.NOT_FOUND),
        (pb.ConsensusTopicQuery(), grpc.StatusCode.INVALID_ARGUMENT),
        (
            pb.ConsensusTopicQuery(
                topicID={"topicNum": 1}, consensusStartTime={"seconds": 9}, consensusEndTime={"seconds": 9}
            ),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
    ],
    ids=["unknown topic", "no topic", "no time"],
)
def test_wrong_subscriptions_are_refused(stream: Stream, query: Any, code: grpc.StatusCode) -> None:
    """An unknown topic is NOT_FOUND; a subscription that makes no sense is INVALID_ARGUMENT."""
    with pytest.raises(grpc.RpcError) as error:
        list(stream._subscribe(query, timeout=10))
    assert error.value.code() == code


def test_address_book(localnet: Localnet) -> None:
    """GetNodes streams the nodes that the ready line names."""
    with grpc.insecure_channel(localnet.network.mirror_grpc) as channel:
        get_nodes = channel.unary_stream(
            "/com.hedera.mirror.api.proto.NetworkService/getNodes",
            request_serializer=pb.AddressBookQuery.SerializeToString,
            response_deserializer=pb.NodeAddress.FromString,
        )
        nodes = list(get_nodes(pb.AddressBookQuery(), timeout=10))
    listed = {
        f"{'.'.join(map(str, node.serviceEndpoint[0].ipAddressV4))}:{node.serviceEndpoint[0].port}": (
            f"0.0.{node.nodeAccountId.accountNum}"
        )
        for node in nodes
    }
    assert listed == localnet.network.nodes


def test_the_stream_lags_with_the_mirror(start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire]) -> None:
    """A stream that ends now still brings what consensus had before its end and the mirror shows only later."""
    running = start("--consensus-delay", "0", "--mirror-lag", "0.4")
    wire = open_wire(running)
    topic = wire.create_topic()
    time.sleep(0.6)
    for n in range(5):
        wire.settle(wire.message(topic, b"m%d" % n))
    with grpc.insecure_channel(running.network.mirror_grpc) as channel:
        got = [response.message for response in Stream(channel)(topic, end_ns=time.time_ns())]
    assert got == [b"m%d" % n for n in range(5)]
