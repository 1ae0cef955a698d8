"""Every fault of the mirror: what a subscriber of the SDK and a reader of REST see, and that it ends in time."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import requests
from hiero_sdk_python import Client, TopicCreateTransaction, TopicMessageQuery, TopicMessageSubmitTransaction

from localnet import pb
from localnet.protocol.running_hash import advance

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.faults.control import Faults

WAIT_S = 20.0


@pytest.fixture
def client(broken: Localnet, open_client: Callable[[Localnet], Client]) -> Client:
    return open_client(broken)


@pytest.fixture
def topic(client: Client) -> Any:
    return TopicCreateTransaction().execute(client).topic_id


def write(client: Client, topic: Any, first: int, last: int) -> None:
    """Submit `m1`, `m2`, … and wait for their receipts."""
    for number in range(first, last + 1):
        TopicMessageSubmitTransaction(topic, f"m{number}").execute(client)


def shown(broken: Localnet, topic: Any) -> list[tuple[int, str]]:
    """Sequence numbers and messages as REST shows them."""
    url = f"{broken.network.mirror_rest}/api/v1/topics/{topic}/messages?limit=100"
    rows = requests.get(url, timeout=10).json()["messages"]
    return [(row["sequence_number"], base64.b64decode(row["message"]).decode("latin-1")) for row in rows]


@contextmanager
def opened(broken: Localnet, topic: Any, count: int) -> Iterator[Any]:
    """A gRPC stream of so many messages, from the first on."""
    query = pb.ConsensusTopicQuery(topicID=pb.TopicID(topicNum=topic.num), limit=count)
    query.consensusStartTime.SetInParent()
    with grpc.insecure_channel(broken.network.mirror_grpc) as channel:
        subscribe = channel.unary_stream(
            "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic",
            request_serializer=pb.ConsensusTopicQuery.SerializeToString,
            response_deserializer=pb.ConsensusTopicResponse.FromString,
        )
        yield subscribe(query, timeout=WAIT_S)


def streamed(broken: Localnet, topic: Any, count: int) -> list[tuple[int, str]]:
    """The same as the gRPC stream shows it."""
    with opened(broken, topic, count) as stream:
        return [(one.sequenceNumber, one.message.decode("latin-1")) for one in stream]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("mirror-drop", [(1, "m1"), (3, "m3"), (4, "m4")]),
        ("mirror-repeat", [(1, "m1"), (2, "m2"), (2, "m2"), (3, "m3"), (4, "m4")]),
        ("mirror-swap", [(1, "m1"), (2, "m3"), (3, "m2"), (4, "m4")]),
        ("mirror-corrupt", [(1, "m1"), (2, "m3"), (3, "m3"), (4, "m4")]),  # the last bit of "2" turned
    ],
)
def test_a_message_that_the_mirror_shows_wrongly(
    kind: str, expected: list[tuple[int, str]], faults: Faults, broken: Localnet, client: Client, topic: Any
) -> None:
    """REST and stream show the same wrong thing, once; the ledger still knows the truth."""
    fault = faults.add(kind=kind, topics=[str(topic)], sequence_numbers=[2], count=1)
    write(client, topic, 1, 4)
    assert shown(broken, topic) == expected
    assert streamed(broken, topic, len(expected)) == expected
    assert faults.get(fault)["hits"] == 1
    write(client, topic, 5, 6)
    assert shown(broken, topic)[-2:] == [(5, "m5"), (6, "m6")]


def test_a_swap_breaks_the_hash_chain(faults: Faults, broken: Localnet, client: Client, topic: Any) -> None:
    """Contents that do not belong to their running hash are found by recomputing it."""
    faults.add(kind="mirror-swap", topics=[str(topic)], sequence_numbers=[2])
    write(client, topic, 1, 3)
    url = f"{broken.network.mirror_rest}/api/v1/topics/{topic}/messages"
    running, verified = bytes(48), []
    for row in requests.get(url, timeout=10).json()["messages"]:
        seconds, nanos = map(int, row["consensus_timestamp"].split("."))
        running = advance(
            running,
            payer=int(row["payer_account_id"].rpartition(".")[2]),
            topic=topic.num,
            seconds=seconds,
            nanos=nanos,
            sequence_number=row["sequence_number"],
            message=base64.b64decode(row["message"]),
        )
        verified.append(base64.b64encode(running).decode() == row["running_hash"])
    assert verified == [True, False, False]


def test_a_late_message_closes_its_gap(faults: Faults, broken: Localnet, client: Client, topic: Any) -> None:
    """Its neighbours are there before it; later it stands at its place."""
    faults.add(kind="mirror-late", delay=0.5, sequence_numbers=[2], topics=[str(topic)])
    write(client, topic, 1, 3)
    deadline, seen = time.monotonic() + WAIT_S, [shown(broken, topic)]
    while len(seen[-1]) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        seen.append(shown(broken, topic))
    assert seen[-1] == [(1, "m1"), (2, "m2"), (3, "m3")]


def test_lag_hides_what_is_new(faults: Faults, broken: Localnet, client: Client, topic: Any) -> None:
    """While it lags the mirror shows nothing new; what was held up appears in order."""
    write(client, topic, 1, 1)
    fault = faults.add(kind="mirror-lag", delay=0.5)
    write(client, topic, 2, 3)
    faults.remove(fault)
    write(client, topic, 4, 4)
    deadline = time.monotonic() + WAIT_S
    while len(shown(broken, topic)) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [number for number, _ in shown(broken, topic)] == [1, 2, 3, 4]


@pytest.mark.background
def test_a_stream_falls_silent_for_good(faults: Faults, broken: Localnet, client: Client, topic: Any) -> None:
    """One that was open brings nothing any more, also when the fault is over; REST and new streams show everything."""
    with opened(broken, topic, 3) as stream:
        write(client, topic, 1, 1)
        assert next(stream).sequenceNumber == 1
        fault = faults.add(kind="mirror-silent")
        write(client, topic, 2, 2)
        assert [number for number, _ in streamed(broken, topic, 2)] == [1, 2]
        faults.remove(fault)
        write(client, topic, 3, 3)
        assert [number for number, _ in streamed(broken, topic, 3)] == [1, 2, 3]
        assert [number for number, _ in shown(broken, topic)] == [1, 2, 3]
        with pytest.raises(grpc.RpcError) as error:  # it was open all the time
            next(stream)
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_an_outage_breaks_streams_and_loses_nothing(
    faults: Faults, broken: Localnet, client: Client, topic: Any
) -> None:
    """REST says 503, an open subscription of the SDK is broken; afterwards the SDK has every message once."""
    got: list[int] = []
    handle = TopicMessageQuery(topic, start_time=None).subscribe(
        client, on_message=lambda message: got.append(message.sequence_number), on_error=lambda _: None
    )
    fault = faults.add(kind="mirror-outage")
    write(client, topic, 1, 2)
    assert requests.get(f"{broken.network.mirror_rest}/api/v1/topics/{topic}", timeout=10).status_code == 503
    with pytest.raises(grpc.RpcError) as error:
        streamed(broken, topic, 1)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    faults.remove(fault)
    assert [number for number, _ in streamed(broken, topic, 2)] == [1, 2]
    assert requests.get(f"{broken.network.mirror_rest}/api/v1/topics/{topic}", timeout=10).status_code == 200
    handle.cancel()
