"""What became of a transaction: a model of the network whose truth is known, and the real embedded network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedera_client import (
    Fate,
    HederaClient,
    HederaError,
    PrecheckError,
    Receipt,
    Settled,
    Settlement,
    TransactionExpiredError,
    TransactionId,
    TransportError,
    bodies,
)
from hedera_client.settling import CLOCK_SKEW_S, CONSENSUS_S, RECEIPT_KEPT_S, settle, window_of
from localnet_launcher import Localnet, start_localnet

NODES = ("0.0.3", "0.0.4", "0.0.5", "0.0.6")
START = 1_700_000_000
ID = TransactionId("0.0.2", START * 10**9)
MARGIN = CLOCK_SKEW_S + CONSENSUS_S


def not_found(node: str) -> HederaError:
    return PrecheckError("RECEIPT_NOT_FOUND", status="RECEIPT_NOT_FOUND", fate=Fate.RETRYABLE, node=node)


@dataclass
class World:
    """A network in which it is known what happened; times are seconds after the transaction's valid start.

    Attributes:
        consensus: When it reached consensus; None if it never did.
        status: Its receipt's.
        pending_at: Nodes that say "pending" until consensus, or else until they forget it.
        lags: How much later than consensus each node knows.
        skew: By how much our clock is ahead of the network's.
        down: From when until when each node answers nothing.
        at: When we begin to ask.
        look_s: How long an answer takes.
    """

    consensus: float | None = None
    status: str = "SUCCESS"
    pending_at: frozenset[str] = frozenset()
    lags: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    skew: float = 0.0
    down: tuple[tuple[float, float], ...] = ()
    at: float = 5.0
    look_s: float = 0.05
    asked: list[str] = field(default_factory=list)

    def look(self, node: str, timeout: float) -> Receipt | None:
        index = NODES.index(node)
        self.asked.append(node)
        self.at += min(self.look_s, timeout)
        if any(begin <= self.at < end for begin, end in self.down[index : index + 1]):
            raise TransportError("UNAVAILABLE", status="UNAVAILABLE", fate=Fate.RETRYABLE, node=node)
        if self.consensus is not None:
            if self.consensus + self.lags[index] <= self.at < self.consensus + RECEIPT_KEPT_S:
                return Receipt(ID, self.status)
            if node in self.pending_at and self.at < self.consensus + self.lags[index]:
                return None
        elif node in self.pending_at and self.at < RECEIPT_KEPT_S:
            return None
        raise not_found(node)

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def settle(self, valid_duration: float = 120, *, timeout: float = 300, interval: float = 1.0) -> Settlement:
        return settle(
            *(self.look, ID, NODES, window_of(ID, valid_duration, MARGIN)),
            timeout=timeout,
            interval=interval,
            sleep=self.sleep,
            clock=lambda: self.at,
            now=lambda: START + self.at + self.skew,
        )


@pytest.mark.parametrize(
    ("world", "valid_duration", "verdict", "ends_at"),
    [
        (World(consensus=4.0), 120, Settled.SUCCEEDED, 5),
        (World(consensus=9.0, pending_at=frozenset(NODES)), 120, Settled.SUCCEEDED, 9),
        (World(consensus=4.0, status="INVALID_SIGNATURE"), 120, Settled.FAILED, 5),
        # Nobody has heard of it: certain once its validity and the margin are over.
        (World(), 120, Settled.NEVER_HAPPENED, 142),
        (World(), 16, Settled.NEVER_HAPPENED, 38),
        (World(at=145.0), 120, Settled.NEVER_HAPPENED, 147),
        # Accepted and lost: nodes say pending until they forget the id.
        (World(pending_at=frozenset(NODES)), 120, Settled.NEVER_HAPPENED, 182),
        (World(pending_at=frozenset(NODES[:1])), 120, Settled.NEVER_HAPPENED, 143),
        (World(pending_at=frozenset(NODES)), 180, Settled.NEVER_HAPPENED, 202),
        # Begun too late: a receipt may have been there and be forgotten.
        (World(consensus=4.0, at=185.0), 120, Settled.UNKNOWN, 187),
        (World(at=185.0), 120, Settled.UNKNOWN, 187),
        # Seen pending, then nobody answers for so long that its receipt came and went.
        (
            World(consensus=100.0, pending_at=frozenset(NODES), at=95.0, down=((99, 290),) * 4),
            120,
            Settled.UNKNOWN,
            292,
        ),
        # Valid for so long that receipts may be forgotten before it is over.
        (World(), 180, Settled.UNKNOWN, 202),
        # Two of four nodes are not enough.
        (World(down=((0, 1e9), (0, 1e9))), 120, Settled.UNKNOWN, 305),
        # One is, if it has the receipt.
        (World(consensus=4.0, down=((0, 1e9),) * 3), 120, Settled.SUCCEEDED, 8),
    ],
)
def test_what_is_found_out_and_when(world: World, valid_duration: float, verdict: Settled, ends_at: float) -> None:
    """The verdict, as soon as it is certain and no sooner."""
    settlement = world.settle(valid_duration)
    assert settlement.verdict is verdict
    assert settlement.transaction_id == ID
    assert settlement.looks == len(world.asked)
    assert settlement.reason
    assert "\n" not in settlement.reason
    assert (settlement.receipt is not None) == (verdict in (Settled.SUCCEEDED, Settled.FAILED))
    assert ends_at <= world.at < ends_at + 2


def test_time_is_kept() -> None:
    """No look starts after the time-out, one in progress is cut off there, and looks are an interval apart."""
    world = World(pending_at=frozenset(NODES), look_s=100.0)
    assert world.settle(timeout=3).verdict is Settled.UNKNOWN
    assert world.at == 8.0
    world = World(pending_at=frozenset(NODES))
    settlement = world.settle(timeout=10, interval=0.5)
    assert (settlement.looks, world.at) == (20, 15.0)
    assert "0.0.6 says that it is pending" in settlement.reason


def test_a_closed_client_ends_the_search() -> None:
    """Nothing can be asked any more."""

    def closed(node: str, _: float) -> Receipt | None:
        raise TransportError("CLOSED", status="CLOSED", fate=Fate.FINAL, node=node)

    world = World()
    settlement = settle(
        *(closed, ID, NODES, window_of(ID, 120, MARGIN)),
        timeout=300,
        interval=1,
        sleep=world.sleep,
        clock=lambda: world.at,
        now=lambda: START + world.at,
    )
    assert (settlement.verdict, settlement.looks) == (Settled.UNKNOWN, 1)


durations = st.sampled_from([16.0, 60.0, 120.0, 150.0, 180.0])
outages = st.tuples(st.floats(0, 300), st.floats(0, 200)).map(lambda pair: (pair[0], sum(pair)))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, float]:
    """Any truth that the network's rules allow, within the margins that `settling` states."""
    duration = draw(durations)
    consensus = draw(st.none() | st.floats(1, duration))
    world = World(
        consensus=consensus,
        status=draw(st.sampled_from(["SUCCESS", "INVALID_TOPIC_ID"])),
        pending_at=frozenset(draw(st.sets(st.sampled_from(NODES)))),
        lags=tuple(draw(st.floats(0, CONSENSUS_S - 1)) for _ in NODES),
        skew=draw(st.floats(-CLOCK_SKEW_S + 0.5, CLOCK_SKEW_S - 0.5)),
        down=tuple(draw(st.lists(outages, max_size=4))),
        at=draw(st.floats(1, 400)),
        look_s=draw(st.floats(0.001, 0.4)),
    )
    return world, duration


