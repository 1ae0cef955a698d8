"""What a limiter is: it says when the next call may be made. Each kind stands in a file of its own.

    TokenBucket          so many calls a second          token_bucket.py
    ConcurrencyLimit     so many calls at once           concurrency.py
    AdaptiveConcurrency  as many as the service bears    adaptive.py
    Limits               all of several                  below

Limiters serve the greenlets of one thread: no method lets another greenlet run, so none needs a lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

Outcome = Literal["success", "busy", "failure", "neutral"]
"""How a call ended. `busy`: the service asked for patience, or did not answer in time. `neutral`: it says nothing."""

ASK_AGAIN_S: Final = 0.01
"""When a limit on calls at once is worth asking again. A queue is told when a call ends and does not wait for this."""


class Limiter(Protocol):
    """Says when the next call may be made."""

    def delay(self) -> float:
        """Seconds until it is worth asking again; 0.0 when `acquire` would take now. Takes nothing."""

    def acquire(self) -> float:
        """Take what one call needs and return 0.0; or take nothing and return what `delay` says."""

    def release(self, outcome: Outcome) -> None:
        """A call for which `acquire` took has ended."""

    def snapshot(self) -> dict[str, Any]:
        """What it did, JSON-able: `kind`, `limit` now, `limit_min` and `limit_max` seen, `waits`, `busy` seen."""


class Limits:
    """All of several limiters: a call is made when each of them lets it.

    Args:
        limiters: At least one.
    """

    def __init__(self, limiters: Sequence[Limiter]) -> None:
        if not limiters:
            raise ValueError("Limits needs at least one limiter")
        self._limiters = tuple(limiters)
        self._waits = 0

    def delay(self) -> float:
        """The longest of their delays."""
        return max(limiter.delay() for limiter in self._limiters)

    def acquire(self) -> float:
        """Take from all, or from none."""
        wait = self.delay()
        if wait > 0:
            self._waits += 1
            return wait
        for limiter in self._limiters:
            limiter.acquire()
        return 0.0

    def release(self, outcome: Outcome) -> None:
        """Tell all."""
        for limiter in self._limiters:
            limiter.release(outcome)

    def snapshot(self) -> dict[str, Any]:
        """Its parts stand under `limits`, for a rate and a number at once do not compare; `waits` counts its own."""
        parts = [limiter.snapshot() for limiter in self._limiters]
        return {"kind": "all-of", "waits": self._waits, "busy": parts[0]["busy"], "limits": parts}
