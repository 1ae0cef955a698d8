"""So many calls at once."""

from __future__ import annotations

from typing import Any

from resilience.limiter import ASK_AGAIN_S, Outcome
from resilience.policies import fault, refuse


class ConcurrencyLimit:
    """At most so many calls under way.

    Args:
        limit: At least 1.

    Raises:
        ValueError: the limit is out of range.
    """

    kind = "concurrency"

    def __init__(self, limit: int) -> None:
        refuse(type(self).__name__, [fault("limit", limit, limit >= 1, "at least 1")])
        self.limit: float = limit
        """Calls that may be under way; a fraction does not count."""
        self.in_flight = 0
        """Calls that are under way."""
        self._waits = self._busy = 0

    def delay(self) -> float:
        """0.0 while there is room; else the time after which a caller without a queue should ask again."""
        return 0.0 if self.in_flight < int(self.limit) else ASK_AGAIN_S

    def acquire(self) -> float:
        """Take a place."""
        wait = self.delay()
        if wait > 0:
            self._waits += 1
        else:
            self.in_flight += 1
        return wait

    def release(self, outcome: Outcome) -> None:
        """Free a place."""
        self.in_flight -= 1
        self._busy += outcome == "busy"

    def snapshot(self) -> dict[str, Any]:
        """`limit` is in calls at once."""
        return {
            "kind": self.kind,
            "limit": int(self.limit),
            "limit_min": int(self.limit),
            "limit_max": int(self.limit),
            "waits": self._waits,
            "busy": self._busy,
        }
