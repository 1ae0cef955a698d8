"""Many greenlets on one guard, in a process whose standard library is not patched."""

from __future__ import annotations

import time

import gevent
import pytest
from gevent.event import Event

from resilience import TRANSIENT, Attempt, BreakerPolicy, CircuitOpenError, Guard, RetryPolicy

ONCE = RetryPolicy(attempts=1)


class Service:
    """Holds every call until it is told to answer, and counts the calls it holds."""

    def __init__(self) -> None:
        self.held = 0
        self.most = 0
        self.answer = Event()
        self.error: Exception | None = None

    def __call__(self, attempt: Attempt) -> str:
        """Take a call, and answer it when told to."""
        self.held += 1
        self.most = max(self.most, self.held)
        try:
            self.answer.wait(timeout=10)
        finally:
            self.held -= 1
        if self.error is not None:
            raise self.error
        return "ok"


def settle_down() -> None:
    """Let every greenlet run until it waits."""
    for _ in range(3):
        gevent.sleep(0)


def test_fifty_users_of_one_breaker_are_fifty_in_flight(make_guard):
    """The breaker does not serialise its callers: 50 greenlets reach 50 calls in flight at the service."""
    guard, service = make_guard(), Service()
    users = [gevent.spawn(guard.run, service) for _ in range(50)]
    settle_down()
    assert service.held == 50
    assert guard.breaker.in_flight == 50
    service.answer.set()
    gevent.joinall(users, timeout=5, raise_error=True)
    assert service.most == 50
    assert guard.breaker.in_flight == 0


def test_parallel_calls_take_the_time_of_one():
    """Anchor 1: 20 parallel guarded calls of 50 ms end in less than 0.2 s, not in a second."""
    guard = Guard("svc", lambda error: TRANSIENT)
    begin = time.perf_counter()
    calls = [gevent.spawn(guard.run, lambda attempt: gevent.sleep(0.05)) for _ in range(20)]
    gevent.joinall(calls, timeout=5, raise_error=True)
    assert time.perf_counter() - begin < 0.2


@pytest.mark.parametrize("trials", [1, 3])
def test_half_open_lets_exactly_the_trials_through(make_guard, trip, clock, trials):
    """Anchor 2: of 100 callers that wait for recovery, exactly the configured trials reach the service."""
    guard, service = make_guard(retry=ONCE, breaker=BreakerPolicy(trials=trials)), Service()
    trip(guard)
    clock.sleep(60)
    waiters = [gevent.spawn(guard.run, service) for _ in range(100)]
    settle_down()
    assert service.held == trials
    assert f"half-open, failures=5/5, window=0/0, in_flight={trials}, permits=0/{trials}" in repr(guard)
    service.answer.set()
    gevent.joinall(waiters, timeout=5)
    assert sum(waiter.value == "ok" for waiter in waiters) == trials
    assert sum(isinstance(waiter.exception, CircuitOpenError) for waiter in waiters) == 100 - trials
    assert guard.breaker.state == "closed"


def test_a_killed_trial_frees_its_permit(make_guard, trip, clock):
    """Anchor 2: a trial whose greenlet is killed decides nothing, and the next caller is let in as the trial."""
    guard, service = make_guard(retry=ONCE), Service()
    trip(guard)
    clock.sleep(60)
    trial = gevent.spawn(guard.run, service)
    settle_down()
    gevent.spawn(guard.run, service).join(timeout=1)  # refused: the trial's permit is taken
    assert service.held == 1
    trial.kill(timeout=1)
    assert guard.breaker.state == "half-open"
    second = gevent.spawn(guard.run, service)
    settle_down()
    assert service.held == 1
    service.answer.set()
    assert second.get(timeout=1) == "ok"
    assert guard.breaker.state == "closed"
    assert guard.breaker.snapshot()["rejected"] == 1


