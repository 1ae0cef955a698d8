"""Who gets the next call, and what happens to members that fail."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience import TRANSIENT, BreakerPolicy, CircuitOpenError, GuardStats, Pool, RetryPolicy

LEGAL = {("closed", "open"), ("open", "half-open"), ("half-open", "open"), ("half-open", "closed")}
FOUR = ("3", "4", "5", "6")


@pytest.fixture
def make_pool(clock) -> Any:
    def make(members=FOUR, **more: Any) -> Pool:
        policy = more.pop("policy", BreakerPolicy(failures=3, recovery=60))
        return Pool("hcs", members, policy, clock=clock, now=clock.unix, **more)

    return make


def call(pool: Pool, success: bool | None = True, avoid=()) -> str:
    permit = pool.admit(avoid)
    permit.record_result(success)
    return permit.member


def open_members(pool: Pool, *members: str) -> None:
    """Let these members fail, one after another, until their circuits are open."""
    for member in members:
        while states(pool)[member] != "open":
            permit = pool.admit(avoid=set(pool.members) - {member})
            permit.record_result(permit.member != member)


def _raise(error: Exception) -> None:
    raise error


def states(pool: Pool) -> dict[str, str]:
    return dict(zip(pool.members, (breaker.state for breaker in pool.breakers), strict=True))


def test_members_take_turns_from_the_start_that_was_given(make_pool):
    """Round robin over all members; a process begins where it was told to."""
    assert [call(make_pool(start=6)) for _ in range(1)] == ["5"]
    pool = make_pool(start=1)
    assert [call(pool) for _ in range(9)] == ["4", "5", "6", "3", "4", "5", "6", "3", "4"]


def test_least_outstanding_fills_up_evenly_and_follows_the_quickest(make_pool):
    """Whoever has the fewest calls under way is next; one that answers at once gets them all."""
    pool = make_pool(balance="least-outstanding")
    held = [pool.admit() for _ in range(8)]
    assert Counter(permit.member for permit in held) == dict.fromkeys(FOUR, 2)
    next(permit for permit in held if permit.member == "5").record_result(success=True)
    assert [call(pool) for _ in range(5)] == ["5"] * 5


@pytest.mark.parametrize("balance", ["round-robin", "least-outstanding"])
@pytest.mark.parametrize("avoid", [{"3"}, {"3", "4", "5"}, ["6"]])
def test_avoided_members_are_not_chosen_while_there_are_others(make_pool, balance, avoid):
    """A hint keeps the members it names out, whatever the balance."""
    pool = make_pool(balance=balance)
    assert {call(pool, avoid=avoid) for _ in range(12)} == set(FOUR) - set(avoid)


def test_the_hint_is_ignored_if_it_leaves_none(make_pool):
    """Avoiding everybody avoids nobody; and a member that is avoided is better than none that serves."""
    pool = make_pool()
    assert Counter(call(pool, avoid=FOUR) for _ in range(8)) == dict.fromkeys(FOUR, 2)
    open_members(pool, "3", "4")
    assert {call(pool, avoid={"5", "6"}) for _ in range(8)} == {"5", "6"}


def test_an_open_member_is_skipped_while_others_serve(make_pool, clock):
    """One dead member of four: no call reaches it until its recovery time has passed, and nobody is refused."""
    pool = make_pool()
    open_members(pool, "4")
    for _ in range(100):
        clock.sleep(0.5)
        assert call(pool) != "4"
    clock.sleep(60)
    assert call(pool, success=False) == "4"  # the trial
    assert states(pool)["4"] == "open"
    assert "4" not in {call(pool) for _ in range(20)}


def test_a_member_that_comes_back_is_given_its_share_step_by_step(make_pool, clock):
    """Right after its recovery a member gets fewer calls than the others, in the end as many."""
    pool = make_pool()
    open_members(pool, "4")
    clock.sleep(60)
    first = Counter(call(pool) for _ in range(41))
    assert 0 < first["4"] < 0.8 * first["3"]
    for _ in range(400):
        call(pool)
    assert Counter(call(pool) for _ in range(40)) == dict.fromkeys(FOUR, 10)


def test_a_member_that_fails_now_and_then_gets_less(make_pool):
    """The share of calls follows the share of successes, without a circuit opening."""
    pool = make_pool(policy=BreakerPolicy(failures=1_000, failure_ratio=None))
    calls: Counter[str] = Counter()
    for _ in range(2_000):
        permit = pool.admit()
        calls[permit.member] += 1
        permit.record_result(permit.member != "5" or calls["5"] % 2 == 0)
    assert calls["5"] < 0.7 * calls["3"]
    assert calls["5"] > 100
    assert max(calls[m] for m in "346") - min(calls[m] for m in "346") <= 10


def test_all_open_is_refused_with_the_least_wait_and_counted_once(make_pool, clock):
    """Only when nobody serves does the call meet an open circuit; half of the members are tried early."""
    pool = make_pool(("3", "4"))
    open_members(pool, "3")
    clock.sleep(0.4)
    while states(pool)["4"] != "open":
        call(pool, success=False)
    with pytest.raises(CircuitOpenError, match="circuit 'hcs' is open") as raised:
        pool.admit()
    assert raised.value.retry_after == pytest.approx(0.6)  # until the early trial of the one that opened first
    assert pool.retry_in() == pytest.approx(0.6)
    assert [entry["rejected"] for entry in pool.snapshot()] == [1, 0]
    clock.sleep(0.6)
    assert pool.retry_in() == 0.0
    trial = pool.admit()
    assert trial.member == "3"
    assert pool.retry_in() == pytest.approx(59.4)  # the other is the half that may be skipped until its recovery
    with pytest.raises(CircuitOpenError):
        pool.admit()
    trial.record_result(success=True)
    assert pool.retry_in() == 0.0


def test_what_took_all_members_at_once_does_not_stop_the_service_for_a_recovery_time(make_pool, clock):
    """All circuits open after a moment without a network: a second later half of them are tried, and serve."""
    pool = make_pool()
    for _ in range(12):
        call(pool, success=False)
    assert set(states(pool).values()) == {"open"}
    with pytest.raises(CircuitOpenError):
        pool.admit()
    clock.sleep(1.0)
    assert {call(pool) for _ in range(2)} == {"3", "4"}
    clock.sleep(58.0)
    assert {call(pool) for _ in range(30)} == {"3", "4"}  # the half that may be skipped is, for its recovery time
    clock.sleep(1.0)
    assert {call(pool) for _ in range(200)} == set(FOUR)
    assert all(_legal(breaker) for breaker in pool.breakers)


def test_a_service_that_stays_dead_costs_at_most_one_attempt_a_second_and_member(make_pool, clock):
    """Early trials are bounded where nobody serves, too."""
    pool = make_pool()
    for _ in range(12):
        call(pool, success=False)
    tries: Counter[str] = Counter()
    for _ in range(5_900):
        clock.sleep(0.01)
        try:
            permit = pool.admit()
        except CircuitOpenError:
            continue
        tries[permit.member] += 1
        permit.record_result(success=False)
    assert set(tries) == set(FOUR)
    assert max(tries.values()) <= 59


def test_a_single_member_has_its_recovery_time(make_pool, clock):
    """Of one member no half may not be skipped: five failures and 60 s mean just that."""
    pool = make_pool(("",))
    open_members(pool, "")
    clock.sleep(59.9)
    with pytest.raises(CircuitOpenError):
        pool.admit()


def test_all_half_open_with_all_trials_taken_waits_for_a_trial(make_pool, clock):
    """While everything depends on a trial the wait has no end that anybody knows."""
    pool = make_pool(("",))
    open_members(pool, "")
    clock.sleep(60)
    trial = pool.admit()
    assert pool.retry_in() == float("inf")
    with pytest.raises(CircuitOpenError, match="half-open") as raised:
        pool.admit()
    assert raised.value.retry_after == 0.0
    trial.record_result(success=None)
    assert pool.retry_in() == 0.0


def test_the_anonymous_member_has_the_pools_name(make_pool):
    """Names of circuits say pool and member; of a pool without members, only the pool."""
    assert [breaker.name for breaker in make_pool(("",)).breakers] == ["hcs"]
    assert [breaker.name for breaker in make_pool(("3", "4")).breakers] == ["hcs@3", "hcs@4"]


@pytest.mark.parametrize("members", [(), ("3", "3")])
def test_members_are_distinct_and_there_is_one(make_pool, members):
    with pytest.raises(ValueError, match="each of them once"):
        make_pool(members)


def test_watchers_hear_of_transitions_and_of_trials_that_end(make_pool, clock):
    """Whoever waits for admission is told when it may have become possible, also by a trial that says nothing."""
    pool = make_pool(("",))
    heard: list[str] = []
    pool.watch(lambda: heard.append(pool.breakers[0].state))
    open_members(pool, "")
    clock.sleep(60)
    trial = pool.admit()
    trial.record_result(success=None)
    pool.admit().record_result(success=True)
    assert heard == ["open", "half-open", "half-open", "closed", "closed"]


def test_more_than_half_are_not_skipped_on_suspicion_alone(make_pool, clock):
    """Three of four dead: the one that was suspected first is tried again after a second, not after its recovery."""
    pool = make_pool()
    open_members(pool, "3")
    clock.sleep(0.1)
    open_members(pool, "4")
    clock.sleep(0.1)
    open_members(pool, "5")
    assert {call(pool) for _ in range(10)} == {"6"}  # too early for anybody
    clock.sleep(0.8)
    assert call(pool, success=False) == "3"  # it was opened a second ago
    assert {call(pool) for _ in range(10)} == {"6"}
    clock.sleep(0.1)
    assert call(pool) == "4"
    assert states(pool) == {"3": "open", "4": "closed", "5": "open", "6": "closed"}
    clock.sleep(30)
    assert {call(pool) for _ in range(30)} == {"4", "6"}  # half of them are skipped, and that is allowed


def test_the_early_trial_of_a_short_recovery_is_not_later_than_it(make_pool):
    """A recovery of less than a second is not made longer."""
    assert make_pool(policy=BreakerPolicy(recovery=0.25)).early_trial == 0.25
    assert make_pool().early_trial == 1.0


def test_dead_members_cost_at_most_one_attempt_a_second(make_pool, clock):
    """29 of 30 dead for 100 s at 100 calls/s: each dead one is tried at most once a second, and the last serves all."""
    members = [str(number) for number in range(3, 33)]
    pool = make_pool(members)
    open_members(pool, *members[1:])
    tries: Counter[str] = Counter()
    for _ in range(10_000):
        clock.sleep(0.01)
        permit = pool.admit()
        tries[permit.member] += 1
        permit.record_result(permit.member == members[0])
    assert max(tries[member] for member in members[1:]) <= 100
    assert tries[members[0]] >= 10_000 - 29 * 100
    assert all(_legal(breaker) for breaker in pool.breakers)


def test_one_incident_is_one_failure_of_its_member(make_guard, make_pool, clock):
    """A connection that breaks fails all that it carried; five that break one after another do open the circuit."""
    pool = make_pool(("3",), policy=BreakerPolicy(failures=5, recovery=60))
    stats = GuardStats()

    def calls_that_end_by(incident: str) -> None:
        guard = make_guard(pool=pool, stats=stats, retry=RetryPolicy(attempts=1))
        guard.classify = lambda _: TRANSIENT._replace(incident=incident)
        with pytest.raises(ConnectionError):
            guard.run(lambda _: _raise(ConnectionError(incident)))

    for _ in range(50):
        calls_that_end_by("c1")
    assert (states(pool)["3"], pool.breakers[0].failures) == ("closed", 1)
    for number in range(2, 5):
        calls_that_end_by(f"c{number}")
        calls_that_end_by("c1")  # a late one of the first
    assert (states(pool)["3"], pool.breakers[0].failures) == ("closed", 4)
    calls_that_end_by("c5")
    assert states(pool)["3"] == "open"
    assert pool.breakers[0].in_flight == 0


def test_a_member_that_cannot_be_reached_is_passed_over_long_before_its_circuit_opens(make_guard, make_pool):
    """All its failures are one incident; what calls it gets in the meantime is a matter of its health."""
    pool = make_pool(policy=BreakerPolicy(failures=5, recovery=60))
    guard = make_guard(pool=pool, retry=RetryPolicy(attempts=1))
    guard.classify = lambda _: TRANSIENT._replace(incident="c1")
    calls: Counter[str] = Counter()

    def attempt(attempt: Any) -> None:
        calls[attempt.member] += 1
        if attempt.member == "5":
            raise ConnectionError

    for _ in range(1_000):
        with suppress(ConnectionError):
            guard.run(attempt)
    assert states(pool) == dict.fromkeys(FOUR, "closed")
    assert 5 < calls["5"] < 50


def test_failures_without_an_incident_each_count(make_pool):
    """Nothing is held together that is not known to have one cause."""
    pool = make_pool(("3",))
    assert [pool.admit().counts("") for _ in range(2)] == [True, True]


def test_an_incident_is_counted_once_at_each_member(make_pool):
    """The name says what happened; whether it has been counted is each member's own."""
    pool = make_pool()
    permits = [pool.admit() for _ in range(8)]
    assert [permit.counts("all") for permit in permits] == [True] * 4 + [False] * 4


