"""When the circuit opens and closes, who is let in, and what counts."""

from __future__ import annotations

import datetime

import pybreaker
import pytest

from resilience import Breaker, BreakerPolicy, CircuitOpenError, GuardStats, RetryPolicy

ONCE = RetryPolicy(attempts=1)


def run(guard, answer):
    """Run one operation that ends as `answer`; whatever it raises is the expected end."""
    script = type("Answer", (), {"__call__": lambda self, attempt: _raise(answer)})()
    with pytest.raises(answer):
        guard.run(script)


def _raise(kind):
    raise kind


def succeed(guard):
    assert guard.run(lambda attempt: "ok") == "ok"


@pytest.fixture
def half_open(make_guard, trip, clock):
    """A guard whose recovery time has just passed."""

    def make(**policy):
        guard = make_guard(retry=ONCE, breaker=BreakerPolicy(**policy))
        trip(guard)
        clock.sleep(60)
        return guard

    return make


def test_opens_at_the_fifth_failure_in_a_row(make_guard, errors):
    """Default: four failures leave it closed, the fifth opens it, and the fifth caller sees his real error."""
    guard = make_guard(retry=ONCE)
    for _ in range(4):
        run(guard, errors.unavailable)
    assert guard.breaker.state == "closed"
    run(guard, errors.unavailable)
    assert guard.breaker.state == "open"
    run(guard, CircuitOpenError)


def test_a_success_resets_the_count(make_guard, errors):
    """Only failures in a row count."""
    guard = make_guard(retry=ONCE)
    for _ in range(4):
        run(guard, errors.unavailable)
    succeed(guard)
    for _ in range(4):
        run(guard, errors.unavailable)
    assert guard.breaker.state == "closed"


@pytest.mark.parametrize("neutral", ["refused", "throttled"])
def test_business_refusals_never_open_it(make_guard, errors, neutral):
    """Anchor 4: 100 % refusals, of either kind, never open the circuit."""
    guard = make_guard(retry=ONCE)
    for _ in range(1_000):
        run(guard, getattr(errors, neutral))
    assert guard.breaker.state == "closed"
    assert guard.breaker.failures == 0


@pytest.mark.parametrize("neutral", ["refused", "throttled"])
def test_a_refusal_between_failures_is_no_success(make_guard, errors, neutral):
    """Neutral means neutral: (2 failures, 1 refusal) repeated opens the circuit at the fifth failure."""
    guard = make_guard(retry=ONCE)
    for _ in range(2):
        run(guard, errors.unavailable)
        run(guard, errors.unavailable)
        run(guard, getattr(errors, neutral))
    assert guard.breaker.failures == 4
    run(guard, errors.unavailable)
    assert guard.breaker.state == "open"


def test_recovery_is_counted_by_the_injected_clock(make_guard, trip, clock):
    """Refusals tell the rest of the recovery time; after it, a success closes the circuit."""
    guard = make_guard(retry=ONCE)
    trip(guard)
    clock.sleep(59.5)
    with pytest.raises(CircuitOpenError) as raised:
        guard.run(lambda attempt: "never reached")
    assert raised.value.retry_after == pytest.approx(0.5)
    clock.sleep(0.5)
    succeed(guard)
    assert guard.breaker.state == "closed"
    assert guard.breaker.failures == 0


