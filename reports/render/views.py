"""What the HTML shows, read off a report: sentences, bars and the data of its charts. Pure; knows no HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.render.words import PHASES, label

Report = Mapping[str, Any]

STACKED: Final = ("prepare", "ack", "receipt", "mirror")
"""Phases that follow each other; `consensus` overlaps them and is shown beside."""


def overhead_cards(report: Report) -> list[dict[str, Any]]:
    """One card per compared operation: two bars to scale, and the differences of each figure."""
    cards = []
    for entry in report["overhead"]:
        arms = {"baseline": entry["baseline_ms"], "hedera": entry["hedera_ms"]}
        longest = max((arm["mean"] for arm in arms.values() if arm), default=0.0)
        cards.append(
            {
                **entry,
                "share": {name: 100 * arm["mean"] / longest if arm and longest else 0 for name, arm in arms.items()},
                "rows": [
                    {
                        "figure": figure,
                        "baseline": arms["baseline"][figure],
                        "hedera": arms["hedera"][figure],
                        "difference": arms["hedera"][figure] - arms["baseline"][figure],
                    }
                    for figure in ("mean", "p50", "p95", "p99")
                    if all(arms.values())
                ],
            }
        )
    return cards


def phases(report: Report) -> list[dict[str, Any]]:
    """Mean time per phase of every operation that has phases, with what is left over; milliseconds."""
    found = []
    for entry in report["operations"]:
        means = {phase: figures["mean"] for phase, figures in entry["phases_ms"].items() if figures}
        if not means or entry["latency_ms"] is None:
            continue
        stack = {phase: means.get(phase, 0.0) for phase in STACKED}
        # Phases are averaged over the operations that had them; an operation without one adds nothing to its sum.
        stack["rest"] = max(0.0, entry["latency_ms"]["mean"] - sum(stack.values()))
        found.append(
            {
                "label": label(entry),
                "total": entry["latency_ms"]["mean"],
                "stack": stack,
                "consensus": means.get("consensus"),
            }
        )
    return found


def longest_phase(entries: Sequence[Mapping[str, Any]]) -> str | None:
    """One sentence on where the slowest operation's time goes, or None without phases."""
    if not entries:
        return None
    slowest = max(entries, key=lambda entry: float(entry["total"]))
    phase, took = max(slowest["stack"].items(), key=lambda item: item[1])
    share = 100 * took / slowest["total"] if slowest["total"] else 0
    return f"{slowest['label']} spends {share:.0f} % of its time in “{PHASES[phase][0].lower()}”: {PHASES[phase][1]}."


def open_circuits(report: Report) -> list[dict[str, float]]:
    """When circuit breakers were open, in seconds since the run's start; from the transitions that were kept."""
    begin, end = report["run"]["started_at"], report["run"]["duration_s"]
    spans = []
    for breaker in report["resilience"]["breakers"]:
        opened: float | None = None
        for transition in breaker["transitions"]:
            at = max(0.0, transition["time"] - begin)
            if transition["to"] == "open":
                opened = at if opened is None else opened
            elif transition["to"] == "closed" and opened is not None:
                spans.append({"from": opened, "to": at})
                opened = None
        if opened is not None:
            spans.append({"from": opened, "to": max(opened, end)})
    return spans


def chart_data(report: Report) -> dict[str, Any]:
    """Everything the charts are drawn from; it travels as JSON inside the page."""
    timeline = report["timeline"]
    return {
        "overhead": [
            {"operation": entry["operation"], "curves": entry["curves"]}
            for entry in report["overhead"]
            if entry["reason"] is None
        ],
        "phases": phases(report),
        "phase_names": {name: words[0] for name, words in PHASES.items()},
        "resolution_s": timeline["resolution_s"],
        "duration_s": report["run"]["duration_s"],
        "timeline": [{"label": label(series), **_columns(series["points"])} for series in timeline["series"]],
        "open_circuits": open_circuits(report),
        "resources": [
            {
                "label": process["name"] if process["role"] == "worker" else process["role"],
                "samples": process["samples"],
            }
            for process in report["resources"]["processes"]
        ],
    }


def _columns(points: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Points as columns, which is a third of the size."""
    names = ("t", "succeeded", "failed", "rejected", "unknown", "p50_ms", "p95_ms", "p99_ms")
    return {name: [point[name] for point in points] for name in names}


def failed_checks(report: Report) -> list[Mapping[str, Any]]:
    """The checks that did not hold."""
    return [check for check in report["run"]["checks"] if not check["passed"]]


def account_flow(report: Report) -> list[dict[str, Any]]:
    """Where started operations went, as shares of a bar; empty when nothing was started."""
    accounting = report["accounting"]
    names = ("succeeded", "failed", "rejected", "unknown", "in_flight", "unreported")
    total = sum(max(0, accounting[name]) for name in names)
    return [
        {"name": name, "count": accounting[name], "share": 100 * accounting[name] / total}
        for name in names
        if total and accounting[name] > 0
    ]
