"""Whether something grows that should not: memory, handles, threads, latency, operations that nobody settles.

Growth is a leak where its interval (`trends`) lies above what matters, and its later half still grows as fast: what
levels off is no leak. It is none where the interval, of the whole or of the later half, lies below. Anything else
cannot be told. What matters is growth both by time and by operations (docs/decisions/0134): 400 bytes per operation
are a small object that somebody forgets, 2 % an hour double a process within two days, and 1 % of what it has is what
an allocator, a cache of pages or a table that grows by doubling may take at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import numpy as np

from reports.judge.trends import Array, trend
from reports.judge.trends import Trend as Line
from reports.measure.usage import Look, UsageSeries
from reports.schema.resources import Measure, Slope, Trend, TrendVerdict, UsageKind, UsageOverTime
from reports.schema.timeline import Point, Timeline
from reports.wording import trends as wording

HOUR_S: Final = 3600.0

ALL_OPERATIONS: Final = "all operations"


@dataclass(frozen=True, slots=True)
class Bound:
    """Growth that matters: the largest of these.

    Attributes:
        per_operation: In the measure's unit.
        per_hour: In the measure's unit.
        share_per_hour: Part of the level.
        share: Part of the level within what was looked at, however short that is.
    """

    per_operation: float = 0.0
    per_hour: float = 0.0
    share_per_hour: float = 0.0
    share: float = 0.0

    def per_s(self, line: Line, operations_per_s: float) -> float:
        """Per second, for a series with this line."""
        level = max(0.0, line.level)
        return max(
            self.per_operation * operations_per_s,
            self.per_hour / HOUR_S,
            self.share_per_hour * level / HOUR_S,
            self.share * level / (line.to_s - line.from_s),
        )


MATTERS: Final[Mapping[Measure, Bound]] = {
    "memory": Bound(per_operation=400e-6, share_per_hour=0.02, share=0.01),
    "handles": Bound(per_operation=1e-3, per_hour=10, share=0.1),
    "threads": Bound(per_operation=1e-3, per_hour=10, share=0.1),
    "latency": Bound(share_per_hour=0.1, share=0.15),
    "unsettled": Bound(per_operation=1e-2, per_hour=10, share=0.1),
}

KEPT_BY_NETWORK_MB: Final = 8e-3
"""Per operation: the embedded network is a ledger, and keeps every transaction, its record and its message."""

UNITS: Final[Mapping[Measure, Literal["MB", "handles", "threads", "ms", "operations"]]] = {
    "memory": "MB",
    "handles": "handles",
    "threads": "threads",
    "latency": "ms",
    "unsettled": "operations",
}


class Values(NamedTuple):
    """A series whose trend is asked for."""

    kind: UsageKind | Literal["operation"]
    subject: str
    measure: Measure
    t: Array
    values: Array
    share: float = 1.0


def usage_over_time(usage: Mapping[tuple[str, str], UsageSeries], skip_s: float, load_s: float) -> list[UsageOverTime]:
    """Return the report's `resources.usage`.

    Args:
        usage: By kind and name.
        skip_s: Seconds that the run was set up before users began; points are counted from there.
        load_s: How long the load lasted; what came after it is left out.
    """
    return [
        {
            "kind": kind,  # type: ignore[typeddict-item] # what the collector calls it
            "name": name,
            "resolution_s": series.resolution_s,
            "points": [_shown(t - skip_s, look) for t, look in series.points if 0 <= t - skip_s <= load_s],
        }
        for (kind, name), series in usage.items()
    ]


def _shown(t: float, look: Look) -> list[float | None]:
    def megabytes(value: float | None) -> float | None:
        return None if value is None else round(value / 1e6, 3)

    def number(value: float | None) -> float | None:
        return None if value is None else round(value, 2)

    memory = [megabytes(look.rss_bytes), megabytes(look.private_bytes)]
    return [round(t, 1), *memory, number(look.handles), number(look.threads)]


def trends(usage: Sequence[UsageOverTime], timeline: Timeline, closed: Mapping[str, int], load_s: float) -> list[Trend]:
    """Return the report's `resources.trends`.

    Args:
        usage: The report's `resources.usage`.
        timeline: The report's.
        closed: How many operations each process closed, by its name.
        load_s: How long the load lasted.
    """
    total = sum(closed.values())
    shares = {name: count / total for name, count in closed.items() if total}
    every = [*_of_processes(usage, shares), *_of_operations(timeline, load_s)]
    found = [_judged(one, timeline) for one in every if len(one.t)]
    return [one for one in found if one["per_hour"] is not None] and found


def _of_processes(usage: Sequence[UsageOverTime], shares: Mapping[str, float]) -> Iterator[Values]:
    for one in usage:
        share = shares.get(one["name"], 0.0) if one["kind"] == "generator" else 1.0
        columns = list(zip(*one["points"], strict=True)) or [()] * 5
        t, rss, private, handles, threads = columns
        memory = private if any(value is not None for value in private) else rss
        series: list[tuple[Measure, tuple[float | None, ...]]] = [
            ("memory", memory),
            ("handles", handles),
            ("threads", threads),
        ]
        for measure, values in series:
            yield Values(one["kind"], one["name"], measure, *_known(t, values), share)


def _of_operations(timeline: Timeline, load_s: float) -> Iterator[Values]:
    """Latency of each operation, and how many operations are unsettled, of all together."""
    step = timeline["resolution_s"]
    left_open: dict[float, int] = {}
    for series in timeline["series"]:
        points = [point for point in series["points"] if point["t"] + step <= load_s]
        for point in points:
            left_open[point["t"]] = left_open.get(point["t"], 0) + _left_open(point)
        if series["arm"] != "baseline":
            name = f"{series['operation']} ({series['confirm']})" if series["confirm"] else series["operation"]
            middles = [point["t"] + step / 2 for point in points]
            yield Values("operation", name, "latency", *_known(middles, [point["p50_ms"] for point in points]))
    moments = sorted(left_open)
    sums = np.cumsum([left_open[t] for t in moments], dtype=np.float64)
    ends = np.array([t + step for t in moments], dtype=np.float64)
    yield Values("operation", ALL_OPERATIONS, "unsettled", ends, sums)


def _left_open(point: Point) -> int:
    """By how much a slice of time leaves more operations unsettled: in flight, or of unknown fate."""
    return point["started"] - point["succeeded"] - point["failed"] - point["rejected"]


def _known(t: Sequence[float | None], values: Sequence[float | None]) -> tuple[Array, Array]:
    """Moments and values, where there is a value."""
    pairs = [(at, value) for at, value in zip(t, values, strict=True) if value is not None]
    both = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _judged(one: Values, timeline: Timeline) -> Trend:
    line = trend(one.t, one.values)
    entry: Trend = {
        "kind": one.kind,
        "subject": one.subject,
        "measure": one.measure,
        "unit": UNITS[one.measure],
        "verdict": "cannot tell",
        "sentence": "",
        "from_s": None,
        "to_s": None,
        "level": None,
        "growth_percent": None,
        "per_hour": None,
        "per_1000_operations": None,
        "matters_per_hour": None,
    }
    if line is not None:
        rate = one.share * _rate(timeline, line)
        bound = _bound_of(one).per_s(line, rate)
        length_s = line.to_s - line.from_s
        entry |= {
            "verdict": _verdict(one.kind, line, bound),
            "from_s": round(line.from_s, 1),
            "to_s": round(line.to_s, 1),
            "level": line.level,
            "growth_percent": 100 * line.per_s * length_s / line.level if line.level > 0 else None,
            "per_hour": _slope(line, HOUR_S),
            "per_1000_operations": _slope(line, 1000 / rate) if rate > 0 and one.measure != "latency" else None,
            "matters_per_hour": bound * HOUR_S,
        }
    entry["sentence"] = wording.sentence(entry)
    return entry


def _bound_of(one: Values) -> Bound:
    if one.kind == "network" and one.measure == "memory":
        return replace(MATTERS["memory"], per_operation=KEPT_BY_NETWORK_MB)
    return MATTERS[one.measure]


def _rate(timeline: Timeline, line: Line) -> float:
    """Operations per second that started in the part of the run that was looked at."""
    started = sum(
        point["started"]
        for series in timeline["series"]
        for point in series["points"]
        if line.from_s <= point["t"] < line.to_s
    )
    return started / (line.to_s - line.from_s)


def _verdict(kind: str, line: Line, bound: float) -> TrendVerdict:
    grows, steady = ("grows", "steady") if kind == "operation" else ("leak", "no leak")
    if line.bounds[0] > bound and line.late_per_s > bound:
        return grows  # type: ignore[return-value] # one of the words
    if line.bounds[1] < bound or line.late_bounds[1] < bound:
        return steady  # type: ignore[return-value]
    return "cannot tell"


def _slope(line: Line, seconds: float) -> Slope:
    return {"estimate": line.per_s * seconds, "ci95": [line.bounds[0] * seconds, line.bounds[1] * seconds]}