@settings(max_examples=400)
@given(worlds(), st.floats(1, 400), st.floats(0.1, 20))
def test_a_verdict_is_never_wrong(case: tuple[World, float], timeout: float, interval: float) -> None:
    """Whatever happened, whichever nodes answer, however the clocks differ: what is said is true."""
    world, duration = case
    begin = world.at
    settlement = world.settle(duration, timeout=timeout, interval=interval)
    if settlement.verdict is Settled.NEVER_HAPPENED:
        assert world.consensus is None
    elif settlement.verdict is Settled.UNKNOWN:
        assert settlement.receipt is None
    else:
        assert world.consensus is not None
        assert (settlement.verdict is Settled.SUCCEEDED) == (world.status == "SUCCESS")
    assert world.at <= begin + timeout + 1e-6


@given(worlds(), st.floats(1, 60))
def test_who_asks_early_and_long_enough_always_finds_out(case: tuple[World, float], at: float) -> None:
    """With nodes that answer, and a validity that leaves time before receipts are forgotten."""
    world, duration = case
    world.at, world.down = at, ()
    if duration <= 150:
        assert world.settle(duration).verdict is not Settled.UNKNOWN


# The real network.


@pytest.fixture(scope="module")
def network() -> Iterator[Localnet]:
    running = start_localnet("--latency", "instant", "--throttles", "off")
    yield running
    running.stop()


