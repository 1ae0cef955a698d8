"""Receipts over time, the order of consensus, and what is remembered for how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from hiero_sdk_python import (
    AccountId,
    Client,
    ResponseCode,
    TopicCreateTransaction,
    TopicMessageSubmitTransaction,
    TransactionGetReceiptQuery,
    TransactionId,
    TransactionRecordQuery,
)
from hiero_sdk_python.account.account_records_query import AccountRecordsQuery
from hiero_sdk_python.exceptions import PrecheckError

from localnet import pb
from localnet.clock import NANOS, Clock
from localnet.consensus.latency import PROFILES, Latency, latency_of
from localnet.consensus.ordering import Consensus
from localnet.consensus.record_cache import RecordCache
from localnet.protocol.ids import TransactionKey, transaction_key
from localnet.protocol.status import codes, status_name
from localnet.state.genesis import create_state
from localnet.transactions.stages import Checked, Handled, Received
from tests.localnet.stages import checked, handled

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

TOPIC = {"autoRenewPeriod": {"seconds": 7_776_000}}


def header_and_receipt(reply: Any) -> tuple[str, str]:
    return status_name(reply.header.nodeTransactionPrecheckCode), status_name(reply.receipt.status)


def test_a_receipt_is_pending_then_final(start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire]) -> None:
    """Until consensus a receipt says UNKNOWN and there is no record; then both are there, with one fate."""
    wire = open_wire(start("--consensus-delay", "0.5"))
    body = wire.body(consensusCreateTopic=TOPIC)
    assert header_and_receipt(wire.receipt(body)) == ("RECEIPT_NOT_FOUND", "OK")
    assert wire.precheck(body) == "OK"
    assert header_and_receipt(wire.receipt(body)) == ("OK", "UNKNOWN")
    assert wire.precheck(body) == "DUPLICATE_TRANSACTION"
    record = wire.query(
        transactionGetRecord={"transactionID": body.transactionID, "header": {"payment": wire.payment(1_000)}}
    )
    assert status_name(record.transactionGetRecord.header.nodeTransactionPrecheckCode) == "RECORD_NOT_FOUND"
    deadline = time.monotonic() + 10
    while header_and_receipt(wire.receipt(body))[1] == "UNKNOWN":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert header_and_receipt(wire.receipt(body)) == ("OK", "SUCCESS")


def test_the_whole_id_counts(wire: Wire) -> None:
    """With `scheduled`, or a nonce that no child has, it is another id (CN: RecordCacheImpl keys by TransactionID)."""
    body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.status(body) == "SUCCESS"
    for change in ({"scheduled": True}, {"nonce": 1}, {"nonce": -1}, {"scheduled": True, "nonce": 1}):
        other = pb.TransactionID()
        other.CopyFrom(body.transactionID)
        other.MergeFrom(pb.TransactionID(**change))
        asked = {"transactionID": other, "includeDuplicates": True, "include_child_receipts": True}
        assert header_and_receipt(wire.query(transactionGetReceipt=asked).transactionGetReceipt) == (
            "RECEIPT_NOT_FOUND",
            "OK",
        )
        record = {"transactionID": other, "header": {"payment": wire.payment(1_000)}}
        header = wire.query(transactionGetRecord=record).transactionGetRecord.header
        assert status_name(header.nodeTransactionPrecheckCode) == "RECORD_NOT_FOUND"


def test_an_incomplete_id_is_named(wire: Wire) -> None:
    """A receipt query must name a whole transaction id."""
    for wanted in ({}, {"accountID": {"accountNum": 2}}):
        reply = wire.query(transactionGetReceipt={"transactionID": wanted}).transactionGetReceipt
        assert status_name(reply.header.nodeTransactionPrecheckCode) == "INVALID_TRANSACTION_ID"


def test_the_order_of_arrival_is_the_order_of_consensus(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_control: Callable[[Localnet], Rest]
) -> None:
    """However large the jitter, transactions take effect in the order in which they arrived."""
    running = start("--consensus-delay", "0.1", "--consensus-jitter", "0.1", "--mirror-lag", "0")
    wire, control = open_wire(running), open_control(running)
    topic_body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(topic_body) == "OK"
    for _ in range(30):
        assert wire.precheck(wire.message(1002), node=3) == "OK"
    deadline = time.monotonic() + 10
    while control("/ledger/summary")[1]["statuses"].get("CONSENSUSSUBMITMESSAGE", {}).get("SUCCESS") != 30:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    entries = control("/ledger")[1]["entries"]
    moments = [entry["consensus"] for entry in entries]
    assert moments == sorted(moments)
    assert [entry["sequence_number"] for entry in entries[1:]] == list(range(1, 31))
    assert len({round(entry["known"] - entry["arrival"], 3) for entry in entries}) > 1


class FakeTimer:
    """Time stands still until `advance`; then what is due is called, in order."""

    def __init__(self) -> None:
        self.now = 100.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        """What it is now."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> None:
        """Remember to call back."""
        self.calls.append((when, callback))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        while due := [call for call in self.calls if call[0] <= self.now]:
            self.calls.remove(due[0])
            due[0][1]()