def test_a_trial_that_fails_by_a_known_incident_has_failed(make_guard, make_pool, clock):
    """A trial asks how the member is; an old reason is an answer as good as a new one, and opens the circuit again."""
    pool = make_pool(("3",), policy=BreakerPolicy(failures=1, recovery=60))
    guard = make_guard(pool=pool, retry=RetryPolicy(attempts=1))
    guard.classify = lambda _: TRANSIENT._replace(incident="c1")
    for _ in range(2):
        with pytest.raises(ConnectionError):
            guard.run(lambda _: _raise(ConnectionError()))
        assert states(pool)["3"] == "open"
        clock.sleep(60)
    assert pool.snapshot()[0]["opened"] == 2


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60))
def test_a_circuit_ends_as_if_each_incident_had_carried_one_call(incidents):
    """However the calls of several incidents are mixed: what opens a circuit is how many incidents there were."""
    pool = Pool("hcs", ("3",), BreakerPolicy(failures=5, failure_ratio=None), clock=lambda: 0.0)
    for incident in incidents:
        if states(pool)["3"] == "open":
            break
        permit = pool.admit()
        permit.record_result(False if permit.counts(f"c{incident}") else None)
    assert (states(pool)["3"] == "open") is (len(set(incidents)) >= 5)


def test_a_snapshot_of_many_members_stays_small(make_pool, clock):
    """Members share the room for transitions, so that thirty that flap for hours do not fill the report."""
    pool = make_pool([str(number) for number in range(30)], policy=BreakerPolicy(failures=1, recovery=1))
    for _ in range(9_000):
        clock.sleep(0.1)
        try:
            pool.admit().record_result(success=False)
        except CircuitOpenError:
            continue
    kept = [len(entry["transitions"]) for entry in pool.snapshot()]
    assert max(kept) == 50


