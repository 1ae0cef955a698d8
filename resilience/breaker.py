"""A circuit breaker that many callers share: pybreaker keeps the state, this module decides who is let in.

pybreaker's own `call` holds its lock while the guarded call runs, so fifty callers of one breaker would go one after
another; its `calling` lets every waiting caller through as a trial, counts a killed greenlet as a failure and an
excluded error as a success. So the guarded call never runs inside pybreaker. It is let in by `admit`, runs outside of
any lock, and `record_result` then replays nothing but its result: a function that returns or raises at once. pybreaker
counts, opens and closes by its own rules and tells its listener; all of it through its public interface.

pybreaker never sees a call while the circuit is open, so its wall clock decides nothing: when the recovery time has
passed is decided here, by a clock that does not jump.

The state is held once, in pybreaker's storage. A circuit that several processes share is a `SharedBreaker`. Methods
whose name ends in `_locked` are called while the lock is held.
"""

from __future__ import annotations

import _thread
import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

import pybreaker

from resilience.errors import CircuitOpenError
from resilience.policies import BreakerPolicy
from resilience.window import FailureWindow

CLOSED: Final = pybreaker.STATE_CLOSED
OPEN: Final = pybreaker.STATE_OPEN
HALF_OPEN: Final = pybreaker.STATE_HALF_OPEN

TRANSITIONS_KEPT: Final = 1_000
"""Newest transitions that a snapshot lists; older ones are only counted."""


