"""How often a client may ping (grpc-java, KeepAliveEnforcer)."""

from __future__ import annotations

from typing import Final

MAX_STRIKES: Final = 2
IMPLICITLY_PERMITTED_S: Final = 7_200.0
"""The interval without calls in flight."""


class PingPolicy:
    """Counts the pings that come too early; the third ends the connection.

    An answer resets the count: clients measure the bandwidth-delay product with pings whenever data arrives.
    But it also makes the next interval count from the beginning of the connection again. So on a connection younger
    than the interval every ping is too early.

    Args:
        interval_s: Seconds between two pings while calls are under way; 0 permits every ping.
        now: When the connection began.
    """

    __slots__ = ("_answers", "_begin", "_interval_s", "_last", "_strikes")

    def __init__(self, interval_s: float, now: float) -> None:
        self._interval_s = min(interval_s, IMPLICITLY_PERMITTED_S)
        self._begin = self._last = now
        self._strikes = 0
        self._answers = 0

    def permits(self, now: float, *, calls: bool, answers: int) -> bool:
        """Whether a ping is tolerated.

        Args:
            now: The time, on the clock of the beginning.
            calls: Whether calls are under way.
            answers: Frames with headers or data that were sent so far.
        """
        if not self._interval_s:
            return True
        if answers != self._answers:
            self._answers, self._last, self._strikes = answers, self._begin, 0
        if now - self._last >= (self._interval_s if calls else IMPLICITLY_PERMITTED_S):
            self._last = now
            return True
        self._strikes += 1
        return self._strikes <= MAX_STRIKES
