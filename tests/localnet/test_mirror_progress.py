"""How far the mirror is: what its newest block promises, with and without lag; and its snapshots of balances."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

import requests
from hypothesis import given
from hypothesis import strategies as st

from localnet import pb
from localnet.clock import NANOS, Clock
from localnet.faults import FaultEngine, parse_faults
from localnet.mirror.balances import PERIOD_NS, BalanceHistory
from localnet.mirror.blocks import BLOCK_NS, Blocks
from localnet.mirror.importer import Importer
from localnet.mirror.store import MirrorStore
from localnet.protocol.ethereum import WEIBARS
from localnet.protocol.ids import TransactionKey
from localnet.relay.accounts import SNAPSHOTS_AFTER_S, get_balance
from localnet.relay.chain import Chain
from localnet.state.entities import Account
from localnet.state.fees import ExchangeRate
from tests.localnet.mirror import API, topic_with_messages
from tests.localnet.stages import handled

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

GENESIS_NS = 1_000 * PERIOD_NS + 7 * NANOS
WAIT_S = 20.0


class Hours:
    """Time that goes on when it is told to, with the timers of an event loop."""

    def __init__(self) -> None:
        self.now_ns = GENESIS_NS
        self._timers: list[tuple[float, int, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now_ns / NANOS

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        self._timers.append((when, len(self._timers), callback))
        return None

    def call_later(self, delay: float, callback: Callable[[Any], None], argument: Any) -> Any:
        return self.call_at(self.time() + delay, lambda: callback(argument))

    def pass_by(self, nanoseconds: int) -> None:
        end_ns = self.now_ns + nanoseconds
        while due := [timer for timer in self._timers if timer[0] <= end_ns / NANOS]:
            timer = min(due)
            self._timers.remove(timer)
            self.now_ns = max(self.now_ns, int(timer[0] * NANOS))
            timer[2]()
        self.now_ns = end_ns


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["handle", "wait", "lag", "no lag"]),
        st.sampled_from([1, NANOS // 2, NANOS, BLOCK_NS, 3 * NANOS, 8 * NANOS]) | st.integers(1, 8 * NANOS),
    ),
    max_size=40,
)


@given(steps=STEPS, lag=st.sampled_from([0.0, 0.5, 3.0]))
def test_up_to_the_newest_block_everything_is_shown(steps: list[tuple[str, int]], lag: float) -> None:
    """Whatever lags, and whenever the fault `mirror-lag` begins and ends: at every moment all that has a consensus
    timestamp up to the newest block's end is shown, and by the time it is shown the mirror does not promise more than
    its lag allows. Sources: MN:importer imports record file by record file, and rest/ shows what is imported.
    """
    hours = Hours()
    clock, store = Clock(lambda: hours.now_ns), MirrorStore(1_000)
    faults = FaultEngine(hours.time, hours, Random(0))
    importer = Importer(store, clock, hours, lambda _: lag, faults, lambda *_: None)
    importer.undecided_ns = lambda: hours.now_ns
    blocks = Blocks(store, GENESIS_NS, importer.complete_ns)
    known: list[int] = []
    before = 0
    hours.pass_by(1)
    for number, (step, nanoseconds) in enumerate(steps):
        if step == "handle":
            known.append(clock.next_consensus_ns(hours.now_ns))
            importer.handled(handled(TransactionKey(1001, number, 0), known[-1]))
        elif step == "lag":
            faults.add(parse_faults([{"kind": "mirror-lag", "delay": 5}], ["0.0.3"]))
        elif step == "no lag":
            faults.clear()
        hours.pass_by(nanoseconds)
        newest = blocks.latest()
        shown = {row.consensus_ns for row in store.transactions.span(0, store.transactions.end)}
        assert {moment for moment in known if moment <= newest.to_ns} <= shown
        present_lag = lag + 5 * len(faults.at_mirror)
        complete_ns = importer.complete_ns()
        assert before <= complete_ns <= max(before, hours.now_ns - int(present_lag * NANOS))
        before = complete_ns
    faults.clear()
    hours.pass_by(200 * NANOS)
    assert [row.consensus_ns for row in store.transactions.span(0, store.transactions.end)] == known
    assert blocks.latest().to_ns > hours.now_ns - 10 * NANOS


def test_the_newest_block_promises_over_the_wire_too(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_rest: Callable[[Localnet], Rest]
) -> None:
    """While messages come in and the fault `mirror-lag` begins and ends, whoever reads the newest block first and the
    messages then misses none with a consensus timestamp up to the block's end.
    """
    running = start("--consensus-delay", "0.2", "--mirror-lag", "0.2", "--mirror-rate-limit", "0")
    wire, rest = open_wire(running), open_rest(running)
    with_delay = wire.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}})
    assert wire.precheck(with_delay) == "OK"
    topic = wait_for_topic(wire, with_delay)
    over = threading.Event()
    sender = threading.Thread(target=send_until, args=(over, wire, topic))
    sender.start()
    looks = []
    for n in range(30):
        if n == 8:
            fault = {"kind": "mirror-lag", "delay": 2, "duration": 2}
            headers = {"Authorization": f"Bearer {running.token}"}
            requests.post(f"{running.network.control}/faults", json=fault, headers=headers, timeout=WAIT_S)
        block = rest(f"{API}/blocks?order=desc&limit=1")[1]["blocks"][0]
        looks.append((block["timestamp"]["to"], set(timestamps(rest, topic))))
        time.sleep(0.2)
    over.set()
    sender.join()
    deadline = time.monotonic() + WAIT_S
    newest = max(looks[-1][1], default="")
    while rest(f"{API}/blocks?limit=1")[1]["blocks"][0]["timestamp"]["to"] < f"{time.time() - 4:.9f}":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    everything = timestamps(rest, topic)
    assert everything
    assert max(everything) >= newest
    for to, seen in looks:
        assert {moment for moment in everything if moment <= to} <= seen


def wait_for_topic(wire: Wire, body: Any) -> int:
    deadline = time.monotonic() + WAIT_S
    while not (number := int(wire.receipt(body).receipt.topicID.topicNum)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return number


def send_until(over: threading.Event, wire: Wire, topic: int) -> None:
    while not over.wait(0.02):
        wire.send(wire.sign(wire.message(topic)))


def timestamps(rest: Rest, topic: int) -> list[str]:
    """The consensus timestamps of a topic's messages, all pages of them."""
    found: list[str] = []
    path: str | None = f"{API}/topics/0.0.{topic}/messages?limit=100&order=asc"
    while path is not None:
        page = rest(path)[1]
        found += [row["consensus_timestamp"] for row in page["messages"]]
        path = page["links"]["next"]
    return found


