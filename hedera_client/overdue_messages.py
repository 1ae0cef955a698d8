"""Decides when messages of a mirror's stream are overdue, and when to reopen the stream. No calls, no threads."""

from __future__ import annotations

import statistics
from collections import deque
from typing import Final

PATIENCE_S: Final = 1.0
"""Seconds beyond the usual wait after which a message is overdue."""

GRACE_S: Final = 0.5
"""Seconds by which the stream may be behind REST; both read the same tables, but not at the same moment."""

LOOK_INTERVAL_S: Final = 0.25
"""Seconds between two looks over REST while the stream brings nothing."""

LONGEST_REPAIR_WAIT_S: Final = 30.0

_REMEMBERED: Final = 32
_ENOUGH: Final = 3


class StreamCounts:
    """Statistics of a stream, as totals that add up over topics and processes.

    Attributes:
        opened: Subscriptions.
        ended: How many of them the mirror, or the way to it, ended.
        silent: How many were given up because REST showed messages that they did not.
        skipped: Messages that were left out between two that came.
        looks: Requests over REST.
        unanswered: How many of them got no answer.
        waits: Waits for a message that succeeded.
        late: How many of these rest on REST or on a stream that was opened again meanwhile.
        late_s: Sum of the seconds by which those may be too long.
    """

    __slots__ = ("ended", "late", "late_s", "looks", "opened", "silent", "skipped", "unanswered", "waits")

    def __init__(self) -> None:
        self.opened = self.ended = self.silent = self.skipped = 0
        self.looks = self.unanswered = self.waits = self.late = 0
        self.late_s = 0.0

    def snapshot(self) -> dict[str, float]:
        """All of them by name."""
        return {name: getattr(self, name) for name in self.__slots__}


class Suspicion:
    """Decides when to ask REST about what a stream has not shown, and when to open the stream again.

    A message is overdue PATIENCE_S after the time that the stream usually takes; at once, where the stream has passed
    it over or is down. Times are seconds of one monotonic clock. Not safe for threads by itself.

    Args:
        look_interval: Seconds between two looks while the stream brings nothing.
    """

    def __init__(self, look_interval: float = LOOK_INTERVAL_S) -> None:
        self._look_interval = look_interval
        self._waits: deque[float] = deque(maxlen=_REMEMBERED)
        self._looked_at: float | None = None
        self._opened_at = float("-inf")
        self._ahead: tuple[int, float] | None = None
        self._repair_wait = PATIENCE_S
        self._repaired_at: float | None = None
        self.down = False

    @property
    def overdue_after(self) -> float:
        """Seconds of waiting after which a message is overdue while the stream seems well."""
        usual = statistics.median(self._waits) if len(self._waits) >= _ENOUGH else 0.0
        return PATIENCE_S + usual

    def brought(self) -> None:
        """The stream has brought a message, so it works."""
        self.down = False
        self._repair_wait = PATIENCE_S

    def waited(self, seconds: float) -> None:
        """The stream has ended a wait normally."""
        self._waits.append(seconds)

    def broke(self) -> None:
        """The stream has ended."""
        self.down = True

    def next_look(self, since: float, *, passed_over: bool) -> float:
        """When to ask about a message that has been waited for since then.

        Args:
            since: When the wait began.
            passed_over: Whether the stream has shown a later message already.
        """
        if self.down or passed_over:
            due, interval = since, self._look_interval
        else:
            due, interval = since + self.overdue_after, max(self._look_interval, PATIENCE_S)
        return due if self._looked_at is None else max(due, self._looked_at + interval)

    def opened(self, at: float) -> None:
        """The stream was opened; it has GRACE_S to catch up."""
        self._opened_at = at

    def looked(self, at: float, *, answered: bool) -> None:
        """REST was asked; one that does not answer is asked a little less often."""
        self._looked_at = at if answered else at + PATIENCE_S

    def shown_elsewhere(self, sequence_number: int, at: float) -> None:
        """REST has shown this message; the stream has to, within GRACE_S."""
        if self._ahead is None:
            self._ahead = sequence_number, at

    def judge(self, last_sequence: int, now: float) -> bool:
        """Whether the stream is to be opened again, for it does not show what REST showed a while ago."""
        if self._ahead is None:
            return False
        number, _ = self._ahead
        if last_sequence >= number:
            self._ahead = None
            return False
        if now < self.judged_at():
            return False
        self._ahead = None
        self._repaired_at = now
        self._repair_wait = min(2 * self._repair_wait, LONGEST_REPAIR_WAIT_S)
        self.down = True
        return True

    def judged_at(self) -> float:
        """When to call `judge`; infinity for never."""
        if self._ahead is None:
            return float("inf")
        at = max(self._ahead[1], self._opened_at) + GRACE_S
        return at if self._repaired_at is None else max(at, self._repaired_at + self._repair_wait)