@pytest.mark.parametrize("step_days", [-400, 400])
def test_steps_of_the_wall_clock_change_nothing(make_guard, trip, clock, monkeypatch, step_days):
    """A wall clock that jumps a year either way neither shortens nor prolongs the recovery."""

    class Stepped(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + datetime.timedelta(days=step_days)

    guard = make_guard(retry=ONCE)
    trip(guard)
    monkeypatch.setattr(pybreaker, "datetime", Stepped)
    clock.sleep(59)
    run(guard, CircuitOpenError)
    clock.sleep(1)
    succeed(guard)


def test_a_failed_trial_opens_it_for_another_recovery(half_open, errors, clock):
    """A trial that fails starts the recovery time anew, and raises its real error."""
    guard = half_open()
    run(guard, errors.unavailable)
    assert guard.breaker.state == "open"
    clock.sleep(59.9)
    run(guard, CircuitOpenError)
    clock.sleep(0.1)
    succeed(guard)
    assert guard.breaker.state == "closed"


def test_a_neutral_trial_decides_nothing_and_frees_its_permit(half_open, errors):
    """A business refusal neither closes nor opens a half-open circuit; the next caller is the trial."""
    guard = half_open()
    run(guard, errors.refused)
    assert guard.breaker.state == "half-open"
    run(guard, errors.throttled)
    assert guard.breaker.state == "half-open"
    succeed(guard)
    assert guard.breaker.state == "closed"


def test_as_many_trials_as_asked_for_must_succeed(half_open, errors, clock):
    """With successes=3 the third success closes; the count starts anew after a failed trial."""
    guard = half_open(successes=3)
    succeed(guard)
    succeed(guard)
    run(guard, errors.unavailable)
    clock.sleep(60)
    succeed(guard)
    succeed(guard)
    assert guard.breaker.state == "half-open"
    assert "window=0/0" in repr(guard)  # trials are counted apart
    succeed(guard)
    assert guard.breaker.state == "closed"


def test_late_failures_open_nothing_again(clock):
    """Failures of calls let in before the trip are no second opening and do not push the recovery back."""
    breaker = Breaker("svc", BreakerPolicy(), clock=clock, now=clock.unix)
    permits = [breaker.admit() for _ in range(20)]
    for permit in permits[:5]:
        breaker.record_result(permit, success=False)
    clock.sleep(30)
    for permit in permits[5:]:
        breaker.record_result(permit, success=False)
    with pytest.raises(CircuitOpenError) as raised:
        breaker.admit()
    assert raised.value.retry_after == pytest.approx(30)
    assert breaker.snapshot()["opened"] == 1
    assert len(breaker.snapshot()["transitions"]) == 1
    assert breaker.in_flight == 0


@pytest.mark.parametrize("success", [True, False])
def test_results_from_before_the_trip_are_no_trial_results(clock, success):
    """A call from before the outage that ends while a trial runs neither closes, opens, nor frees a trial permit."""
    breaker = Breaker("svc", BreakerPolicy(failures=1), clock=clock, now=clock.unix)
    old, tripping = breaker.admit(), breaker.admit()
    breaker.record_result(tripping, success=False)
    clock.sleep(60)
    trial = breaker.admit()
    breaker.record_result(old, success=success)
    assert breaker.state == "half-open"
    with pytest.raises(CircuitOpenError) as raised:
        breaker.admit()
    assert raised.value.retry_after == 0.0
    assert str(raised.value) == "circuit 'svc' is half-open, its trial calls are under way"
    breaker.record_result(trial, success=True)
    assert breaker.state == "closed"


def test_a_late_failure_does_not_count_after_the_circuit_closed(clock):
    """What an old call says about the outage is history once the circuit has closed again."""
    breaker = Breaker("svc", BreakerPolicy(failures=1), clock=clock, now=clock.unix)
    old, tripping = breaker.admit(), breaker.admit()
    breaker.record_result(tripping, success=False)
    clock.sleep(60)
    breaker.record_result(breaker.admit(), success=True)
    breaker.record_result(old, success=False)
    assert breaker.state == "closed"


def test_window_opens_on_a_share_of_failures(make_guard, errors, clock):
    """30 % errors that never come five in a row open the circuit within the window, at 100 calls."""
    guard = make_guard(retry=ONCE)
    calls = 0
    while guard.breaker.state == "closed":
        calls += 1
        clock.sleep(0.1)
        if calls % 10 in (3, 6, 9):
            run(guard, errors.unavailable)
        else:
            succeed(guard)
    assert calls == 103  # the first failure once 100 calls are in the window
    assert guard.breaker.snapshot()["opened"] == 1


def test_window_needs_enough_calls(make_guard, errors, clock):
    """Half of the calls failing does not open a circuit that sees fewer calls than min_calls in its window."""
    guard = make_guard(retry=ONCE)
    for _ in range(200):
        clock.sleep(1)
        run(guard, errors.unavailable)
        succeed(guard)
    assert guard.breaker.state == "closed"


def test_window_ignores_neutral_results(make_guard, errors):
    """Business refusals neither dilute nor fill the window."""
    guard = make_guard(retry=ONCE, breaker=BreakerPolicy(min_calls=10, failure_ratio=0.5))
    for _ in range(4):
        run(guard, errors.unavailable)
        succeed(guard)
        for _ in range(20):
            run(guard, errors.refused)
    succeed(guard)
    run(guard, errors.unavailable)
    assert guard.breaker.state == "open"


def test_window_can_be_switched_off(make_guard, errors):
    """failure_ratio=None leaves only the count in a row."""
    guard = make_guard(retry=ONCE, breaker=BreakerPolicy(failure_ratio=None))
    for _ in range(300):
        run(guard, errors.unavailable)
        succeed(guard)
    assert guard.breaker.state == "closed"


def test_window_starts_empty_after_recovery(make_guard, errors, clock):
    """The outage that opened the circuit does not open it again after it closed."""
    guard = make_guard(retry=ONCE, breaker=BreakerPolicy(recovery=1, window_s=1_000, min_calls=10, failure_ratio=0.5))
    while guard.breaker.state == "closed":
        succeed(guard)
        run(guard, errors.unavailable)
    clock.sleep(1)
    succeed(guard)
    run(guard, errors.unavailable)
    assert guard.breaker.state == "closed"


def test_breaker_can_be_shared_by_guards(make_guard, errors):
    """Two guards on one breaker open together, and the breaker is reported once."""
    stats = GuardStats()
    first = make_guard(retry=ONCE, stats=stats)
    second = make_guard(retry=ONCE, stats=stats, pool=first.pool)
    for _ in range(5):
        run(first, errors.unavailable)
    run(second, CircuitOpenError)
    assert [entry["rejected"] for entry in stats.snapshot()["breakers"]] == [1]


def test_state_prints_itself(make_guard, errors, trip, clock):
    """One line tells name, state, failures, window, calls in flight and free permits, through all states."""
    guard = make_guard(retry=ONCE, breaker=BreakerPolicy(trials=2))
    seen = []
    guard.run(lambda attempt: seen.append(repr(guard)))
    run(guard, errors.unavailable)
    seen.append(repr(guard))
    guard.run(lambda attempt: None)
    trip(guard)
    seen.append(repr(guard))
    clock.sleep(60)
    guard.run(lambda attempt: seen.append(repr(guard)))
    seen.append(repr(guard.breaker))
    assert seen == [
        "<Guard 'svc': closed, failures=0/5, window=0/0, in_flight=1, permits=unlimited>",
        "<Guard 'svc': closed, failures=1/5, window=1/2, in_flight=0, permits=unlimited>",
        "<Guard 'svc': open, failures=5/5, window=0/0, in_flight=0, permits=none>",
        "<Guard 'svc': half-open, failures=5/5, window=0/0, in_flight=1, permits=1/2>",
        "<Breaker 'svc': closed, failures=0/5, window=0/0, in_flight=0, permits=unlimited>",
    ]
