"""The mirror's stream of messages: nothing is missing, nothing comes twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localnet import pb

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

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


schedules = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 15)),
        st.tuples(st.just("subscribe"), st.floats(0, 1)),
    ),
    min_size=2,
    max_size=10,
).filter(lambda steps: 0 < sum(kind == "subscribe" for kind, _ in steps) <= 5)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(schedule=schedules)
def test_no_schedule_shows_the_seam(wire: Wire, stream: Stream, schedule: list[tuple[str, Any]]) -> None:
    """Whenever somebody subscribes between messages, and from whichever message on: each comes once and in order."""
    topic = wire.create_topic()
    moments: list[int] = []
    total = sum(count for kind, count in schedule if kind == "write") + 1
    readers: list[tuple[threading.Thread, int, list[int]]] = []

    def read(first: int, start_ns: int, numbers: list[int]) -> None:
        call = stream(topic, start_ns=start_ns, limit=total - first)
        numbers.extend(response.sequenceNumber for response in call)

    def write(count: int) -> None:
        for _ in range(count):
            before = time.time_ns()
            assert wire.precheck(wire.message(topic, b"m%d" % len(moments))) == "OK"
            moments.append(before)  # with no delay its consensus is between this and the next

    for kind, value in schedule:
        if kind == "write":
            write(value)
        else:
            first = int(value * len(moments))
            start_ns = moments[first] if first < len(moments) else 0
            first = first if first < len(moments) else 0
            numbers: list[int] = []
            reader = threading.Thread(target=read, args=(first, start_ns, numbers))
            reader.start()
            readers.append((reader, first, numbers))
    write(1)
    for reader, first, numbers in readers:
        reader.join(10)
        assert numbers == list(range(first + 1, total + 1))


def test_a_late_message_disturbs_no_stream(localnet: Localnet, rest: Rest, wire: Wire, stream: Stream) -> None:
    """A message that the mirror shows late is left out of streams that are past it, and nothing comes twice for it."""
    topic = wire.create_topic()
    fault = {"kind": "mirror-late", "topics": [f"0.0.{topic}"], "sequence_numbers": [2], "delay": 0.3}
    headers = {"Authorization": f"Bearer {localnet.token}"}
    requests.post(f"{localnet.network.control}/faults", json=fault, headers=headers, timeout=10).raise_for_status()
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.extend(row.sequenceNumber for row in stream(topic, limit=5)))
    reader.start()
    for n in range(5):
        wire.carry_out(wire.message(topic, b"%d" % n))
    path, deadline = f"/api/v1/topics/0.0.{topic}/messages", time.monotonic() + 10
    while [row["sequence_number"] for row in rest(path)[1]["messages"]] != [1, 2, 3, 4, 5]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    wire.carry_out(wire.message(topic, b"5"))
    reader.join(10)
    assert seen in ([1, 3, 4, 5, 6], [1, 2, 3, 4, 5])  # the latter if the subscription reached the mirror too late


def test_five_calls_share_a_connection(wire: Wire, stream: Stream) -> None:
    """A sixth call on one connection waits at the client until one of the five is over."""
    topic = wire.create_topic()
    wire.carry_out(wire.message(topic, b"first"))
    calls = [stream(topic) for _ in range(5)]
    for call in calls:
        assert next(call).message == b"first"
    with pytest.raises(grpc.RpcError) as error:
        list(stream._subscribe(pb.ConsensusTopicQuery(topicID={"topicNum": 1}), timeout=0.5))
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    calls[0].cancel()
    assert next(stream(topic)).message == b"first"
    for call in calls[1:]:
        call.cancel()


def test_a_response_is_the_message(wire: Wire, stream: Stream) -> None:
    """The stream gives message, sequence number, running hash and chunk info of the receipt."""
    topic = wire.create_topic()
    body = wire.message(topic, b"part")
    info = {"initialTransactionID": body.transactionID, "number": 1, "total": 2}
    body.consensusSubmitMessage.chunkInfo.MergeFrom(
        pb.TransactionBody(consensusSubmitMessage={"chunkInfo": info}).consensusSubmitMessage.chunkInfo
    )
    receipt = wire.carry_out(body)
    (response,) = stream(topic, limit=1)
    assert (response.message, response.sequenceNumber, response.runningHashVersion) == (b"part", 1, 3)
    assert response.runningHash == receipt.topicRunningHash
    assert response.chunkInfo == body.consensusSubmitMessage.chunkInfo


def test_start_is_inclusive_and_end_exclusive(wire: Wire, stream: Stream) -> None:
    """A span of time is cut to the nanosecond, and a stream with an end in the past is complete at once."""
    topic = wire.create_topic()
    for n in range(10):
        wire.carry_out(wire.message(topic, b"m%d" % n))
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
    wire.carry_out(wire.message(topic, b"in time"))
    assert [response.message for response in call] == [b"in time"]


def test_without_a_start_only_news_come(wire: Wire, stream: Stream) -> None:
    """A subscription without start time begins now."""
    topic = wire.create_topic()
    wire.carry_out(wire.message(topic, b"old"))
    got: list[bytes] = []
    call = stream(topic, start_ns=None, limit=1)
    reader = threading.Thread(target=lambda: got.extend(response.message for response in call))
    reader.start()
    deadline = time.monotonic() + 10
    while reader.is_alive():  # the subscription may reach the mirror after the first of these
        assert time.monotonic() < deadline
        wire.carry_out(wire.message(topic, b"new"))
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
        (
            pb.ConsensusTopicQuery(topicID={"topicNum": 1}, consensusStartTime={"seconds": 9_000_000_000}),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (
            pb.ConsensusTopicQuery(topicID={"topicNum": 1}, consensusStartTime={"seconds": -1}),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (pb.ConsensusTopicQuery(topicID={"topicNum": 1}, limit=1 << 63), grpc.StatusCode.INVALID_ARGUMENT),
    ],
    ids=["unknown topic", "no topic", "no time", "the future", "before 1970", "no limit"],
)
def test_wrong_subscriptions_are_refused(stream: Stream, query: Any, code: grpc.StatusCode) -> None:
    """An unknown topic is NOT_FOUND; a subscription that makes no sense is INVALID_ARGUMENT."""
    with pytest.raises(grpc.RpcError) as error:
        list(stream._subscribe(query, timeout=10))
    assert error.value.code() == code


@pytest.fixture
def get_nodes(localnet: Localnet) -> Iterator[Callable[..., list[Any]]]:
    """Asks the mirror for the address book."""
    with grpc.insecure_channel(localnet.network.mirror_grpc) as channel:
        call = channel.unary_stream(
            "/com.hedera.mirror.api.proto.NetworkService/getNodes",
            request_serializer=pb.AddressBookQuery.SerializeToString,
            response_deserializer=pb.NodeAddress.FromString,
        )
        yield lambda **query: list(call(pb.AddressBookQuery(**query), timeout=10))


def test_address_book(localnet: Localnet, get_nodes: Callable[..., list[Any]]) -> None:
    """GetNodes streams the nodes that the ready line names, those of either file, as many as are wanted."""
    nodes = get_nodes()
    listed = {
        f"{'.'.join(map(str, node.serviceEndpoint[0].ipAddressV4))}:{node.serviceEndpoint[0].port}": (
            f"0.0.{node.nodeAccountId.accountNum}"
        )
        for node in nodes
    }
    assert listed == localnet.network.nodes
    assert get_nodes(file_id={"fileNum": 101}) == get_nodes(file_id={"fileNum": 102}) == nodes
    assert get_nodes(limit=3) == nodes[:3]


@pytest.mark.parametrize("query", [{"file_id": {"fileNum": 111}}, {"limit": -1}])
def test_no_address_book(get_nodes: Callable[..., list[Any]], query: dict[str, Any]) -> None:
    """Another file is not an address book, and less than none is not a number of nodes."""
    with pytest.raises(grpc.RpcError) as error:
        get_nodes(**query)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_the_stream_lags_with_the_mirror(start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire]) -> None:
    """A stream that ends now still brings what consensus had before its end and the mirror shows only later."""
    running = start("--consensus-delay", "0", "--mirror-lag", "0.4")
    wire = open_wire(running)
    topic = wire.create_topic()
    time.sleep(0.6)
    for n in range(5):
        wire.carry_out(wire.message(topic, b"m%d" % n))
    with grpc.insecure_channel(running.network.mirror_grpc) as channel:
        got = [response.message for response in Stream(channel)(topic, end_ns=time.time_ns())]
    assert got == [b"m%d" % n for n in range(5)]


def test_a_subscription_with_an_end_waits_for_what_is_not_known_yet(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_control: Callable[[Localnet], Rest]
) -> None:
    """Its end lies between a message's consensus timestamp and the moment, long after it, when that is known."""
    running = start("--consensus-delay", "1.5", "--mirror-lag", "0", "--throttles", "off")
    wire, control = open_wire(running), open_control(running)
    assert wire.precheck(wire.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}})) == "OK"
    deadline = time.monotonic() + 10
    while control("/ledger/summary")[1]["pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert wire.precheck(wire.message(1002, b"on its way")) == "OK"
    arrival = control("/ledger")[1]["entries"][-1]["arrival"]
    end_ns = int((arrival + 0.5) * NANOS)  # its timestamp is 0.225 s after arrival
    time.sleep(max(0.0, arrival + 0.6 - time.time()))
    with grpc.insecure_channel(running.network.mirror_grpc) as channel:
        assert [one.message for one in Stream(channel)(1002, end_ns=end_ns)] == [b"on its way"]