class Sink:
    """Keeps what was handled, in its order."""

    def __init__(self) -> None:
        self.all: list[Handled] = []

    @property
    def positions(self) -> list[int]:
        return [one.position for one in self.all]

    def handled(self, received: Received, handled: Handled, children: list[Handled]) -> None:
        self.all.append(handled)

    replayed = handled


def numbered(number: int, node: int = 3, arrival: float = 0.0) -> Checked:
    """A transaction that fails at consensus, which is all these tests need."""
    return checked(TransactionKey(1001, 0, number), position=number, node=node, arrival=arrival)


def consensus(timer: FakeTimer, delay: float, jitter: float, sink: Sink) -> Consensus:
    return consensus_of(timer, latency_of("standard", delay, jitter, None), sink)


def consensus_of(timer: FakeTimer, latency: Latency, sink: Sink, seed: int = 7) -> Consensus:
    clock = Clock(lambda: int(timer.now * NANOS))
    state = create_state(0, (3,))
    return Consensus(state, clock, RecordCache(clock), latency, Random(seed), timer, sink)


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_the_delay_is_kept(jitter: float) -> None:
    """Nothing takes effect before delay - jitter, everything by delay + jitter, in the order it came."""
    timer, sink = FakeTimer(), Sink()
    network = consensus(timer, 1.0, jitter, sink)
    for number in range(20):
        network.submit(numbered(number))
    timer.advance(0.499)
    assert sink.all == []
    assert network.pending == 20
    timer.advance(1.01)
    assert sink.positions == list(range(20))
    assert network.pending == 0


