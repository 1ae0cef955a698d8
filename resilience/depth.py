"""How deep a queue was over time: bounded in memory, mergeable over queues and processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

KEPT: Final = 300
"""Points of a history; beyond, two neighbours become one and points are twice as far apart."""

History = list[list[int]]
"""Points as `[Unix second, greatest depth from then on, depth at the end of the point]`, in the order of time. Between
two points the depth was that of the end of the former."""


class DepthHistory:
    """Notes how deep one queue was: a point for every second in which that changed.

    Args:
        now: Unix time in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._width = 1  # seconds of a point
        self._points: History = []

    def note(self, depth: int) -> None:
        """The queue is so deep now."""
        second = int(self._now()) // self._width * self._width
        points = self._points
        if points and points[-1][0] >= second:
            newest = points[-1]
            newest[1], newest[2] = max(newest[1], depth), depth
            return
        points.append([second, depth, depth])
        if len(points) > KEPT:
            self._widen()

    def snapshot(self) -> History:
        """The points so far."""
        return [list(point) for point in self._points]

    def _widen(self) -> None:
        self._width *= 2
        wider: History = []
        for second, greatest, last in self._points:
            begin = second // self._width * self._width
            if wider and wider[-1][0] == begin:
                wider[-1][1:] = [max(wider[-1][1], greatest), last]
            else:
                wider.append([begin, greatest, last])
        self._points = wider


def add_up(histories: Iterable[Sequence[Sequence[int]]]) -> list[list[int]]:
    """The depth of several queues together, as `[Unix second, depth]`: a step at every second in which one changed.

    What two queues reached within the same second is added, although they may have reached it one after the other.
    """
    every = [{second: (greatest, last) for second, greatest, last in history} for history in histories]
    changes = {second for history in every for second in history}
    # A second after a change, what remained of it shows, unless it changes again.
    seconds = sorted(changes | {second + 1 for second in changes})
    depths = [0] * len(every)
    steps: list[list[int]] = []
    for second in seconds:
        total = 0
        for number, history in enumerate(every):
            greatest, depths[number] = history.get(second, (depths[number], depths[number]))
            total += greatest
        if not steps or steps[-1][1] != total:
            steps.append([second, total])
    return steps
