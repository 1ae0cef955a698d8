"""The data of the charts, read off a report; it travels as JSON inside the page and is drawn by report.js."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reports.render.views import overhead_entries, phases

Report = Mapping[str, Any]
Namer = Callable[[Mapping[str, Any]], str]

DECADES: Final = 30
"""Times by which the largest may exceed the smallest on a linear axis."""

MOST_LANES: Final = 10
"""Breakers drawn below the timeline: those that left the closed state longest. All of them are in the table."""


def chart_data(report: Report, name_of: Namer) -> dict[str, Any]:
    """Everything the charts are drawn from."""
    timeline = report["timeline"]
    end = report["run"]["duration_s"]
    rows = _intervals(report)
    return {
        "intervals": rows,
        "intervals_log": _decades_apart(rows),
        "curves": [entry["curves"] for entry in overhead_entries(report)],
        "difference": [entry["absolute_ms"] for entry in overhead_entries(report)],
        "phases": phases(report, name_of),
        "resolution_s": timeline["resolution_s"],
        "duration_s": end,
        "load_s": report["run"].get("load_s", end),
        "timeline": [{"label": name_of(series), **_columns(series["points"])} for series in timeline["series"]],
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
    }


def breaker_spans(report: Report) -> list[dict[str, Any]]:
    """When circuit breakers were open or trying again, in seconds since the start; from the transitions that were kept.

    Breakers that never left the closed state are left out; the one that was away longest comes first.
    """
    begin, end = report["run"]["started_at"], report["run"]["duration_s"]
    lanes = []
    for breaker in report["resilience"]["breakers"]:
        spans: list[dict[str, Any]] = []
        state, since = "closed", 0.0
        for transition in breaker["transitions"]:
            at = max(0.0, transition["time"] - begin)
            if state != "closed":
                spans.append({"state": state, "from": since, "to": at})
            state, since = str(transition["to"]), at
        if state != "closed":
            spans.append({"state": state, "from": since, "to": max(since, end)})
        if spans:
            lanes.append({"name": breaker["name"], "spans": spans})
    return sorted(lanes, key=lambda lane: -sum(span["to"] - span["from"] for span in lane["spans"]))


def _intervals(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "label": entry["operation"] + (f" ({entry['confirm']})" if entry["confirm"] else ""),
            "estimate": entry["absolute_ms"]["estimate"],
            "low": entry["absolute_ms"]["ci95"][0],
            "high": entry["absolute_ms"]["ci95"][1],
        }
        for entry in report["overhead"]
        if entry["absolute_ms"]["ci95"] is not None
    ]


def _decades_apart(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether intervals can be compared on a logarithmic axis only; such an axis has no 0, and shows nothing below."""
    lows, highs = [row["low"] for row in rows], [row["high"] for row in rows]
    return bool(rows) and min(lows) > 0 and max(highs) > DECADES * min(lows)


def _columns(points: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Points as columns, which is a third of the size."""
    names = ("t", "succeeded", "failed", "rejected", "unknown", "p50_ms", "p95_ms", "p99_ms")
    return {name: [point[name] for point in points] for name in names}
