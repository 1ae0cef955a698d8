"""Reads from a report's timeline what happened while something else did."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from reports.schema.report import Report

OUTCOMES: Final = ("succeeded", "failed", "rejected", "unknown")


class Window(NamedTuple):
    """A part of a run, in seconds since its start."""

    from_s: float
    to_s: float


def window_of(report: Report, fault: str) -> Window | None:
    """When a fault of this name was in effect, the first to the last of them; None where it never was."""
    found = [one for one in report["timeline"].get("faults", []) if one["name"] == fault]
    if not found:
        return None
    ends = [report["run"]["duration_s"] if one["to_s"] is None else one["to_s"] for one in found]
    return Window(min(one["from_s"] for one in found), max(ends))


def span(report: Report, operation: str) -> Window | None:
    """From the first start of an operation of a name to the last end, in whole points; None where there is none."""
    length = report["timeline"]["resolution_s"]
    moments = [
        point["t"]
        for series in report["timeline"]["series"]
        if series["operation"] == operation
        for point in series["points"]
        if any(point[name] for name in ("started", *OUTCOMES))
    ]
    return Window(min(moments), max(moments) + length) if moments else None


def counts(report: Report, window: Window, operation: str = "") -> Counter[str]:
    """How many operations started, and ended how, in a part of a run; whole points of the timeline are counted.

    Args:
        report: The run's.
        window: Which part.
        operation: Of this name only; "" for all.
    """
    length = report["timeline"]["resolution_s"]
    total: Counter[str] = Counter()
    for series in report["timeline"]["series"]:
        if operation in ("", series["operation"]):
            for point in series["points"]:
                if window.from_s - length < point["t"] < window.to_s:
                    total.update({name: point[name] for name in ("started", *OUTCOMES)})
    return total