@pytest.fixture
def client(network: Localnet, make_client: Callable[..., HederaClient]) -> Iterator[HederaClient]:
    yield make_client(network, valid_duration=16)
    network.clear_faults()


def backdated(client: HederaClient, seconds: float) -> TransactionId:
    """An id whose validity began so long ago."""
    return TransactionId(client.operator.account_id, time.time_ns() - int(seconds * 1e9))


def test_a_lost_acknowledgement_is_settled_as_success(network: Localnet, client: HederaClient) -> None:
    """It had reached consensus; the receipt names what it made."""
    network.add_faults([{"kind": "ack-lost", "how": "reset", "operations": ["createTopic"], "count": 1}])
    own_id = client.new_transaction_id()
    with pytest.raises(TransportError) as caught:
        client.submit(client.prepare(bodies.create_topic(), "0.0.4", own_id))
    assert caught.value.fate is Fate.UNKNOWN
    settlement = client.settle(own_id, ["0.0.4"], timeout=10, interval=0.05)
    assert settlement.verdict is Settled.SUCCEEDED
    assert settlement.receipt is not None
    assert settlement.receipt.topic_id is not None


def test_a_failure_at_consensus_is_settled_as_failed(client: HederaClient) -> None:
    """With the receipt that says why."""
    own_id = client.new_transaction_id()
    client.submit(client.prepare(bodies.submit_message("0.0.999999", b"m"), "0.0.3", own_id))
    settlement = client.settle(own_id, timeout=10, interval=0.05)
    assert settlement.verdict is Settled.FAILED
    assert settlement.receipt is not None
    assert settlement.receipt.status == "INVALID_TOPIC_ID"


def test_what_never_arrived_is_settled_when_its_window_is_over(client: HederaClient) -> None:
    """Before that it is unknown; after it a resubmission is refused, and a new id may be used."""
    own_id = backdated(client, 14)
    assert client.settle(own_id, timeout=0.5, interval=0.05, margin=0.5).verdict is Settled.UNKNOWN
    with pytest.raises(TransactionExpiredError):
        client.submit(client.prepare(bodies.create_topic(), "0.0.3", own_id))
    settlement = client.settle(own_id, timeout=10, interval=0.05, margin=0.5)
    assert settlement.verdict is Settled.NEVER_HAPPENED
    assert time.time() >= client.window_of(own_id, margin=0.5).consensus_until


def test_what_was_accepted_and_lost_is_settled_when_nodes_forget_it(
    network: Localnet, make_client: Callable[..., HederaClient]
) -> None:
    """Pending to the end, and no receipt in between: it never happened."""
    client = make_client(network, valid_duration=180)
    network.add_faults([{"kind": "lost", "count": 1}])
    own_id = backdated(client, 167)  # nearly over when it is sent
    client.submit(client.prepare(bodies.create_topic(), "0.0.3", own_id))
    assert client.receipt(own_id, "0.0.3") is None
    assert client.settle(own_id, timeout=1, interval=0.1, margin=1).verdict is Settled.UNKNOWN
    settlement = client.settle(own_id, timeout=30, interval=0.1, margin=1)
    assert settlement.verdict is Settled.NEVER_HAPPENED
    network.clear_faults()


@pytest.mark.parametrize("duration", [15, 181])
def test_a_valid_duration_that_no_node_takes(
    network: Localnet, make_client: Callable[..., HederaClient], duration: int
) -> None:
    """Is refused with the range, before anything is sent."""
    with pytest.raises(ValueError, match=f"valid duration {duration} s: choose 16 to 180"):
        make_client(network, valid_duration=duration)


def test_the_window(client: HederaClient) -> None:
    """In Unix seconds: nodes stop 10 s early, and margins come on top."""
    window = client.window_of(TransactionId("0.0.2", START * 10**9))
    assert (window.accepted_until, window.consensus_until) == (START + 16 - 10 + 5, START + 16 + 20)
    assert window.remembered_until == START + 175