def simulated(profile: str, seed: int) -> tuple[list[Checked], list[Handled]]:
    """A minute of a network with four nodes: what was submitted, and what was handled, each in its order."""
    timer, random = FakeTimer(), Random(seed)
    sent: list[Checked] = []
    sink = Sink()
    network = consensus_of(timer, PROFILES[profile], sink, seed)
    for _ in range(7_000):
        if timer.now < 160 and random.random() < 0.1:
            one = numbered(len(sent), random.choice([3, 4, 5, 6]), timer.now)
            sent.append(one)
            network.submit(one)
        timer.advance(0.01)
    assert network.pending == 0
    return sent, sink.all


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("profile", "spread"), [("standard", 0.0), ("mainnet", 0.3), ("instant", 0.0)])
def test_the_two_moments_of_a_profile(profile: str, spread: float, seed: int) -> None:
    """Stamped some hundred ms after arrival, known some two seconds after it ("Hedera Technical Insights: latency on
    Hedera", hedera.com 2019); order is that of the timestamps, and only that of different nodes is not that of arrival.
    """
    sent, handled = simulated(profile, seed)
    stamps = [one.consensus_ns for one in handled]
    assert stamps == sorted(set(stamps))
    known = [one.known for one in handled]
    assert known == sorted(known)
    for node in (3, 4, 5, 6):
        through = [one.received.position for one in sent if one.received.node == node]
        assert through == [one.position for one in handled if one.node == node]
    arrivals = [sent[one.position].received.arrival for one in handled]
    latest = 0.0
    for arrival in arrivals:
        assert arrival >= latest - spread - 0.001
        latest = max(latest, arrival)
    overtaken = sum(before > after for before, after in pairwise(arrivals))
    assert (overtaken > 0) == (spread > 0)
    to_stamp = [one.consensus_ns / NANOS - arrival for one, arrival in zip(handled, arrivals, strict=True)]
    low, high = (0.0, 0.0) if profile == "instant" else (0.3 - spread / 2, 0.3 + spread / 2)
    assert low - 1e-3 <= min(to_stamp) <= max(to_stamp) <= high + 1e-3
    middle = median(one.known - arrival for one, arrival in zip(handled, arrivals, strict=True))
    assert middle == pytest.approx({"standard": 2.0, "mainnet": 2.5, "instant": 0.0}[profile], rel=0.25, abs=0.02)


def test_what_is_not_decided_is_told() -> None:
    """Nothing is handled with a timestamp before what `undecided_ns` said; there the mirror ends what is complete."""
    timer = FakeTimer()
    sink = Sink()
    network = consensus_of(timer, PROFILES["mainnet"], sink)
    random, bound = Random(5), 0
    for number in range(1_000):
        if random.random() < 0.3:
            network.submit(numbered(number, random.choice([3, 4, 5, 6])))
        count, bound = len(sink.all), max(bound, network.undecided_ns())
        timer.advance(0.01)
        assert all(one.consensus_ns >= bound for one in sink.all[count:])
    assert sink.all


def test_the_ledger_and_the_mirror_know_both_moments(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_control: Callable[[Localnet], Rest]
) -> None:
    """`--consensus-delay` is until it is known: then there is a receipt, and after it the mirror's row."""
    running = start("--consensus-delay", "2", "--mirror-lag", "0.2", "--throttles", "off")
    wire, control = open_wire(running), open_control(running)
    body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(body) == "OK"
    deadline = time.monotonic() + 20
    while (entry := control("/ledger")[1]["entries"][0])["mirror_visible"] is None:
        wire.receipt(body)
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert entry["consensus"] - entry["arrival"] == pytest.approx(0.3, abs=0.001)
    assert entry["known"] - entry["arrival"] >= 1.99
    assert entry["mirror_visible"] - entry["known"] >= 0.19
    assert entry["receipt_served"] >= entry["known"]


def test_without_delay_it_takes_effect_at_once() -> None:
    """Delay 0 leaves nothing pending."""
    sink = Sink()
    consensus(FakeTimer(), 0.0, 0.0, sink).submit(numbered(0))
    assert sink.positions == [0]


def test_an_accident_at_consensus_stops_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    """A transaction whose handling fails inside gets FAIL_INVALID, and the next one is handled."""
    sink = Sink()
    network = consensus(FakeTimer(), 0.0, 0.0, sink)
    for number in (0, 1):
        network.submit(numbered(number))
    assert sink.positions == [0, 1]
    assert {status_name(one.status) for one in sink.all} == {"FAIL_INVALID"}
    assert "failed at consensus" in caplog.text


def test_consensus_timestamps_strictly_increase() -> None:
    """Also when the wall clock stands still, or is set back: a microsecond apart at least, as on the real platform."""
    received = [1_000, 1_000, 1_000, 500, 9_000]
    assert list(map(Clock().next_consensus_ns, received)) == [1_000, 2_000, 3_000, 4_000, 9_000]


