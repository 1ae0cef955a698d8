"""What retries may cost, and when an operation's time is up."""

from __future__ import annotations

import heapq
import random
import time
from collections import Counter

import gevent
import pytest
from gevent.event import Event
from hypothesis import given
from hypothesis import strategies as st

from resilience import (
    BreakerPolicy,
    BudgetExhaustedError,
    DeadlinePassedError,
    GuardStats,
    RetryBudget,
    RetryPolicy,
    cut_short_by,
)

NEVER_OPENS = BreakerPolicy(failures=10**9, failure_ratio=None)


def test_prices_are_those_of_the_aws_sdks(make_guard, script, errors):
    """500 tokens; a retry takes 5, one after a timeout 10; success gives back what the last retry took, or 1."""
    budget = RetryBudget()
    guard = make_guard(budget=budget)
    guard.run(script(errors.unavailable, errors.slow, "done"))
    assert budget.left == 500 - 5 - 10 + 10
    for _ in range(3):
        guard.run(script("done"))
    assert budget.left == 498
    guard.run(script(errors.throttled, "done"))
    for _ in range(10):
        guard.run(script("done"))
    assert budget.snapshot() == {
        "capacity": 500, "left": 500, "lowest": 485, "spent": 20, "given_back": 20, "refused": 0,
    }  # fmt: skip


def test_an_empty_budget_makes_no_retry_and_says_so(make_guard, script, errors, clock):
    """The last error comes out at once, without a sleep, marked by what kept it from being retried."""
    guard = make_guard(budget=RetryBudget(7, name="w0"), breaker=NEVER_OPENS)
    service = script(errors.unavailable, errors.unavailable("second"), "never reached")
    with pytest.raises(errors.unavailable, match="second") as raised:
        guard.run(service)
    refusal = cut_short_by(raised.value)
    assert isinstance(refusal, BudgetExhaustedError)
    assert raised.value.__notes__ == ["not retried after attempt 2: the retry budget of 'w0' is spent"]
    assert clock.slept == [0.25]
    snapshot = guard.stats.snapshot()
    assert (snapshot["budget"]["refused"], snapshot["retries"]["exhausted"]) == (1, 0)
    assert snapshot["cut_short"] == {"BUDGET_EXHAUSTED": 1}


def test_a_retry_that_was_paid_for_and_refused_is_paid_back(make_guard, script, errors):
    """The circuit opened during the back-off: the retry was not made, so it costs nothing."""
    guard = make_guard(budget=RetryBudget(), breaker=BreakerPolicy(failures=1))
    with pytest.raises(errors.unavailable):
        guard.run(script(errors.unavailable))
    assert guard.budget.left == 500


def test_what_was_never_sent_is_repeated_for_nothing(make_guard, script, errors):
    """A network that cannot be reached for seconds would use up what retries may cost, and was asked nothing yet."""
    guard = make_guard(budget=RetryBudget(7), retry=RetryPolicy(attempts=6), breaker=NEVER_OPENS)
    judge = guard.classify
    guard.classify = lambda error: judge(error)._replace(unsent=isinstance(error, errors.unavailable))
    guard.run(script(*[errors.unavailable] * 4, "done"))
    assert (guard.budget.left, guard.budget.snapshot()["lowest"]) == (7, 7)
    with pytest.raises(errors.throttled):
        guard.run(script(errors.throttled, errors.unavailable, errors.throttled, "never reached"))
    assert guard.budget.snapshot() | {"given_back": 0} == {
        "capacity": 7, "left": 2, "lowest": 2, "spent": 5, "given_back": 0, "refused": 1,
    }  # fmt: skip


def test_an_operation_that_fails_for_good_pays(make_guard, script, errors):
    """Retries that did not help are what the budget is there to bound."""
    guard = make_guard(budget=RetryBudget(), breaker=NEVER_OPENS)
    with pytest.raises(errors.unavailable):
        guard.run(script(*[errors.unavailable] * 5))
    assert guard.budget.left == 480


def test_guards_may_share_a_budget_and_it_is_reported_once(make_guard, script, errors):
    budget, stats = RetryBudget(), GuardStats()
    for _ in range(2):
        guard = make_guard(budget=budget, stats=stats, breaker=NEVER_OPENS)
        with pytest.raises(errors.slow):
            guard.run(script(*[errors.slow] * 5))
    assert stats.snapshot()["budget"]["spent"] == 80


@given(st.lists(st.one_of(st.tuples(st.just("take"), st.booleans()), st.tuples(st.just("back"), st.integers(0, 20)))))
def test_tokens_are_neither_lost_nor_made(steps):
    """What is left is what was there, less what was spent, plus what was given back; from nothing to the capacity."""
    budget = RetryBudget(40)
    refused = 0
    for step, what in steps:
        if step == "take":
            before = budget.left
            cost = budget.take(timeout=what)
            refused += cost == 0
            assert cost == (0 if before < (10 if what else 5) else 10 if what else 5)
        else:
            budget.give_back(what)
        snapshot = budget.snapshot()
        assert snapshot["left"] == 40 - snapshot["spent"] + snapshot["given_back"]
        assert 0 <= snapshot["lowest"] <= snapshot["left"] <= 40
        assert snapshot["refused"] == refused


