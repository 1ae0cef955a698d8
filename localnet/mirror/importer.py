"""Brings settled transactions to the mirror, some time after consensus."""

from __future__ import annotations

from collections import deque

from localnet.clock import NANOS, Clock
from localnet.consensus import Timer
from localnet.mirror.store import MirrorStore
from localnet.submission import Submission

# A transaction takes its consensus timestamp a moment before the importer hears of it.
_MARGIN_NS = NANOS // 4


class Importer:
    """Shows each settled transaction on the mirror `lag` seconds after consensus; without lag at once."""

    def __init__(self, store: MirrorStore, clock: Clock, timer: Timer, lag: float) -> None:
        self._store = store
        self._clock = clock
        self._timer = timer
        self._lag = lag
        self._waiting: deque[tuple[float, Submission]] = deque()

    def complete_ns(self) -> int:
        """Until which consensus time the mirror shows everything, Unix nanoseconds."""
        return self._waiting[0][1].consensus_ns - 1 if self._waiting else self._clock.now_ns() - _MARGIN_NS

    def settled(self, submission: Submission) -> None:
        """A transaction reached consensus."""
        if not self._lag:
            self._show(submission)
            return
        due = self._timer.time() + self._lag
        self._waiting.append((due, submission))
        if len(self._waiting) == 1:
            self._timer.call_at(due, self._show_due)

    def _show_due(self) -> None:
        now = self._timer.time()
        while self._waiting and self._waiting[0][0] <= now:
            self._show(self._waiting.popleft()[1])
        if self._waiting:
            self._timer.call_at(self._waiting[0][0], self._show_due)

    def _show(self, submission: Submission) -> None:
        submission.mirror_visible = self._clock.now()
        self._store.add(submission)