def test_receipts_are_kept_for_180_seconds() -> None:
    """A handled transaction is known for 180 s after consensus; a pending one for as long as it takes."""
    now_ns = 0
    cache = RecordCache(Clock(lambda: now_ns))
    pending, old, new = numbered(0), numbered(1), numbered(2)
    for one in (pending, old):
        cache.accept(one)
    old_handled = handled(old.key, 1 * NANOS)
    cache.complete(old, old_handled)
    assert list(cache.recent()) == [old_handled]
    now_ns = 181 * NANOS
    assert cache.get(old.key) is old_handled
    now_ns += 1
    assert cache.get(old.key) is None
    assert cache.get(pending.key) is pending
    cache.accept(new)
    new_handled = handled(new.key, now_ns)
    cache.complete(new, new_handled)
    assert cache.get(old.key) is None
    assert cache.get(new.key) is new_handled
    assert list(cache.recent()) == [new_handled]


def test_what_is_lost_is_forgotten_by_its_valid_start() -> None:
    """It has no consensus timestamp to count from, and until then it is pending at every node."""
    now_ns = 0
    cache = RecordCache(Clock(lambda: now_ns))
    one = checked(TransactionKey(1001, 10, 0))
    cache.lose(one)
    now_ns = 190 * NANOS
    known = cache.known_to(4, one.key)
    assert known is not None
    assert not isinstance(known, Handled)
    now_ns += 1
    assert cache.get(one.key) is None


def test_gossip_takes_its_time() -> None:
    """A node knows its own at once, the others hear of it later; what they took meanwhile is a duplicate."""
    now_ns = 0
    cache = RecordCache(Clock(lambda: now_ns), gossip_s=0.5)
    first = numbered(0)
    second = numbered(0, node=4)
    cache.accept(first)
    assert [cache.known_to(node, first.key) for node in (3, 4, 5)] == [first, None, None]
    cache.accept(second)
    assert [cache.known_to(node, first.key) for node in (3, 4, 5)] == [first, first, None]
    assert not cache.is_duplicate(second)
    now_ns = NANOS // 2
    assert cache.known_to(5, first.key) is first
    first_handled = handled(first.key, now_ns, status=codes.SUCCESS)
    cache.complete(first, first_handled)
    assert cache.is_duplicate(second)
    assert cache.duplicates(first.key) == []
    second_handled = handled(first.key, now_ns, status=codes.DUPLICATE_TRANSACTION)
    cache.complete(second, second_handled)
    assert cache.get(first.key) is first_handled
    assert cache.duplicates(first.key) == [second_handled]


@pytest.mark.parametrize("first_status", [None, codes.TRANSACTION_EXPIRED])
def test_what_reaches_consensus_first_counts(first_status: int | None) -> None:
    """Not what was taken first; and what a node let through too late gives way to what came in time."""
    now_ns = 1
    cache = RecordCache(Clock(lambda: now_ns), gossip_s=0.5)
    first, second = numbered(0), numbered(0, node=4)
    for one in (first, second):
        cache.accept(one)
    if first_status is not None:
        cache.complete(first, handled(first.key, 1, status=first_status))
    assert not cache.is_duplicate(second)
    second_handled = handled(first.key, 2)
    cache.complete(second, second_handled)
    assert cache.get(first.key) is second_handled
    assert cache.is_duplicate(first)


def test_duplicates_are_forgotten_with_their_transaction() -> None:
    """Nothing of an id is left after 180 s."""
    now_ns = 1
    cache = RecordCache(Clock(lambda: now_ns), gossip_s=0.5)
    key = numbered(0).key
    for node in (3, 4, 5):
        one = numbered(0, node=node)
        cache.accept(one)
        cache.complete(one, handled(key, now_ns))
    assert len(cache.duplicates(key)) == 2
    now_ns = 181 * NANOS
    late = numbered(9)
    cache.accept(late)
    cache.complete(late, handled(late.key, now_ns))
    assert cache.get(key) is None
    assert cache.duplicates(key) == []