def test_one_failed_trial_ends_the_others_say(make_guard, trip, clock, errors):
    """With three trials under way, the first failure opens the circuit once; what the other two say is late."""
    guard, service = make_guard(retry=ONCE, breaker=BreakerPolicy(trials=3)), Service()
    trip(guard)
    clock.sleep(60)
    trials = [gevent.spawn(guard.run, service) for _ in range(3)]
    settle_down()
    service.error = errors.unavailable()
    service.answer.set()
    gevent.joinall(trials, timeout=5)
    snapshot = guard.breaker.snapshot()
    assert (snapshot["state"], snapshot["opened"], snapshot["half_opened"]) == ("open", 2, 1)
    assert all(trial.exception is service.error for trial in trials)


@pytest.mark.parametrize("half_open", [False, True])
def test_stopping_leaves_no_greenlet_and_changes_no_state(errors, half_open):
    """Anchor 3: killed in the back-off and in the call, every greenlet ends within 1 s and the breaker is as it was."""
    policy = BreakerPolicy(failures=10_000 if not half_open else 1, recovery=0.001, failure_ratio=None)
    guard = Guard("svc", lambda error: TRANSIENT, RetryPolicy(backoff=30, backoff_max=30), policy)
    service, failing = Service(), Service()
    failing.error = errors.unavailable()
    failing.answer.set()
    backing_off = [gevent.spawn(guard.run, failing) for _ in range(1 if half_open else 10)]
    settle_down()
    gevent.sleep(0.002)
    calling = [gevent.spawn(guard.run, service) for _ in range(1 if half_open else 10)]
    settle_down()
    before = (guard.breaker.state, guard.breaker.failures)
    assert before == (("half-open", 1) if half_open else ("closed", 10))
    assert service.held == len(calling)
    assert not any(greenlet.dead for greenlet in backing_off)

    begin = time.perf_counter()
    gevent.killall(backing_off + calling, timeout=1)
    assert time.perf_counter() - begin < 1
    assert all(greenlet.dead for greenlet in backing_off + calling)
    assert all(isinstance(greenlet.value, gevent.GreenletExit) for greenlet in backing_off + calling)
    assert (guard.breaker.state, guard.breaker.failures) == before
    assert guard.breaker.in_flight == 0
    assert guard.stats.attempts == 0  # a retry that was still waited for was not made
    assert guard.stats.exhausted == 0


def test_a_timeout_around_the_operation_is_no_failure(make_guard):
    """`gevent.Timeout` is no `Exception`: the caller's own limit passes through and says nothing of the service."""
    guard, service = make_guard(), Service()
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.01):
        guard.run(service)
    assert guard.breaker.failures == 0
    assert guard.breaker.in_flight == 0


def test_no_callers_real_error_is_replaced_by_the_trip(make_guard, errors):
    """20 calls in flight that all fail: 20 callers see their own error, and the circuit opens once."""
    guard, service = make_guard(retry=ONCE), Service()
    calls = [gevent.spawn(guard.run, service) for _ in range(20)]
    settle_down()
    service.error = errors.unavailable()
    service.answer.set()
    gevent.joinall(calls, timeout=5)
    assert [call.exception for call in calls] == [service.error] * 20
    assert guard.breaker.snapshot()["opened"] == 1


def test_threads_share_a_breaker_without_losing_counts():
    """Real threads too: 4 threads × 500 calls leave nothing in flight, and the trip happens once."""
    from concurrent.futures import ThreadPoolExecutor

    guard = Guard("svc", lambda error: TRANSIENT, ONCE, BreakerPolicy(failures=1_000, failure_ratio=None))

    def calls() -> None:
        for _ in range(500):
            with pytest.raises(Exception):  # noqa: B017 (an error of the service, or a refusal once it is open)
                guard.run(_unavailable)

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(calls) for _ in range(4)]:
            future.result(timeout=30)
    snapshot = guard.breaker.snapshot()
    assert guard.breaker.in_flight == 0
    assert snapshot["opened"] == 1
    assert snapshot["rejected"] >= 2_000 - 1_000 - 4


def _unavailable(attempt: Attempt) -> None:
    raise OSError("down")
