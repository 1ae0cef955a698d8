"""A circuit breaker that many callers share: pybreaker keeps the state, this module decides who is let in.

pybreaker's own `call` holds its lock while the guarded call runs, so fifty callers of one breaker would go one after
another; its `calling` lets every waiting caller through as a trial, counts a killed greenlet as a failure and an
excluded error as a success. So the guarded call never runs inside pybreaker. It is let in by `admit`, runs outside of
any lock, and `settle` then replays nothing but its result: a function that returns or raises at once. pybreaker counts,
opens and closes by its own rules and tells its listener; all of it through its public interface.

pybreaker never sees a call while the circuit is open, so its wall clock decides nothing: when the recovery time has
passed is decided here, by a clock that does not jump.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NoReturn

import pybreaker

from resilience.errors import CircuitOpen
from resilience.policies import BreakerPolicy
from resilience.window import FailureWindow

CLOSED: Final = pybreaker.STATE_CLOSED
OPEN: Final = pybreaker.STATE_OPEN
HALF_OPEN: Final = pybreaker.STATE_HALF_OPEN

TRANSITIONS_KEPT: Final = 1_000
"""Newest transitions that a snapshot lists; older ones are only counted."""


class Breaker:
    """One circuit, shared by any number of greenlets and threads. `Guard` makes one, or is given one to share.

    Args:
        name: Appears in `CircuitOpen`, in the snapshot and in the report; unique over all processes of a run.
        policy: When it opens and how it is tried again.
        clock: Seconds of a clock that never goes back.
        now: Unix time in seconds; only dates the transitions.
    """

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.policy = policy
        self.in_flight = 0
        """Calls that were let in and have not been settled."""
        self._clock = clock
        self._now = now
        # Held for a decision, never during a call. Reentrant, because a signal handler may enter at any place.
        self._lock = threading.RLock()
        self._window = None if policy.failure_ratio is None else FailureWindow(policy.window_s)
        self._period = 0  # how many times the state has changed; tells results of this state from older ones
        self._trials_in_flight = 0
        self._opened_at = 0.0
        self._open_s = 0.0
        self._rejected = 0
        self._entered = {OPEN: 0, HALF_OPEN: 0, CLOSED: 0}
        self._transitions: deque[dict[str, Any]] = deque(maxlen=TRANSITIONS_KEPT)
        self._circuit = pybreaker.CircuitBreaker(
            fail_max=policy.failures,
            reset_timeout=policy.recovery,
            success_threshold=policy.successes,
            listeners=[_TransitionListener(self._changed)],
            name=name,
            throw_new_error_on_trip=False,
        )

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`. An open circuit stays open until the first call after its recovery time."""
        return self._circuit.current_state

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._circuit.fail_counter

    def admit(self) -> int:
        """Let one call in. Whoever was let in must `settle`, whatever happens to the call.

        Returns:
            The permit, to be given to `settle`.

        Raises:
            CircuitOpen: the circuit is open, or half-open and all its trials are under way.
        """
        with self._lock:
            if self._circuit.current_state != CLOSED:
                self._admit_trial()
            self.in_flight += 1
            return self._period

    def settle(self, permit: int, success: bool | None) -> None:
        """Hand back a permit with the result of the call.

        A result counts only while the circuit is still in the state that let the call in. A failure that comes in after
        the circuit opened opens nothing again and does not push the recovery back; a call from before the outage that
        ends while trials run is no trial.

        Args:
            permit: What `admit` returned.
            success: True or False; None when the call says nothing about the service's health: a business refusal, or a
                caller that was killed. It changes nothing but frees the permit.
        """
        with self._lock:
            self.in_flight -= 1
            if permit != self._period:
                return
            if self._circuit.current_state == HALF_OPEN:
                self._trials_in_flight -= 1
            if success is not None:
                self._count(success=success)

    def snapshot(self) -> dict[str, Any]:
        """What happened so far, in the form of an entry of `resilience.breakers` in report.json.

        `opened`, `half_opened` and `closed` count how often that state was entered, `open_s` is the time spent open in
        seconds until now. `transitions` holds the newest ones with their Unix time; `transitions_dropped` says how many
        older ones there were.
        """
        with self._lock:
            since = self._clock() - self._opened_at if self.state == OPEN else 0.0
            return {
                "name": self.name,
                "state": self.state,
                "opened": self._entered[OPEN],
                "half_opened": self._entered[HALF_OPEN],
                "closed": self._entered[CLOSED],
                "rejected": self._rejected,
                "open_s": round(self._open_s + since, 6),
                "transitions": [dict(transition) for transition in self._transitions],
                "transitions_dropped": self._period - len(self._transitions),
            }

    def __str__(self) -> str:
        parts = [f"{self.state}", f"failures={self.failures}/{self.policy.failures}"]
        if self._window is not None:
            parts.append(f"window={self._window.failures}/{self._window.calls}")
        parts.append(f"in_flight={self.in_flight}")
        if self.state == HALF_OPEN:
            parts.append(f"permits={self.policy.trials - self._trials_in_flight}/{self.policy.trials}")
        else:
            parts.append("permits=unlimited" if self.state == CLOSED else "permits=none")
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"<Breaker {self.name!r}: {self}>"

    def _admit_trial(self) -> None:
        """Take one of the permits for a trial, half-opening the circuit first if its time has come."""
        if self._circuit.current_state == OPEN:
            remaining = self._opened_at + self.policy.recovery - self._clock()
            if remaining > 0:
                self._reject(remaining)
            self._circuit.half_open()
        if self._trials_in_flight >= self.policy.trials:
            self._reject(0.0)
        self._trials_in_flight += 1

    def _reject(self, retry_after: float) -> NoReturn:
        self._rejected += 1
        raise CircuitOpen(self.name, retry_after)

    def _count(self, *, success: bool) -> None:
        """Replay a result into pybreaker, which opens or closes by its rules; then look at the window."""
        period = self._period
        if success:
            self._circuit.call(_succeed)
        else:
            with contextlib.suppress(_FailedCall):
                self._circuit.call(_fail)
        if self._window is None or period != self._period or self.state != CLOSED:
            return
        self._window.add(self._clock(), failed=not success)
        if not success and self._window_is_over_the_limit(self._window):
            self._circuit.open()

    def _window_is_over_the_limit(self, window: FailureWindow) -> bool:
        limit = self.policy.failure_ratio
        return limit is not None and window.calls >= self.policy.min_calls and window.ratio >= limit

    def _changed(self, old: str, new: str) -> None:
        """The state of `_circuit` changed; it calls this while `_lock` is held, for every change is made from here."""
        self._period += 1
        self._trials_in_flight = 0
        if self._window is not None:
            self._window.clear()
        if old == OPEN:
            self._open_s += self._clock() - self._opened_at
        if new == OPEN:
            self._opened_at = self._clock()
        self._entered[new] += 1
        self._transitions.append({"time": self._now(), "from": old, "to": new})


class _TransitionListener(pybreaker.CircuitBreakerListener):
    """Tells a function of every change of state."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,  # noqa: ARG002 (pybreaker's signature)
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        """Pass the change on; pybreaker gives no old state only for a breaker that is being made."""
        if old_state is not None:
            self._changed(old_state.name, new_state.name)


class _FailedCall(Exception):  # noqa: N818 (a signal between two functions of this module)
    """Stands for a call that failed. The real error is not replayed: pybreaker would add to its traceback."""


def _succeed() -> None:
    """A call that succeeded."""


def _fail() -> NoReturn:
    """A call that failed."""
    raise _FailedCall
