"""Assigns every instant of an operation to exactly one segment, so that the parts add up to the whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from records.operation import SEGMENTS

OTHER: Final = "other"
START_DELAY: Final = "start_delay"

NS_PER_S: Final = 1_000_000_000
_NOTHING: Final = dict.fromkeys(SEGMENTS, 0)


class Stopwatch:
    """Measures one operation, from its construction to `stop`.

    Time belongs to the segment that was entered last and not left yet, and to `other` while there is none: entering a
    segment inside another one (the sleep before a retry inside the wait for an acknowledgement) pauses the outer one.
    It counts whole nanoseconds, so the segments add up to the total exactly.

    Args:
        start_delay_s: Seconds between the scheduled moment and now.
        clock: Nanoseconds, monotonic.
    """

    __slots__ = (
        "_clock",
        "_current",
        "_delay_ns",
        "_left_ns",
        "_outer",
        "_since_ns",
        "_spent_ns",
        "_start_ns",
        "_total_ns",
    )

    def __init__(self, start_delay_s: float = 0.0, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._spent_ns = _NOTHING.copy()
        self._delay_ns = 0
        if start_delay_s > 0:
            self._spent_ns[START_DELAY] = self._delay_ns = round(start_delay_s * NS_PER_S)
        self._left_ns: dict[str, int] = {}
        self._current = OTHER
        self._outer: list[tuple[str, int]] = []  # what was open before, and when that ended
        self._total_ns: int | None = None
        self._start_ns = self._since_ns = clock()

    def enter(self, segment: str) -> None:
        """Count time for `segment` from now on, until `leave`.

        Raises:
            ValueError: no segment has this name.
        """
        if segment not in _NOTHING:
            raise ValueError(f"segment {segment!r}: use one of {', '.join(SEGMENTS)}")
        now = self._clock()
        self._spent_ns[self._current] += now - self._since_ns
        self._since_ns = now
        self._outer.append((self._current, now))
        self._current = segment

    def leave(self) -> int:
        """Leave the current segment and return to the enclosing one; without one, nothing changes.

        Returns:
            Nanoseconds since it was entered, those of segments inside it included.
        """
        if not self._outer:
            return 0
        now = self._clock()
        self._spent_ns[self._current] += now - self._since_ns
        self._since_ns = now
        self._left_ns[self._current] = now - self._start_ns
        self._current, entered = self._outer.pop()
        return now - entered

    @contextmanager
    def segment(self, name: str) -> Iterator[None]:
        """Count the time inside for a segment, however it ends."""
        self.enter(name)
        try:
            yield
        finally:
            self.leave()

    def claim(self, segment: str, seconds: float) -> float:
        """Count `seconds` that have just passed for `segment` instead of the one that is open.

        For waits that become known only afterwards. At most the time of the open segment can be claimed.

        Returns:
            The seconds that were claimed.

        Raises:
            ValueError: no segment has this name.
        """
        self.enter(segment)
        self.leave()
        spent = self._spent_ns
        moved = max(0, min(round(seconds * NS_PER_S), spent[self._current]))
        spent[self._current] -= moved
        spent[segment] += moved
        return moved / NS_PER_S

    def stop(self) -> float:
        """End the measurement and all open segments, and return `latency_s`; a second call changes nothing."""
        if self._total_ns is None:
            while self._outer:
                self.leave()
            now = self._clock()
            self._spent_ns[self._current] += now - self._since_ns
            self._total_ns = now - self._start_ns
        return self._total_ns / NS_PER_S

    @property
    def latency_s(self) -> float:
        """Seconds from the start to `stop`, or to now."""
        elapsed = self._clock() - self._start_ns if self._total_ns is None else self._total_ns
        return elapsed / NS_PER_S

    @property
    def response_s(self) -> float:
        """Seconds from the scheduled moment to `stop`, or to now."""
        return self.latency_s + self._delay_ns / NS_PER_S

    @property
    def segments_ns(self) -> dict[str, int]:
        """Nanoseconds per segment, for those with any, up to the last change or `stop`."""
        return {name: spent for name, spent in self._spent_ns.items() if spent}

    @property
    def segments_s(self) -> dict[str, float]:
        """The same in seconds; what `OperationRecord.segments_s` holds."""
        return {name: spent / NS_PER_S for name, spent in self._spent_ns.items() if spent}

    @property
    def reached_s(self) -> dict[str, float]:
        """Seconds from the scheduled moment to when each segment was last left; `OperationRecord.reached_s`."""
        return {name: (self._delay_ns + left) / NS_PER_S for name, left in self._left_ns.items()}
