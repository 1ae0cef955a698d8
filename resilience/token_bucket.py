"""So many calls a second, with a burst after a rest."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from resilience.limiter import Outcome
from resilience.policies import fault, refuse

_ROUNDING = 1e-9  # of a token; who waits exactly as long as he was told to is not sent away for a rounding error


class TokenBucket:
    """A bucket that fills at a rate and holds a burst; each call takes one token. In any T seconds: burst + rate × T.

    Args:
        rate_per_s: Tokens per second; more than 0.
        burst: Tokens it holds, and begins with; at least 1. The default is what comes in a second.
        clock: Seconds of a clock that never goes back.

    Raises:
        ValueError: a value is out of range.
    """

    def __init__(
        self, rate_per_s: float, burst: float | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        burst = max(1.0, rate_per_s) if burst is None else burst
        refuse(
            "TokenBucket",
            [
                fault("rate_per_s", rate_per_s, 0 < rate_per_s < math.inf, "more than 0"),
                fault("burst", burst, 1 <= burst < math.inf, "at least 1"),
            ],
        )
        self._rate = rate_per_s
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()
        self._waits = self._busy = 0

    def delay(self) -> float:
        """Seconds until there is a token."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        return max(0.0, (1.0 - self._tokens) / self._rate) if self._tokens < 1.0 - _ROUNDING else 0.0

    def acquire(self) -> float:
        """Take a token."""
        wait = self.delay()
        if wait > 0:
            self._waits += 1
        else:
            self._tokens -= 1.0
        return wait

    def release(self, outcome: Outcome) -> None:
        """Nothing comes back: a token is for a call that was made, however it ended."""
        self._busy += outcome == "busy"

    def snapshot(self) -> dict[str, Any]:
        """`limit` is its rate per second."""
        rate = self._rate
        return {
            "kind": "token-bucket",
            "limit": rate,
            "limit_min": rate,
            "limit_max": rate,
            "waits": self._waits,
            "busy": self._busy,
        }
