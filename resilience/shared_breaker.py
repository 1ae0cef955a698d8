"""A circuit that several processes share: each follows what the others do to it."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

import pybreaker

from resilience.breaker import CLOSED, OPEN, Breaker
from resilience.policies import BreakerPolicy

ASK_AGAIN_S: Final = 0.1
"""Wait of a process that found the trials taken by others, whose end it is not told."""


class SharedStorage(Protocol):
    """pybreaker's storage, kept where several processes see it (`redis_storage.RedisStorage` is one).

    Attributes:
        memory: What this process saw last.
        refresh_s: Seconds for which that is trusted by the calls of a circuit that is closed or open.
    """

    memory: pybreaker.CircuitMemoryStorage
    refresh_s: float

    def age_s(self) -> float | None:
        """Seconds since the circuit was opened, by whomever; None when that is not known."""

    def noticing(self) -> contextlib.AbstractContextManager[None]:
        """While the context lasts, pybreaker only follows what another process did: it must not reset anything."""

    def take_trial(self, trials: int) -> object | None:
        """Take one of so many trials that all processes share; None when they are all taken."""

    def free_trial(self, token: object) -> None:
        """Give back what `take_trial` returned."""

    def describe(self) -> dict[str, Any]:
        """What a snapshot tells about it."""


class SharedBreaker(Breaker):
    """A `Breaker` whose circuit other processes may open, try and close.

    Args:
        name: Breakers of one name share their circuit, whichever process they are in.
        policy: As for `Breaker`; the window of `failure_ratio` is each process's own.
        storage: Where the circuit is kept.
        options: The other arguments of `Breaker`.
    """

    def __init__(self, name: str, policy: BreakerPolicy, storage: SharedStorage, **options: Any) -> None:
        self._shared = storage
        self._looked_at = -math.inf
        self._leases: list[object] = []
        self._ask_at = -math.inf  # when others may have ended their trials
        on_change: Callable[[], object] | None = options.pop("on_change", None)
        super().__init__(name, policy, **options)
        self._memory = storage.memory
        if self._circuit.current_state != CLOSED:
            self._changed_locked(CLOSED, self._circuit.current_state)
        self._on_change = on_change

    def snapshot(self) -> dict[str, Any]:
        """As `Breaker.snapshot`, with `storage`: whether what keeps the circuit can be reached."""
        return {**super().snapshot(), "storage": self._shared.describe()}

    def _new_lock(self) -> threading.RLock:
        """One that lets other greenlets run, as asking the storage does."""
        return threading.RLock()

    def _storage(self) -> pybreaker.CircuitBreakerStorage:
        return self._shared  # type: ignore[return-value] # a protocol cannot derive from pybreaker's class

    def _follow_locked(self, *, now: bool = False) -> None:
        """Notice what other processes did, at most every `refresh_s` unless it has to be `now`."""
        time = self._clock()
        if not now and time - self._looked_at < self._shared.refresh_s:
            return
        self._looked_at = time
        with self._shared.noticing():
            _ = self._circuit.state  # compares with the storage, and tells the listener of a change
        if self.state == OPEN:
            self._date_opening_locked()
        self._clean = self.state == CLOSED and self._circuit.fail_counter == 0

    def _date_opening_locked(self) -> None:
        """Take over when it was opened; another process may have tried it and opened it again."""
        age = self._shared.age_s()
        if age is not None:
            self.opened_at = self._clock() - age

    def _lease_trial_locked(self) -> bool:
        lease = self._shared.take_trial(self.policy.trials)
        if lease is None:
            self._ask_at = self._clock() + ASK_AGAIN_S
            return False
        self._leases.append(lease)
        return True

    def _end_lease_locked(self) -> None:
        if self._leases:
            self._shared.free_trial(self._leases.pop())

    def _trial_in_locked(self) -> float:
        return max(super()._trial_in_locked(), self._ask_at - self._clock(), 0.0)