# Snapshots -----------------------------------------------------------------------------------------------------------


CHANGES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(-5, 5), st.sampled_from([1, PERIOD_NS // 3, PERIOD_NS, 3 * PERIOD_NS])),
    max_size=30,
)


@given(changes=CHANGES)
def test_snapshots_are_what_balances_were(changes: list[tuple[int, int, int]]) -> None:
    """At genesis and at every quarter of an hour, each account has the balance that it had then."""
    accounts = {n: Account(n, pb.Key(), None, 100, GENESIS_NS) for n in (1, 2, 3)}
    history, now_ns = BalanceHistory(GENESIS_NS), GENESIS_NS
    expected = [dict.fromkeys(accounts, 100)]
    for number, amount, step in changes:
        now_ns += step
        while history.moment(len(expected)) <= now_ns:
            expected.append({n: account.balance for n, account in accounts.items()})
        history.changing(accounts[number], now_ns)
        accounts[number].balance += amount
        assert history.changed_ns(accounts[number]) == now_ns
    assert history.latest(now_ns) == len(expected) - 1
    assert history.latest(GENESIS_NS - 1) == -1
    for snapshot, balances in enumerate(expected):
        assert history.latest(history.moment(snapshot)) == snapshot
        assert {n: history.balance(account, snapshot) for n, account in accounts.items()} == balances
    late = Account(4, pb.Key(), None, 1, now_ns + 1)
    assert history.balance(late, len(expected) - 1) is None


def test_balances_of_the_past(rest: Rest, wire: Wire) -> None:
    """MN:rest/balances.js getAccountBalanceTimestampRange: the latest snapshot that the filters leave, `eq` being as
    good as `lte`; its time is the page's; who came later is not in it; before the first there is nothing.
    """
    topic_with_messages(wire, 1)
    operator, genesis = f"0.0.{wire.operator}", rest(f"{API}/blocks/0")[1]["timestamp"]["from"]
    account = {"key": wire.public(wire.key), "initialBalance": 9, "autoRenewPeriod": {"seconds": 7_776_000}}
    late = wire.carry_out(wire.body(cryptoCreateAccount=account)).accountID.accountNum
    now = rest(f"{API}/balances?account.id={operator}")[1]["balances"][0]["balance"]
    for query in (
        f"timestamp={genesis}",
        f"timestamp=lte:{genesis}",
        f"timestamp=gte:{genesis}&timestamp=lte:{genesis}",
    ):
        page = rest(f"{API}/balances?account.id={operator}&{query}")[1]
        assert (page["timestamp"], page["balances"][0]["account"]) == (genesis, operator)
        assert page["balances"][0]["balance"] > now
        assert rest(f"{API}/balances?account.id=0.0.{late}&{query}")[1]["balances"] == []
        of_account = rest(f"{API}/accounts/{operator}?transactions=false&{query}")[1]["balance"]
        assert of_account == {**of_account, "timestamp": genesis, "balance": page["balances"][0]["balance"]}
    nothing = {"timestamp": None, "balances": [], "links": {"next": None}}
    for query in (f"timestamp=lt:{genesis}", "timestamp=1", f"timestamp=gt:{genesis}&timestamp=lte:{genesis}"):
        assert rest(f"{API}/balances?{query}") == (200, nothing)
    assert rest(f"{API}/balances?timestamp=ne:{genesis}&timestamp=lte:{genesis}") == (200, nothing)
    assert rest(f"{API}/accounts/0.0.{late}?timestamp=lte:{genesis}")[0] == 404
    newest = rest(f"{API}/balances?timestamp={int(time.time()) + 1}&limit=1")[1]["timestamp"]
    assert newest == genesis or float(newest) % 900 == 0


@given(
    amounts=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    step=st.sampled_from([BLOCK_NS // 2, 40 * NANOS, 300 * NANOS]),
)
def test_the_relay_tells_balances_of_old_blocks(amounts: list[int], step: int) -> None:
    """RELAY:AccountService.ts getBalanceAtBlockNumber: of the last quarter of an hour by the transactions since; of an
    older block by the mirror's snapshot before it.
    """
    hours, store = Hours(), MirrorStore(1_000)
    store.history = BalanceHistory(GENESIS_NS)
    account = store.accounts[7] = Account(7, pb.Key(), None, 0, GENESIS_NS)
    blocks = Blocks(store, GENESIS_NS, lambda: hours.now_ns)
    chain = Chain(store, blocks, ExchangeRate())
    moments: list[int] = []
    for number, amount in enumerate(amounts):
        hours.pass_by(step)
        moments.append(hours.now_ns)
        store.add(handled(TransactionKey(1001, number, 0), hours.now_ns, transfers=((7, amount),)))
    hours.pass_by(3 * BLOCK_NS)
    newest = blocks.latest()
    address = f"0x{7:040x}"
    for block in blocks.between(0, newest.number - 1, descending=False):
        until = block.to_ns
        if newest.to_ns // NANOS - block.from_ns // NANOS > SNAPSHOTS_AFTER_S:
            snapshot = store.history.latest(block.from_ns)
            until = store.history.moment(snapshot) - (1 if snapshot else 0)
        expected = sum(amount for amount, moment in zip(amounts, moments, strict=True) if moment <= until)
        assert get_balance(chain, address, hex(block.number)) == hex(expected * WEIBARS)
    assert get_balance(chain, address, "latest") == hex(account.balance * WEIBARS)