class Breaker:
    """One circuit, shared by any number of greenlets and threads. A `Pool` makes one for each of its members.

    Args:
        name: Appears in `CircuitOpenError`, in the snapshot and in the report; unique over all processes of a run,
            unless they share the circuit.
        policy: When it opens and how it is tried again.
        clock: Seconds of a clock that never goes back.
        now: Unix time in seconds; only dates the transitions.
        keep: Newest transitions that a snapshot lists.
        on_change: Called, while the decision is still held, whenever the circuit changed or a trial ended. It must be
            cheap and must not let another greenlet run.
    """

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        keep: int = TRANSITIONS_KEPT,
        on_change: Callable[[], object] | None = None,
    ) -> None:
        self.name = name
        self.policy = policy
        self.in_flight = 0
        """Calls that were let in and have not ended."""
        self.opened_at = 0.0
        """When it opened last, by the clock it was given."""
        self._clock = clock
        self._now = now
        self._on_change: Callable[[], object] | None = None
        self._lock = self._new_lock()
        self._memory = pybreaker.CircuitMemoryStorage(CLOSED)
        self._window = None if policy.failure_ratio is None else FailureWindow(policy.window_s)
        self._period = 0  # how many times the state has changed; tells results of this state from older ones
        self._clean = True  # no failure in a row that a success would have to reset
        self._failures_in_a_row = 0  # counted here, for pybreaker's own count is over when it tells of an opening
        self._trials_in_flight = 0
        self._open_s = 0.0
        self._rejected = 0
        self._entered = {OPEN: 0, HALF_OPEN: 0, CLOSED: 0}
        self._transitions: deque[dict[str, Any]] = deque(maxlen=keep)
        self._circuit = pybreaker.CircuitBreaker(
            fail_max=policy.failures,
            reset_timeout=policy.recovery,
            success_threshold=policy.successes,
            listeners=[_TransitionListener(self._changed_locked)],
            state_storage=self._storage(),
            name=name,
            throw_new_error_on_trip=False,
        )
        self._on_change = on_change

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`. An open circuit stays open until the first call after its recovery time."""
        return self._memory.state

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._circuit.fail_counter

    def admit(self) -> int:
        """Let one call in. Whoever was let in must `record_result`, whatever happens to the call.

        Returns:
            The permit, to be given to `record_result`.

        Raises:
            CircuitOpenError: the circuit is open, or half-open and all its trials are under way.
        """
        permit = self.try_admit()
        if permit is None:
            self._reject()
        return permit

    def try_admit(self, sooner: float | None = None) -> int | None:
        """Let one call in as `admit` does, or return None; a refusal is not counted.

        Args:
            sooner: Seconds after its opening after which an open circuit may be tried, instead of its recovery time.
        """
        with self._lock:
            self._follow_locked()
            if self.state != CLOSED and not self._take_trial_locked(sooner):
                return None
            self.in_flight += 1
            return self._period

    def record_result(self, permit: int, success: bool | None) -> None:
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
            trial = self.state == HALF_OPEN
            if trial:
                self._free_trial_locked()
                self._follow_locked(now=True)
            # A success in a closed circuit without failures changes nothing in pybreaker, so it is not told.
            if success is not None and permit == self._period:
                self._count_locked(success=success)
            if trial and self._on_change is not None:
                self._on_change()

    def retry_in(self, sooner: float | None = None) -> float:
        """Seconds until a call could be let in: 0.0 for now, infinity while all trials are under way.

        Args:
            sooner: As for `try_admit`.
        """
        with self._lock:
            self._follow_locked()
            if self.state == CLOSED:
                return 0.0
            if self.state == HALF_OPEN:
                return self._trial_in_locked()
            wait = self.policy.recovery if sooner is None else sooner
            return max(0.0, self.opened_at + wait - self._clock())

    def count_rejection(self) -> None:
        """A call was refused because of this circuit."""
        self._rejected += 1

    def snapshot(self) -> dict[str, Any]:
        """What happened so far, in the form of an entry of `resilience.breakers` in report.json.

        `opened`, `half_opened` and `closed` count how often that state was entered, `open_s` is the time spent open in
        seconds until now. `transitions` holds the newest ones with their Unix time, and with the `failures` in a row
        that this process saw where a closed circuit was opened; `transitions_dropped` says how many older ones there
        were.
        """
        with self._lock:
            since = self._clock() - self.opened_at if self.state == OPEN else 0.0
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

    # What a circuit that processes share does otherwise.

    def _new_lock(self) -> _thread.RLock | threading.RLock:
        """Held for a decision, never during a call. Reentrant, because a signal handler may enter at any place.

        A decision about a circuit that is kept here lets no other greenlet run, so the interpreter's own lock does,
        which gevent does not replace by one that costs five times as much.
        """
        return _thread.RLock()

    def _storage(self) -> pybreaker.CircuitBreakerStorage:
        """Where pybreaker keeps the circuit."""
        return self._memory

    def _follow_locked(self, *, now: bool = False) -> None:
        """Notice what others did to the circuit, if need be `now`. Nobody else has one that is kept here."""

    def _date_opening_locked(self) -> None:
        """It has just been opened; note when, if that was somebody else."""

    def _lease_trial_locked(self) -> bool:
        """Whether a trial may be made as far as others are concerned."""
        return True

    def _end_lease_locked(self) -> None:
        """A trial that was made has ended."""

    def _trial_in_locked(self) -> float:
        """Seconds until a half-open circuit has a trial to give; infinity while all are under way."""
        return 0.0 if self._has_trials_locked() else math.inf

    # What all circuits do.

    def _take_trial_locked(self, sooner: float | None) -> bool:
        """Take one of the permits for a trial, half-opening the circuit first if its time has come."""
        if self.state == OPEN and self.retry_in(sooner) == 0:
            self._follow_locked(now=True)  # another process may have tried it already
            if self.state == OPEN and self.retry_in(sooner) == 0:
                self._circuit.half_open()
        if self.state != HALF_OPEN:
            return self.state == CLOSED
        if self._trial_in_locked() > 0 or not self._lease_trial_locked():
            return False
        self._trials_in_flight += 1
        return True

    def _has_trials_locked(self) -> bool:
        return self._trials_in_flight < self.policy.trials

    def _free_trial_locked(self) -> None:
        self._trials_in_flight -= 1
        self._end_lease_locked()

    def _reject(self) -> NoReturn:
        self._rejected += 1
        wait = self.retry_in()
        raise CircuitOpenError(self.name, 0.0 if math.isinf(wait) else wait)

    def _count_locked(self, *, success: bool) -> None:
        """Replay a result into pybreaker, which opens or closes by its rules; then look at the window."""
        period = self._period
        self._failures_in_a_row = 0 if success else self._failures_in_a_row + 1
        if not success:
            self._clean = False
            with self._replaying():
                self._circuit.call(_fail)
        elif not self._clean or self.state != CLOSED:
            with self._replaying():
                self._circuit.call(_succeed)
            self._clean = True
        if self._window is None or period != self._period or self.state != CLOSED:
            return
        self._window.add(self._clock(), failed=not success)
        if not success and self._window_is_over_the_limit(self._window):
            self._circuit.open()

    @contextlib.contextmanager
    def _replaying(self) -> Iterator[None]:
        """Swallow the failure that was replayed; and pybreaker's refusal, if another process has just opened it."""
        with contextlib.suppress(_FailedCallError, pybreaker.CircuitBreakerError):
            yield

    def _window_is_over_the_limit(self, window: FailureWindow) -> bool:
        limit = self.policy.failure_ratio
        return limit is not None and window.calls >= self.policy.min_calls and window.ratio >= limit

    def _changed_locked(self, old: str, new: str) -> None:
        """The state of `_circuit` changed; it calls this while `_lock` is held, for every change is made from here."""
        for step in _legal_steps(old, new):
            self._enter_locked(old, step)
            old = step
        if new == OPEN:
            self._date_opening_locked()
        if self._on_change is not None:
            self._on_change()

    def _enter_locked(self, old: str, new: str) -> None:
        self._memory.state = new  # pybreaker tells its listener before it tells its storage
        self._period += 1
        while self._trials_in_flight:
            self._free_trial_locked()
        self._clean = True  # pybreaker starts counting anew in the state it enters
        if self._window is not None:
            self._window.clear()
        if old == OPEN:
            self._open_s += self._clock() - self.opened_at
        if new == OPEN:
            self.opened_at = self._clock()
        self._entered[new] += 1
        transition: dict[str, Any] = {"time": self._now(), "from": old, "to": new}
        if (old, new) == (CLOSED, OPEN):
            transition["failures"] = self._failures_in_a_row
        self._transitions.append(transition)


def _legal_steps(old: str, new: str) -> list[str]:
    """The states from `old` to `new`. Whoever follows another process may have missed those between."""
    if (old, new) == (CLOSED, HALF_OPEN):
        return [OPEN, HALF_OPEN]
    if (old, new) == (OPEN, CLOSED):
        return [HALF_OPEN, CLOSED]
    return [new]


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


class _FailedCallError(Exception):
    """Stands for a call that failed. The real error is not replayed: pybreaker would add to its traceback."""


def _succeed() -> None:
    """A call that succeeded."""


def _fail() -> NoReturn:
    """A call that failed."""
    raise _FailedCallError