def handled_duplicates(running: Localnet, wire: Wire, control: Rest) -> Any:
    """Send the same id to all nodes within the time of gossip; returns its body when all have handled."""
    topic = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(topic) == "OK"
    start_ns = wire.new_start_ns()
    message = {"topicID": {"topicNum": 1002}, "message": b"once"}
    nodes = (3, 4, 5)
    bodies = [wire.body(start_ns=start_ns, node=node, consensusSubmitMessage=message) for node in nodes]
    assert [wire.precheck(body, node=node) for node, body in zip(nodes, bodies, strict=True)] == ["OK"] * 3
    assert header_and_receipt(wire.receipt(bodies[0], node=6))[0] == "RECEIPT_NOT_FOUND"
    deadline = time.monotonic() + 10
    while control("/ledger/summary")[1]["pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return bodies[0]


def test_duplicates_through_several_nodes(
    start: Callable[..., Localnet],
    open_wire: Callable[[Localnet], Wire],
    open_control: Callable[[Localnet], Rest],
    open_client: Callable[[Localnet], Client],
    open_rest: Callable[[Localnet], Rest],
) -> None:
    """One takes effect; the others are DUPLICATE_TRANSACTION, cost node and network fee, and are told on request."""
    running = start("--consensus-delay", "2", "--gossip", "1.5", "--mirror-lag", "0", "--throttles", "off")
    wire, control, client = open_wire(running), open_control(running), open_client(running)
    body = handled_duplicates(running, wire, control)
    statuses = control("/ledger/summary")[1]["statuses"]["CONSENSUSSUBMITMESSAGE"]
    assert statuses == {"DUPLICATE_TRANSACTION": 2, "SUCCESS": 1}
    transaction_id = TransactionId._from_proto(body.transactionID)
    told = TransactionGetReceiptQuery(transaction_id, include_duplicates=True).execute(client)
    assert told.status == ResponseCode.SUCCESS
    assert [one.status for one in told.duplicates] == [ResponseCode.DUPLICATE_TRANSACTION] * 2
    assert not TransactionGetReceiptQuery(transaction_id).execute(client).duplicates
    record = TransactionRecordQuery(transaction_id, include_duplicates=True).execute(client)
    fees = [one.transaction_fee for one in (record, *record.duplicates)]
    assert fees[0] > fees[1] == fees[2] > 0
    assert all(sum(one.transfers.values()) == 0 for one in (record, *record.duplicates))
    rows = open_rest(running)(f"/api/v1/transactions/{_mirror_form(body)}")[1]["transactions"]
    assert [row["result"] for row in rows] == ["SUCCESS", "DUPLICATE_TRANSACTION", "DUPLICATE_TRANSACTION"]
    messages = open_rest(running)("/api/v1/topics/0.0.1002/messages")[1]["messages"]
    assert [row["sequence_number"] for row in messages] == [1]


def _mirror_form(body: Any) -> str:
    return transaction_key(body.transactionID).mirror_form


def test_account_records(start: Callable[..., Localnet], open_client: Callable[[Localnet], Client]) -> None:
    """What an account paid for, in the order of consensus, at most 180; the SDK reads them."""
    client = open_client(start("--latency", "instant", "--throttles", "off"))
    topic = TopicCreateTransaction().execute(client).topic_id
    for number in range(3):
        TopicMessageSubmitTransaction(topic, f"m{number}").execute(client)
    records = AccountRecordsQuery(client.operator_account_id).execute(client)
    assert [one.receipt.topic_id or one.receipt._receipt_proto.topicSequenceNumber for one in records[:4]] == [
        topic,
        1,
        2,
        3,
    ]
    assert all(sum(one.transfers.values()) == 0 for one in records)
    assert AccountRecordsQuery(AccountId(0, 0, 2)).execute(client) == []
    with pytest.raises(PrecheckError, match="INVALID_ACCOUNT_ID"):
        AccountRecordsQuery(AccountId(0, 0, 999_999)).execute(client)
