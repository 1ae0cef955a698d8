"""The data of the charts, read off a report; `reports.render.plots` draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from typing_extensions import TypedDict

from reports.render.views import Namer, PhaseChart, overhead_entries, phases
from reports.schema.capacity import Capacity, PublishedLimit
from reports.schema.overhead import Curves, Estimate
from reports.schema.report import Report
from reports.schema.resources import UsageOverTime
from reports.schema.timeline import Point

DECADES: Final = 30
"""Times by which the largest may exceed the smallest on a linear axis."""

MOST_LANES: Final = 10
"""Breakers drawn below the timeline: those that left the closed state longest. All of them are in the table."""


_COLUMNS: Final[
    tuple[Literal["t", "succeeded", "failed", "rejected", "unknown", "p50_ms", "p95_ms", "p99_ms"], ...]
] = ("t", "succeeded", "failed", "rejected", "unknown", "p50_ms", "p95_ms", "p99_ms")

_Stretch = TypedDict("_Stretch", {"from": float, "to": float})


class Interval(TypedDict):
    """An estimate and the two ends of its interval, milliseconds."""

    label: str
    estimate: float | None
    low: float
    high: float


class Span(_Stretch):
    """When a breaker was in a state, seconds since the start."""

    state: str


class FaultSpan(_Stretch):
    """When a fault lasted, seconds since the start."""

    name: str


class Lane(TypedDict):
    """A breaker and when it was not closed."""

    name: str
    spans: list[Span]


class Line(TypedDict):
    """The points of one operation as columns."""

    label: str
    t: list[float | None]
    succeeded: list[float | None]
    failed: list[float | None]
    rejected: list[float | None]
    unknown: list[float | None]
    p50_ms: list[float | None]
    p95_ms: list[float | None]
    p99_ms: list[float | None]


class ProcessSamples(TypedDict):
    """A process and its samples, as the report has them."""

    label: str
    samples: list[list[float]]


class UsageLine(TypedDict):
    """A process and its memory over time."""

    label: str
    t: list[float | None]
    memory_mb: list[float | None]


class Knee(TypedDict):
    """What came of each rate that was tried, in the order of the rates; columns, as in `Line`."""

    asked: list[float]
    succeeded: list[float]
    p95_ms: list[float | None]
    good: list[bool]
    found: float
    limits: list[PublishedLimit]


class ChartData(TypedDict):
    """Everything that is drawn.

    Attributes that are lists of columns are of one length each.
    """

    knee: Knee | None

    intervals: list[Interval]
    intervals_log: bool
    compared: list[str]
    curves: list[Curves]
    difference: list[Estimate]
    phases: PhaseChart
    resolution_s: int
    duration_s: float
    load_s: float
    timeline: list[Line]
    asked: list[list[float]]
    faults: list[FaultSpan]
    breakers: list[Lane]
    queue: list[list[float]]
    resources: list[ProcessSamples]
    usage: list[UsageLine]


def chart_data(report: Report, name_of: Namer) -> ChartData:
    """Everything the charts are drawn from."""
    timeline = report["timeline"]
    end = report["run"]["duration_s"]
    rows = _intervals(report)
    return {
        "knee": _knee(report.get("capacity")),
        "intervals": rows,
        "intervals_log": _decades_apart(rows),
        "compared": [entry["operation"] for entry in overhead_entries(report)],
        "curves": [entry["curves"] for entry in overhead_entries(report)],
        "difference": [entry["absolute_ms"] for entry in overhead_entries(report)],
        "phases": phases(report, name_of),
        "resolution_s": timeline["resolution_s"],
        "duration_s": end,
        "load_s": report["run"].get("load_s", end),
        "timeline": [_line(name_of(series), series["points"]) for series in timeline["series"]],
        "asked": timeline.get("asked", []),
        "faults": [
            {"name": fault["name"], "from": fault["from_s"], "to": end if fault["to_s"] is None else fault["to_s"]}
            for fault in timeline.get("faults", [])
        ],
        "breakers": breaker_spans(report)[:MOST_LANES],
        "queue": timeline.get("queue", []),
        "resources": [
            {
                "label": process["name"] if process["role"] == "worker" else process["role"],
                "samples": process["samples"],
            }
            for process in report["resources"]["processes"]
        ],
        "usage": [_memory(one) for one in report["resources"].get("usage", [])],
    }


def breaker_spans(report: Report) -> list[Lane]:
    """When circuit breakers were open or trying again, in seconds since the start; from the transitions that were kept.

    Breakers that never left the closed state are left out; the one that was away longest comes first.
    """
    begin, end = report["run"]["started_at"], report["run"]["duration_s"]
    lanes: list[Lane] = []
    for breaker in report["resilience"]["breakers"]:
        spans: list[Span] = []
        state, since = "closed", 0.0
        for transition in breaker["transitions"]:
            at = max(0.0, transition["time"] - begin)
            if state != "closed":
                spans.append({"state": state, "from": since, "to": at})
            state, since = transition["to"], at
        if state != "closed":
            spans.append({"state": state, "from": since, "to": max(since, end)})
        if spans:
            lanes.append({"name": breaker["name"], "spans": spans})
    return sorted(lanes, key=lambda lane: -sum(span["to"] - span["from"] for span in lane["spans"]))


def _memory(one: UsageOverTime) -> UsageLine:
    private = any(point[2] is not None for point in one["points"])
    return {
        "label": one["name"],
        "t": [point[0] for point in one["points"]],
        "memory_mb": [point[2] if private else point[1] for point in one["points"]],
    }


def _knee(searched: Capacity | None) -> Knee | None:
    """What throughput and latency did as the rate grew; None where no rate was searched for."""
    if searched is None or not searched["steps"]:
        return None
    steps = sorted(searched["steps"], key=lambda step: step["asked_per_s"])
    highest = steps[-1]["asked_per_s"]
    return {
        "asked": [step["asked_per_s"] for step in steps],
        "succeeded": [step["succeeded_per_s"] for step in steps],
        "p95_ms": [step["p95_ms"] for step in steps],
        "good": [step["good"] for step in steps],
        "found": searched["rate_per_s"],
        "limits": [one for one in searched["published"] if one["per_s"] <= 1.2 * highest],
    }


def _intervals(report: Report) -> list[Interval]:
    return [
        {
            "label": entry["operation"] + (f" ({entry['confirm']})" if entry["confirm"] else ""),
            "estimate": entry["absolute_ms"]["estimate"],
            "low": ci95[0],
            "high": ci95[1],
        }
        for entry in report["overhead"]
        if (ci95 := entry["absolute_ms"]["ci95"]) is not None
    ]


def _decades_apart(rows: Sequence[Interval]) -> bool:
    """Whether intervals can be compared on a logarithmic axis only; such an axis has no 0, and shows nothing below."""
    lows, highs = [row["low"] for row in rows], [row["high"] for row in rows]
    return bool(rows) and min(lows) > 0 and max(highs) > DECADES * min(lows)


def _line(label: str, points: Sequence[Point]) -> Line:
    t, succeeded, failed, rejected, unknown, p50_ms, p95_ms, p99_ms = (
        [point[name] for point in points] for name in _COLUMNS
    )
    return {
        "label": label,
        "t": t,
        "succeeded": succeeded,
        "failed": failed,
        "rejected": rejected,
        "unknown": unknown,
        "p50_ms": p50_ms,
        "p95_ms": p95_ms,
        "p99_ms": p99_ms,
    }
