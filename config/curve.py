"""A level over time in straight lines: users, or operations due per second, and how many operations that makes."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Point(NamedTuple):
    """A corner of a curve: seconds, and the level there."""

    at: float
    level: float


class Curve:
    """A level that goes in straight lines from point to point; two points at one time are a jump.

    Before the first point the level is 0, and from the last one on it stays as it is there. Everyone who has the same
    points computes the same: so processes share a schedule without speaking of each operation.

    Args:
        points: Corners in the order of their times; levels are 0 or more.

    Raises:
        ValueError: times go back, or a level is negative or no number.
    """

    __slots__ = ("_sums", "_times", "points")

    def __init__(self, points: Iterable[Sequence[float]] = ()) -> None:
        self.points = tuple(Point(float(at), float(level)) for at, level in points)
        if any(later.at < earlier.at for earlier, later in pairwise(self.points)):
            raise ValueError("the times of a curve go back")
        if not all(math.isfinite(at) and math.isfinite(level) and level >= 0 for at, level in self.points):
            raise ValueError("a curve's times are numbers, and its levels are 0 or more")
        self._times = [point.at for point in self.points]
        self._sums = [0.0]
        for one, other in pairwise(self.points):
            self._sums.append(self._sums[-1] + (other.at - one.at) * (one.level + other.level) / 2)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Curve) and self.points == other.points

    def __hash__(self) -> int:
        return hash(self.points)

    def __repr__(self) -> str:
        return f"Curve({[tuple(point) for point in self.points]})"

    def __bool__(self) -> bool:
        """Whether it has a point: one without is 0 for ever."""
        return bool(self.points)

    @classmethod
    def constant(cls, level: float, since: float = 0.0) -> Curve:
        """The same level from a time on."""
        return cls([(since, level)])

    @property
    def last_at(self) -> float:
        """Time of its last point, from which on nothing changes; of none, minus infinity."""
        return self._times[-1] if self._times else -math.inf

    @property
    def highest(self) -> float:
        """The highest level that it has."""
        return max((point.level for point in self.points), default=0.0)

    def level(self, at: float) -> float:
        """The level at a time; where it jumps, the one after."""
        left = bisect_right(self._times, at) - 1
        if left < 0:
            return 0.0
        return self._along(left, at - self._times[left])

    def total(self, until: float) -> float:
        """What the level adds up to from the beginning until a time: of a rate, the operations due."""
        left = bisect_right(self._times, until) - 1
        if left < 0:
            return 0.0
        passed = until - self._times[left]
        return self._sums[left] + passed * (self.points[left].level + self._along(left, passed)) / 2

    def between(self, since: float, until: float) -> float:
        """What it adds up to from one time to a later one; 0 where that is no later."""
        return max(0.0, self.total(until) - self.total(since))

    def reached(self, total: float) -> float:
        """The time at which `total` comes to a value and goes on; infinity where it never does.

        Where the level is 0 for a while, the value is reached when it rises again.
        """
        if not self.points:
            return math.inf
        left = max(0, bisect_right(self._sums, total) - 1)
        missing = total - self._sums[left]
        here = self.points[left].level
        slope = self._slope(left)
        # The root of here·x + slope·x²/2 = missing, in the form that does not cancel where the slope is small.
        under = max(0.0, here * here + 2 * slope * missing)
        divisor = here + math.sqrt(under)
        if divisor == 0.0:
            # At rest here: one that rises from 0 begins at once.
            return self._times[left] if missing <= 0 and slope > 0 else math.inf
        return self._times[left] + max(0.0, 2 * missing / divisor)

    def later(self, seconds: float) -> Curve:
        """The same curve, so many seconds later."""
        return Curve((at + seconds, level) for at, level in self.points)

    def times(self, factor: float) -> Curve:
        """The same curve with all levels multiplied."""
        return Curve((at, level * factor) for at, level in self.points)

    def then(self, at: float, level: float) -> Curve:
        """The curve as it is until a time, and from then on a constant level; what lay after it is dropped."""
        kept = [point for point in self.points if point.at < at]
        if kept:
            kept.append(Point(at, self._before(at)))
        return Curve([*kept, Point(at, level)])

    def _before(self, at: float) -> float:
        """The level just before a time, which differs from the one at it where the curve jumps."""
        left = max(index for index, point in enumerate(self.points) if point.at < at)
        return self._along(left, at - self._times[left])

    def _along(self, left: int, passed: float) -> float:
        """The level so many seconds after a point, on the line that leaves it."""
        return max(0.0, self.points[left].level + self._slope(left) * passed)

    def _slope(self, left: int) -> float:
        """How much the level changes per second after a point."""
        if left + 1 >= len(self.points):
            return 0.0
        one, other = self.points[left], self.points[left + 1]
        return (other.level - one.level) / (other.at - one.at) if other.at > one.at else 0.0


NOTHING = Curve()
"""The curve without points."""
