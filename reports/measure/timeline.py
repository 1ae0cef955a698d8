"""How the run went over time: bounded series of counts and latencies per operation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from records.operation import Outcome
from reports.measure.keys import OperationKey

MAX_POINTS: Final = 600
"""Points per series. A run that outgrows them gets points twice as long (1 s, 2 s, 4 s, …)."""

BUCKET_RATIO: Final = 1.02
"""Latencies in a point are kept in buckets 2 % wide: plenty for a line in a chart, and a few dozen numbers per point.
The report's figures come from `Distribution`, never from here."""

FOLD_AT: Final = 4096
"""Operations that wait before they are folded into the series in one vectorised step."""

_SCALE: Final = 1 / math.log(BUCKET_RATIO)
COUNTS: Final = ("started", "succeeded", "failed", "rejected", "unknown")
_INDEX: Final = {outcome: COUNTS.index(outcome.value) for outcome in Outcome}


@dataclass(slots=True)
class Point:
    """What happened to one operation in one slice of time; latencies are those of operations that succeeded in it."""

    counts: list[int] = field(default_factory=lambda: [0] * len(COUNTS))
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, counts: list[int], buckets: list[list[int]]) -> None:
        """Add another point's figures."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, counts, strict=True)]
        for bucket, count in buckets:
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def quantile_ms(self, share: float) -> float | None:
        """Latency in milliseconds that `share` of the point's operations did not exceed, within 1 %."""
        total = sum(self.buckets.values())
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= share * total:
                return math.exp((bucket + 0.5) / _SCALE) / 1000
        return None


class Timeline:
    """Series per operation, counted from `origin`.

    Args:
        origin: Unix time in seconds of the run's start; what lies before it counts into the first point.
    """

    def __init__(self, origin: float) -> None:
        self.origin = origin
        self.resolution_s = 1
        self._series: dict[OperationKey, dict[int, Point]] = {}
        self._pending: dict[OperationKey, list[tuple[float, float, int]]] = {}

    @property
    def series(self) -> dict[OperationKey, dict[int, Point]]:
        """Points by operation and slice of time, counted in `resolution_s` from the origin."""
        for key, pending in self._pending.items():
            self._fold(key, pending)
        return self._series

    def record(self, key: OperationKey, started_at: float, latency_s: float, outcome: Outcome) -> None:
        """Add one operation: its start where it started, its outcome and latency where it ended."""
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = []
        pending.append((started_at, latency_s, _INDEX[outcome]))
        if len(pending) >= FOLD_AT:
            self._fold(key, pending)

    @property
    def began_at(self) -> float:
        """Unix time in seconds of the first point; the origin while there is none."""
        first = min((slot for points in self.series.values() for slot in points), default=0)
        return self.origin + first * self.resolution_s

    def dump(self) -> dict[str, Any]:
        """Return it in a form that msgpack can carry."""
        series = {
            key.dump(): [
                [slot, point.counts, [list(pair) for pair in point.buckets.items()]] for slot, point in points.items()
            ]
            for key, points in self.series.items()
        }
        return {"resolution_s": self.resolution_s, "series": series}

    def merge_dump(self, dumped: dict[str, Any]) -> None:
        """Add what `dump` returned elsewhere; the coarser resolution of the two stays."""
        while self.resolution_s < dumped["resolution_s"]:
            self._coarsen()
        for name, points in dumped["series"].items():
            key = OperationKey.load(name)
            for slot, counts, buckets in points:
                self._point_at(key, slot * dumped["resolution_s"]).add(counts, buckets)

    def _fold(self, key: OperationKey, pending: list[tuple[float, float, int]]) -> None:
        """Move what waits of one operation into its series: each different (second, outcome, latency bucket) once."""
        if not pending:
            return
        started_at, latency_s, outcome = np.asarray(pending).T
        pending.clear()
        for second, count in _counted(started_at - self.origin):
            self._point_at(key, second).counts[0] += count
        ended = np.floor(np.maximum(started_at + latency_s - self.origin, 0.0)).astype(np.int64)
        bucket = (np.log(np.maximum(latency_s * 1e6, 1.0)) * _SCALE).astype(np.int64)
        succeeded = outcome == _INDEX[Outcome.SUCCEEDED]
        codes = np.stack([ended, outcome.astype(np.int64), np.where(succeeded, bucket, -1)])
        kinds, counts = np.unique(codes, axis=1, return_counts=True)
        for (second, index, latency), count in zip(kinds.T.tolist(), counts.tolist(), strict=True):
            point = self._point_at(key, second)
            point.counts[index] += count
            if latency >= 0:
                point.buckets[latency] = point.buckets.get(latency, 0) + count

    def _point_at(self, key: OperationKey, offset_s: float) -> Point:
        offset_s = max(0.0, offset_s)
        while offset_s >= MAX_POINTS * self.resolution_s:
            self._coarsen()
        points = self._series.setdefault(key, {})
        slot = int(offset_s // self.resolution_s)
        point = points.get(slot)
        if point is None:
            point = points[slot] = Point()
        return point

    def _coarsen(self) -> None:
        """Make points twice as long."""
        self.resolution_s *= 2
        for key, points in self._series.items():
            merged: dict[int, Point] = {}
            for slot, point in points.items():
                buckets = [list(pair) for pair in point.buckets.items()]
                merged.setdefault(slot // 2, Point()).add(point.counts, buckets)
            self._series[key] = merged


def _counted(offsets_s: npt.NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Each whole second among the offsets, with how many fall into it."""
    seconds, counts = np.unique(np.floor(np.maximum(offsets_s, 0.0)).astype(np.int64), return_counts=True)
    return zip(seconds.tolist(), counts.tolist(), strict=True)
