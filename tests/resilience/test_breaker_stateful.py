"""The breaker, driven through a guard by whatever comes, against a plain model of what was promised."""

from __future__ import annotations

from typing import Any

import gevent
from gevent.event import AsyncResult
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from resilience import Attempt, BreakerPolicy, CircuitOpenError, Guard, RetryPolicy, Verdict

LEGAL = {("closed", "open"), ("open", "half-open"), ("half-open", "open"), ("half-open", "closed")}
POLICY = BreakerPolicy(failures=3, recovery=10.0, trials=2, successes=2, failure_ratio=0.5, window_s=20.0, min_calls=5)
SLICE_S = 2.0


class FailedError(Exception):
    """Counts as a failure."""


class DeclinedError(Exception):
    """Neutral."""


def classify(error: Exception) -> Verdict:
    return Verdict(retry=False, failure=isinstance(error, FailedError))


class Call:
    """One operation in a greenlet of its own, that waits for its answer."""

    def __init__(self, guard: Guard) -> None:
        self.answer: AsyncResult = AsyncResult()
        self.sent = False
        self.period = -1  # of the model, when it was let in
        self.greenlet = gevent.spawn(guard.run, self._attempt)
        gevent.sleep(0)

    def _attempt(self, attempt: Attempt) -> object:
        self.sent = True
        return self.answer.get()


class Model:
    """What the breaker should be, written as plainly as possible."""

    def __init__(self) -> None:
        self.state, self.period, self.opened_at, self.failures = "closed", 0, 0.0, 0
        self.trials, self.trial_successes, self.in_flight, self.rejected, self.open_s = 0, 0, 0, 0, 0.0
        self.window: list[tuple[float, bool]] = []
        self.transitions: list[tuple[str, str]] = []

    def move(self, state: str, now: float) -> None:
        """Change the state; what was counted in the old one is history."""
        self.transitions.append((self.state, state))
        if self.state == "open":
            self.open_s += now - self.opened_at
        if state == "open":
            self.opened_at = now
        if state == "closed":
            self.failures = 0
        self.state, self.period, self.trials, self.trial_successes, self.window = state, self.period + 1, 0, 0, []

    def admits(self, now: float) -> bool:
        """Whether a caller who comes now is let in."""
        if self.state == "open" and now >= self.opened_at + POLICY.recovery:
            self.move("half-open", now)
        admitted = self.state == "closed" or (self.state == "half-open" and self.trials < POLICY.trials)
        self.trials += admitted and self.state == "half-open"
        self.in_flight += admitted
        self.rejected += not admitted
        return admitted

    def record_result(self, call: Call, now: float, success: bool | None) -> None:
        """A call ended."""
        self.in_flight -= 1
        if call.period != self.period:
            return
        if self.state == "half-open":
            self.trials -= 1
        if success is None:
            return
        self.failures = 0 if success else self.failures + 1
        if self.state == "half-open":
            self.trial_successes += success
            if not success:
                self.move("open", now)
            elif self.trial_successes >= POLICY.successes:
                self.move("closed", now)
        else:
            self._in_closed(now, success)

    def _in_closed(self, now: float, success: bool) -> None:
        self.window.append((now, not success))
        oldest = now // SLICE_S - 9
        recent = [failed for at, failed in self.window if at // SLICE_S >= oldest]
        over = len(recent) >= POLICY.min_calls and sum(recent) / len(recent) >= 0.5
        if not success and (self.failures >= POLICY.failures or over):
            self.move("open", now)


class BreakerMachine(RuleBasedStateMachine):
    """Submit, succeed, fail, decline, kill, and let time pass, in any order."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.model = Model()
        self.running: list[Call] = []
        self.guard = Guard("svc", classify, RetryPolicy(attempts=1), POLICY, clock=lambda: self.now)

    @rule(target=calls)
    def submit(self) -> Call:
        """A caller comes."""
        admitted = self.model.admits(self.now)
        call = Call(self.guard)
        call.period = self.model.period
        assert call.sent == admitted
        assert isinstance(call.greenlet.exception, CircuitOpenError) != admitted
        if admitted:
            self.running.append(call)
        return call

    @rule(call=consumes(calls))
    def succeed(self, call: Call) -> None:
        """A call is answered well."""
        self._end(call, "ok", success=True)

    @rule(call=consumes(calls))
    def fail(self, call: Call) -> None:
        """A call is answered by a failure of the service."""
        self._end(call, FailedError(), success=False)

    @rule(call=consumes(calls))
    def decline(self, call: Call) -> None:
        """A call is answered by a business refusal."""
        self._end(call, DeclinedError(), success=None)

    @rule(call=consumes(calls))
    def kill(self, call: Call) -> None:
        """The caller is killed while it waits for the answer."""
        if call in self.running:
            call.greenlet.kill(timeout=1)
            self._settled(call, success=None)

    # Several rules for one deed, so that outages are as likely as their parts.
    @rule(answers=st.lists(st.booleans(), min_size=1, max_size=8))
    def burst(self, answers: list[bool]) -> None:
        """Callers come and are answered one after another."""
        for answer in answers:
            call = self.submit()
            self._end(call, "ok" if answer else FailedError(), success=answer)

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 9.5, 10.0, 25.0]))
    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @precondition(lambda self: self.model.state == "open")
    @rule()
    def recover(self) -> None:
        """The recovery time of an open circuit passes."""
        self.now = self.model.opened_at + POLICY.recovery

    def _end(self, call: Call, answer: Any, success: bool | None) -> None:
        if call not in self.running:
            return
        if isinstance(answer, Exception):
            call.answer.set_exception(answer)
        else:
            call.answer.set(answer)
        call.greenlet.join(timeout=1)
        assert (call.greenlet.exception or call.greenlet.value) is answer
        self._settled(call, success)

    def _settled(self, call: Call, success: bool | None) -> None:
        assert call.greenlet.dead
        self.running.remove(call)
        self.model.record_result(call, self.now, success)

    @invariant()
    def agrees_with_the_model(self) -> None:
        """State, counts and history are the model's; every transition is a legal one."""
        breaker, model = self.guard.breaker, self.model
        snapshot = breaker.snapshot()
        moves = [(move["from"], move["to"]) for move in snapshot["transitions"]]
        assert set(moves) <= LEGAL
        assert moves == model.transitions
        assert breaker.state == model.state
        assert breaker.failures == model.failures
        assert breaker.in_flight == model.in_flight == len(self.running)
        assert snapshot["rejected"] == model.rejected
        still_open = self.now - model.opened_at if model.state == "open" else 0.0
        assert snapshot["open_s"] == model.open_s + still_open
        for key, state in (("opened", "open"), ("half_opened", "half-open"), ("closed", "closed")):
            assert snapshot[key] == sum(to == state for _, to in moves)
        if model.state == "half-open":
            assert f"permits={POLICY.trials - model.trials}/{POLICY.trials}" in repr(self.guard)

    def teardown(self) -> None:
        """Killing everybody who still waits changes nothing."""
        before = (self.guard.breaker.state, self.guard.breaker.failures)
        gevent.killall([call.greenlet for call in self.running], timeout=1)
        assert (self.guard.breaker.state, self.guard.breaker.failures) == before
        assert self.guard.breaker.in_flight == 0


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