class Simulation:
    """Many greenlets on a simulated clock: sleeping parks a greenlet until the clock is moved to its time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, Event]] = []
        self._count = 0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let simulated seconds pass."""
        event = Event()
        self._count += 1
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, event))
        event.wait()

    def run(self, until: float) -> None:
        """Move the clock from sleeper to sleeper."""
        gevent.sleep(0)
        while self._sleepers and self._sleepers[0][0] <= until:
            self.now, _, event = heapq.heappop(self._sleepers)
            event.set()
            gevent.sleep(0)
            gevent.sleep(0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_outage_is_not_multiplied_and_retries_do_not_come_in_step(make_guard, errors, seed):
    """Anchor 5: 30 s outage under 100 operations/s, without a circuit that would help.

    Attempts during the outage are at most one per operation offered, and what the full budget pays for: 500 / 5. The
    calls of the first second hang and then fail all at once; their retries are spread and not a second peak of 100.
    """
    simulation, chance = Simulation(), random.Random(seed)
    budget = RetryBudget()
    retry = RetryPolicy(attempts=5)
    guard = make_guard(
        retry=retry, breaker=NEVER_OPENS, budget=budget, clock=simulation, sleep=simulation.sleep, random=chance.random
    )
    attempts: list[tuple[float, int]] = []
    outage = (10.0, 40.0)

    def attempt(told) -> None:
        attempts.append((simulation.now, told.number))
        simulation.sleep(max(0.01, outage[0] + 1 - simulation.now if simulation.now >= outage[0] else 0.0))
        if outage[0] <= simulation.now < outage[1]:
            raise errors.unavailable

    def arrivals() -> None:
        while simulation.now < 50.0:
            simulation.sleep(chance.expovariate(100))
            gevent.spawn(_quiet, guard, attempt, errors)

    gevent.spawn(arrivals)
    simulation.run(until=60.0)
    during = [number for at, number in attempts if outage[0] - 0.01 <= at < outage[1]]
    offered = during.count(1)
    assert offered > 2_500
    assert 500 / 5 * 0.9 <= len(during) - offered <= 500 / 5
    retries = Counter(int(at * 100) for at, number in attempts if number > 1)
    assert max(retries.values()) <= 40
    assert budget.left == 500  # successes have filled it again
    assert guard.breaker.in_flight == 0


def _quiet(guard, attempt, errors) -> None:
    try:
        guard.run(attempt)
    except errors.unavailable:
        return


def test_each_attempt_is_told_what_is_left_of_the_time(make_guard, script, errors, clock):
    """Back-off counts: with 10 s in all and waits of 0.25 and 0.5 s the third attempt has 9.25 s."""
    service = script(errors.unavailable, errors.unavailable, "done")
    make_guard().run(service, deadline=clock() + 10)
    assert [attempt.timeout for attempt in service.told] == pytest.approx([10, 9.75, 9.25])


def test_without_a_deadline_there_is_no_time_limit(make_guard, script):
    service = script("done")
    make_guard().run(service)
    assert service.told[0].timeout is None


def test_a_backoff_that_would_end_after_the_deadline_is_not_slept(make_guard, script, errors, clock):
    """The last error comes out as soon as it is clear that there is no time for another attempt."""
    guard = make_guard(budget=RetryBudget())
    service = script(errors.unavailable, errors.unavailable, "never reached")
    with pytest.raises(errors.unavailable) as raised:
        guard.run(service, deadline=clock() + 0.75)
    assert clock.slept == [0.25]
    assert isinstance(cut_short_by(raised.value), DeadlinePassedError)
    assert guard.stats.cut_short == {"DEADLINE_PASSED": 1}
    assert guard.budget.left == 495  # nothing was paid for the retry that was not made


def test_a_deadline_before_the_first_attempt_is_a_rejection(make_guard, script, clock):
    """Nothing is sent, and the circuit and the limiter are not asked."""
    guard = make_guard()
    service = script("never reached")
    with pytest.raises(DeadlinePassedError, match="no time for an attempt"):
        guard.run(service, deadline=clock())
    assert service.told == []
    assert guard.stats.rejected == {"DEADLINE_PASSED": 1}


def test_a_sleep_that_took_too_long_does_not_let_an_attempt_begin_late(make_guard, script, errors, clock):
    """A machine that oversleeps the deadline raises the real error, marked, with the cause it had."""
    guard = make_guard(sleep=lambda seconds: clock.sleep(seconds + 60))
    cause = OSError("reset")
    error = errors.unavailable()
    error.__cause__ = cause
    with pytest.raises(errors.unavailable) as raised:
        guard.run(script(error, "never reached"), deadline=clock() + 5)
    assert isinstance(cut_short_by(raised.value), DeadlinePassedError)
    assert raised.value.__cause__ is cause
    assert raised.value.__context__ is None
    assert guard.breaker.in_flight == 0


def test_waits_are_told_to_the_caller_and_counted_also_when_it_is_killed(make_guard, script, errors):
    """A kill in the back-off ends it; the time it took until then is booked."""
    guard = make_guard(sleep=gevent.sleep, clock=time.monotonic, retry=RetryPolicy(backoff=30))
    waited: list[str] = []
    greenlet = gevent.spawn(guard.run, script(errors.unavailable), on_wait=lambda what, _: waited.append(what))
    gevent.sleep(0.01)
    greenlet.kill(timeout=1)
    assert waited == ["retry"]
    waits = guard.stats.snapshot()["waits"]["retry"]
    assert waits["count"] == 1
    assert 0 < waits["max_s"] < 10
