"""Throttle buckets: the arithmetic with a clock of the test's own, and BUSY over the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localnet.protocol.status import status_name
from localnet.throttles import PROFILES, Throttle, ThrottleError, load_throttles
from localnet.throttles.bucket import Bucket, Group
from localnet_launcher import LocalnetError

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

NANOS = 1_000_000_000
USER = 1_001


def taken_at_once(operation: str, nodes: int, profile: str = "mainnet") -> int:
    """How many of an operation a node with all its room takes at once."""
    throttle, count = Throttle(load_throttles(profile), nodes), 0
    while throttle.take(operation, USER, NANOS):
        count += 1
    return count


@pytest.mark.parametrize(
    ("operation", "nodes", "burst"),
    [  # the worked figures of the protocol file, §1.2, rounded down to whole operations
        ("FileCreate", 1, 30),
        ("FileAppend", 4, 7),
        ("FileCreate", 30, 1),
        ("ConsensusCreateTopic", 1, 75),
        ("ConsensusCreateTopic", 4, 18),
        ("ConsensusCreateTopic", 30, 2),
        ("CryptoCreate", 1, 30),
        ("CryptoCreate", 4, 7),
        ("CryptoCreate", 30, 1),
        ("ConsensusSubmitMessage", 30, 350 * 15),
    ],
)
def test_the_burst_of_a_node(operation: str, nodes: int, burst: int) -> None:
    """What fits at once follows from rate, burst period and the number of nodes."""
    assert taken_at_once(operation, nodes) == burst


def test_single_rates_come_on_top_of_mainnets() -> None:
    """50 messages a second and a burst of 2 s over four nodes: 12.5 a second each; the rest is mainnet's."""
    rates = "ConsensusSubmitMessage=50,burst=2"
    assert taken_at_once("ConsensusSubmitMessage", 4, rates) == 25
    assert taken_at_once("ConsensusSubmitMessage", 4) == 10_500 * 15 // 4
    assert taken_at_once("FileAppend", 4, rates) == taken_at_once("FileAppend", 4) == 7
    throttle, now_ns = Throttle(load_throttles(rates), 4), NANOS
    while throttle.take("ConsensusSubmitMessage", USER, now_ns):
        pass
    taken = [throttle.take("ConsensusSubmitMessage", USER, now_ns + step * NANOS // 1000) for step in range(1, 8001)]
    assert sum(taken) == pytest.approx(100, abs=1)


@pytest.mark.parametrize("rates", ["SubmitMessage=50", "ConsensusSubmitMessage=0", "FileCreate=fast", "burst=0"])
def test_a_wrong_rate_is_one_line(rates: str) -> None:
    """It names what was typed, and what would be right."""
    with pytest.raises(ThrottleError, match=rf"--throttles '{rates}': '{rates}' is no operation with a rate") as caught:
        load_throttles(rates)
    assert "\n" not in str(caught.value)


def test_the_rate_of_a_node() -> None:
    """After the burst a node of four takes 2.5 file writes a second: one each 0.4 s."""
    throttle, now_ns = Throttle(load_throttles("mainnet"), 4), NANOS
    while throttle.take("FileCreate", USER, now_ns):
        pass
    taken = [throttle.take("FileCreate", USER, now_ns + step * NANOS // 10) for step in range(1, 41)]
    assert sum(taken) == 10


def test_groups_share_their_bucket() -> None:
    """Topics and accounts take from the same room: one account takes that of two and a half topics."""
    throttle = Throttle(load_throttles("mainnet"), 1)
    for _ in range(20):
        assert throttle.take("CryptoCreate", USER, NANOS)
    topics = 0
    while throttle.take("ConsensusCreateTopic", USER, NANOS):
        topics += 1
    assert topics == 25


def test_one_file_write_takes_the_room_of_808_messages() -> None:
    """In ThroughputLimits a file operation costs 21,000 logical operations, a message 26."""
    (bucket,) = [
        Bucket(each.name, each.groups, each.burst_ms, 1)
        for each in load_throttles("mainnet") or ()
        if each.name == "ThroughputLimits"
    ]
    assert (bucket.costs["FileCreate"], bucket.costs["ConsensusSubmitMessage"]) == (21_000, 26)


def test_what_is_given_back_can_be_taken_again() -> None:
    """A transaction that a later check refuses leaves the room as it was."""
    throttle = Throttle(load_throttles("mainnet"), 30)
    for _ in range(100):
        assert throttle.take("FileCreate", USER, NANOS)
        throttle.give_back("FileCreate", USER)


def test_who_and_what_is_never_or_always_throttled() -> None:
    """System accounts are exempt; an operation in no bucket is always refused; `off` lets everything through."""
    throttle = Throttle(load_throttles("testnet"), 30)
    assert all(throttle.take("FileCreate", 100, NANOS) for _ in range(100))
    assert not throttle.take("Freeze", USER, NANOS)
    assert all(Throttle(load_throttles("off"), 4).take("Freeze", USER, NANOS) for _ in range(100))


@given(
    rate=st.integers(1, 50_000),
    burst_ms=st.integers(1, 20_000),
    nodes=st.integers(1, 30),
    gaps=st.lists(st.integers(0, 3 * NANOS), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_burst_and_rate(rate: int, burst_ms: int, nodes: int, gaps: list[int]) -> None:
    """Whatever the arrivals: between any two moments no more is taken than the burst and the rate allow."""
    bucket = Bucket("any", (Group(rate, ("op",)),), burst_ms, nodes)
    cost, now_ns, taken = bucket.cost("op"), 0, []
    for gap in gaps:
        now_ns += gap
        if bucket.fits(cost, now_ns):
            bucket.take(cost)
            taken.append(now_ns)
    share = max(1, rate // nodes) / 1_000
    burst = max(burst_ms / 1_000 * share, 1.0) + 1e-6
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + share * (taken[last] - taken[first]) / NANOS + 1e-3


def test_busy_over_the_wire(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_control: Callable[[Localnet], Rest]
) -> None:
    """The eighth account at once on one node is BUSY and charged nothing; another node still takes one."""
    running = start("--latency", "instant", "--throttles", "mainnet")
    wire, control = open_wire(running), open_control(running)
    account = {"key": wire.public(wire.key), "autoRenewPeriod": {"seconds": 7_776_000}}
    answers = [wire.precheck(wire.body(cryptoCreateAccount=account)) for _ in range(9)]
    assert answers[:7] == ["OK"] * 7
    assert "BUSY" in answers[7:]
    assert wire.precheck(wire.body(node=4, cryptoCreateAccount=account), node=4) == "OK"
    busy = [entry for entry in control("/ledger")[1]["entries"] if entry["precheck"] == "BUSY"]
    assert {(entry["fee"], entry["status"]) for entry in busy} == {(0, None)}


def test_profiles_and_files(tmp_path: Path, start: Callable[..., Localnet]) -> None:
    """Each profile can be read; a file of one's own works; a wrong one is one line."""
    for profile in PROFILES:
        load_throttles(profile)
    own = tmp_path / "own.json"
    bucket = {"name": "x", "burstPeriodMs": 1000, "throttleGroups": [{"opsPerSec": 1, "operations": ["FileCreate"]}]}
    own.write_text(json.dumps({"buckets": [bucket]}))
    assert Throttle(load_throttles(str(own)), 1).take("FileCreate", USER, NANOS)
    for text in (
        "{",
        "[]",
        '{"buckets": [{}]}',
        '{"buckets": [{"name": "x", "burstPeriodMs": 0, "throttleGroups": []}]}',
    ):
        own.write_text(text)
        with pytest.raises(ThrottleError) as error:
            load_throttles(str(own))
        assert "\n" not in str(error.value)
    with pytest.raises(LocalnetError):
        start("--throttles", "nowhere.json")


@pytest.mark.parametrize("profile", ["mainnet", "testnet"])
def test_balances_are_throttled_to_zero(
    profile: str, start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire]
) -> None:
    """As on testnet since August and mainnet since September 2026 (DOCS get-balance); what is wrong is said before."""
    wire = open_wire(start("--latency", "instant", "--throttles", profile))

    def asked(**source: Any) -> str:
        reply = wire.query(cryptogetAccountBalance=source).cryptogetAccountBalance
        return status_name(reply.header.nodeTransactionPrecheckCode)

    assert asked(accountID={"accountNum": wire.operator}) == "BUSY"
    assert asked(accountID={"accountNum": 999_999}) == "INVALID_ACCOUNT_ID"
    assert asked(contractID={"contractNum": 5}) == "INVALID_CONTRACT_ID"
    assert asked() == "INVALID_ACCOUNT_ID"


def test_a_file_of_throttles_may_answer_balances(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], tmp_path: Path
) -> None:
    """Whoever still needs the query can have it; everything else as on mainnet."""
    throttles = json.loads((Path("localnet") / "throttles" / "mainnet.json").read_text())
    group = {"opsPerSec": 100, "operations": ["CryptoGetAccountBalance"]}
    throttles["buckets"].append({"name": "Balances", "burstPeriodMs": 1000, "throttleGroups": [group]})
    file = tmp_path / "throttles.json"
    file.write_text(json.dumps(throttles))
    wire = open_wire(start("--latency", "instant", "--throttles", str(file)))
    reply = wire.query(cryptogetAccountBalance={"accountID": {"accountNum": wire.operator}}).cryptogetAccountBalance
    assert (status_name(reply.header.nodeTransactionPrecheckCode), reply.balance > 0) == ("OK", True)