def test_failed_members_are_avoided_by_the_operations_next_attempts(make_guard, make_pool, script, errors):
    """Each retry goes to a member that has not failed this operation; a busy one has not failed."""
    service = script(errors.unavailable, errors.slow, errors.throttled, errors.unavailable, "done")
    pool = make_pool(start=2)
    guard = make_guard(pool=pool)
    assert guard.run(service) == "done"
    first, second, busy, third, last = (attempt.member for attempt in service.told)
    assert first == "5"
    assert len({first, second, third, last}) == 4
    assert busy in {third, last}


def test_the_first_attempt_avoids_what_the_caller_says(make_guard, make_pool, script, errors):
    """What the caller wants avoided is avoided from the first attempt on."""
    service = script(errors.unavailable, "done")
    make_guard(pool=make_pool()).run(service, first_avoid=("3", "4"))
    assert [attempt.member for attempt in service.told] == ["5", "6"]


def _legal(breaker) -> bool:
    moves = [(move["from"], move["to"]) for move in breaker.snapshot()["transitions"]]
    return set(moves) <= LEGAL and all(a[1] == b[0] for a, b in pairwise(moves))


@settings(deadline=None, max_examples=100)
@given(
    size=st.integers(1, 7),
    balance=st.sampled_from(["round-robin", "least-outstanding"]),
    steps=st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.5, 1.0, 5.0]), st.integers(0, 127), st.integers(0, 3)), max_size=120
    ),
)
def test_whatever_fails_the_rules_hold(size, balance, steps):
    """Random members dead over time: refused only if nobody serves; a trial is single; transitions are legal."""
    now = 0.0
    members = [str(number) for number in range(size)]
    pool = Pool("p", members, BreakerPolicy(failures=2, recovery=5.0), balance=balance, clock=lambda: now)
    held: list[Any] = []
    for seconds, dead, hold in steps:
        now += seconds
        serving = [breaker for breaker in pool.breakers if breaker.state == "closed"]
        expected = pool.retry_in()
        try:
            permit = pool.admit()
        except CircuitOpenError:
            assert not serving
            assert expected > 0
        else:
            assert expected == 0
            held.append(permit)
        while len(held) > hold:
            permit = held.pop(0)
            permit.record_result(not dead >> int(permit.member) & 1)
        for breaker in pool.breakers:
            assert _legal(breaker)
            assert breaker.state != "half-open" or breaker.in_flight <= len(held)
            assert f"in_flight={breaker.in_flight}" in repr(breaker)
    for permit in held:
        permit.record_result(None)
    assert pool.in_flight == 0


def test_retries_do_not_stay_with_a_dead_member(make_guard, make_pool, errors):
    """One dead member of four costs an operation one retry, and none of a hundred operations fails."""
    pool = make_pool()
    guard = make_guard(pool=pool, retry=RetryPolicy(attempts=2))

    def attempt(told):
        if told.member == "4":
            raise errors.unavailable
        return told.member

    assert "4" not in {guard.run(attempt) for _ in range(100)}
    assert guard.stats.attempts == 3
