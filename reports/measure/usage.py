"""What a process uses over time: a bounded series of its memory, handles and threads, in a form that can be merged."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import psutil

MAX_POINTS: Final = 600
"""Points per series. A run that outgrows them gets points twice as long (1 s, 2 s, 4 s, …): 10 hours in 64 s each."""


class Look(NamedTuple):
    """What a process uses at one moment; None where that cannot be seen.

    Attributes:
        rss_bytes: Resident memory.
        private_bytes: The part of it that is no file's and nobody else's: what the process itself has taken.
        handles: Open file descriptors.
        threads: Its threads.
    """

    rss_bytes: float | None = None
    private_bytes: float | None = None
    handles: float | None = None
    threads: float | None = None


_Point = tuple[list[Any], list[Any]]
"""Sum and number of each value of the looks within a slice of time."""


class UsageSeries:
    """Looks at one process, counted from `origin`: the mean of each value within each slice of time.

    Args:
        origin: Unix time in seconds of the run's start; what lies before it counts into the first point.
    """

    def __init__(self, origin: float) -> None:
        self.origin = origin
        self.resolution_s = 1
        self._points: dict[int, _Point] = {}

    @property
    def points(self) -> list[tuple[float, Look]]:
        """Seconds from the origin to the middle of each point, and its values, in the order of time."""
        length = self.resolution_s
        return [((slot + 0.5) * length, _means(*point)) for slot, point in sorted(self._points.items())]

    def add(self, at: float, look: Look) -> None:
        """Add a look, at a Unix time in seconds."""
        sums = [0.0 if value is None else value for value in look]
        self._add(at - self.origin, sums, [int(value is not None) for value in look])

    def take(self) -> dict[str, Any]:
        """Return what was added since the last call, in a form that msgpack can carry, and go on with nothing."""
        dumped = self.dump()
        self._points = {}
        return dumped

    def dump(self) -> dict[str, Any]:
        """Return it in a form that msgpack can carry."""
        return {"resolution_s": self.resolution_s, "points": [[slot, *point] for slot, point in self._points.items()]}

    def merge_dump(self, dumped: dict[str, Any]) -> None:
        """Add what `dump` returned elsewhere; the coarser resolution of the two stays."""
        while self.resolution_s < dumped["resolution_s"]:
            self._coarsen()
        for slot, sums, numbers in dumped["points"]:
            self._add(slot * dumped["resolution_s"], sums, numbers)

    def _add(self, offset_s: float, sums: list[float], numbers: list[int]) -> None:
        offset_s = max(0.0, offset_s)
        while offset_s >= MAX_POINTS * self.resolution_s:
            self._coarsen()
        slot = int(offset_s // self.resolution_s)
        self._points[slot] = _together(self._points.get(slot), (sums, numbers))

    def _coarsen(self) -> None:
        """Make points twice as long."""
        finer, self._points = self._points, {}
        self.resolution_s *= 2
        for slot, point in finer.items():
            self._points[slot // 2] = _together(self._points.get(slot // 2), point)


def _together(one: _Point | None, other: _Point) -> _Point:
    if one is None:
        return other
    sums, numbers = (
        [mine + theirs for mine, theirs in zip(*both, strict=True)] for both in zip(one, other, strict=True)
    )
    return sums, numbers


def _means(sums: list[float], numbers: list[int]) -> Look:
    return Look(*(total / number if number else None for total, number in zip(sums, numbers, strict=True)))


def look_at(process: psutil.Process) -> Look:
    """What a process of this machine uses now.

    Raises:
        psutil.Error: it is gone, or is somebody else's.
    """
    with process.oneshot():
        memory = process.memory_info()
        shared = getattr(memory, "shared", None)  # Linux says it; elsewhere only walking all mappings would
        return Look(
            memory.rss,
            None if shared is None else memory.rss - shared,
            process.num_fds(),
            process.num_threads(),
        )
