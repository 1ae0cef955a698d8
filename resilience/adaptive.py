"""As many calls at once as the service bears: more while it answers well, fewer when it says BUSY.

Additive increase, multiplicative decrease, as in Netflix's concurrency-limits (its AIMDLimit: back-off ratio 0.9, and
growth only while at least half of the limit is in use; a limit nobody needs says nothing about the service).
"""

from __future__ import annotations

from typing import Any

from resilience.concurrency import ConcurrencyLimit
from resilience.limiter import Outcome
from resilience.policies import fault, refuse


class AdaptiveConcurrency(ConcurrencyLimit):
    """A limit on calls at once that finds its own value.

    It grows by 1 per limit's worth of successes, and shrinks to `backoff` of itself on a busy outcome, at most once per
    round: the calls that were under way when it shrank were sent at the old limit, and what they say is no news.

    Args:
        initial: Where it begins; from `lowest` to `highest`.
        lowest: It never shrinks below; at least 1.
        highest: It never grows beyond.
        backoff: What a busy outcome leaves of it, more than 0 and less than 1.

    Raises:
        ValueError: one or more values are out of range; the message names each of them.
    """

    kind = "adaptive"

    def __init__(self, initial: int = 20, *, lowest: int = 1, highest: int = 1_000, backoff: float = 0.9) -> None:
        refuse(
            "AdaptiveConcurrency",
            [
                fault("lowest", lowest, 1 <= lowest <= highest, "at least 1, and not above highest"),
                fault("initial", initial, lowest <= initial <= highest, "from lowest to highest"),
                fault("backoff", backoff, 0 < backoff < 1, "more than 0 and less than 1"),
            ],
        )
        super().__init__(initial)
        self._lowest, self._highest, self._backoff = lowest, highest, backoff
        self._seen_low = self._seen_high = self.limit
        self._old_calls = 0  # calls of the round before the last cut that have not ended

    def release(self, outcome: Outcome) -> None:
        """Free a place, and learn from how the call ended."""
        used = self.in_flight * 2 >= self.limit
        super().release(outcome)
        of_this_round = self._old_calls == 0
        self._old_calls = max(0, self._old_calls - 1)
        if outcome == "success" and used:
            self.limit = min(float(self._highest), self.limit + 1.0 / self.limit)
            self._seen_high = max(self._seen_high, self.limit)
        elif outcome == "busy" and of_this_round:
            self.limit = max(float(self._lowest), self.limit * self._backoff)
            self._seen_low = min(self._seen_low, self.limit)
            self._old_calls = self.in_flight

    def snapshot(self) -> dict[str, Any]:
        """`limit` is in calls at once; `limit_min` and `limit_max` are the extremes it has had."""
        return super().snapshot() | {"limit_min": int(self._seen_low), "limit_max": int(self._seen_high)}
