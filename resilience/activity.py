"""How many attempts were made when: bounded in memory, mergeable over guards and processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final, TypedDict

KEPT: Final = 600
"""Points of a series; beyond, two neighbours become one and points are twice as long."""

Points = dict[int, list[int]]
"""By the Unix second in which a point begins: first attempts, further attempts, the highest number of an attempt."""


class Series(TypedDict):
    """Attempts over time: seconds of a point, and points `[Unix second, first, further, highest number]`."""

    width: int
    points: list[list[int]]


class Activity:
    """Counts the attempts that one guard lets through, by the second in which they begin.

    First attempts are as many as there are operations, so the ratio of all attempts to them says how much retries
    multiply the traffic.

    Args:
        now: Unix time in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.width = 1
        """Seconds of a point."""
        self.points: Points = {}

    def note(self, number: int) -> None:
        """An operation's attempt of this number (from 1) begins now."""
        second = int(self._now()) // self.width * self.width
        point = self.points.get(second)
        if point is None:
            point = self.points[second] = [0, 0, 0]
            if len(self.points) > KEPT:
                self.width, self.points = _widened(self.width, self.points)
                point = self.points[second // self.width * self.width]
        point[number > 1] += 1
        if number > point[2]:
            point[2] = number

    def snapshot(self) -> Series:
        """The series so far."""
        return {"width": self.width, "points": [[second, *self.points[second]] for second in sorted(self.points)]}


def merge_activities(series: Iterable[Series]) -> Series:
    """The series of several guards together, in the form of `Activity.snapshot`; the coarsest resolution stays.

    Pure, and the order of merging does not matter.
    """
    every = list(series)
    width = max((one["width"] for one in every), default=1)
    merged = Activity()
    merged.width = width
    for one in every:
        for second, first, further, highest in one["points"]:
            _add(merged.points, second // width * width, (first, further, highest))
    while len(merged.points) > KEPT:
        merged.width, merged.points = _widened(merged.width, merged.points)
    return merged.snapshot()


def _widened(width: int, points: Points) -> tuple[int, Points]:
    wider: Points = {}
    for second, counts in points.items():
        _add(wider, second // (2 * width) * (2 * width), counts)
    return 2 * width, wider


def _add(points: Points, second: int, counts: Iterable[int]) -> None:
    first, further, highest = counts
    point = points.setdefault(second, [0, 0, 0])
    point[0] += first
    point[1] += further
    point[2] = max(point[2], highest)
