"""Reads from a report's timeline what happened while something else did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from hedera_users.hcs_submitter import SUBMIT
from reports.schema.report import Report
from reports.schema.timeline import Series

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


def at_the_edge(report: Report, fault: str) -> bool:
    """Whether faults of this name were made at the client's own edge."""
    return any(one.get("edge") for one in report["timeline"].get("faults", []) if one["name"] == fault)


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


class Course(NamedTuple):
    """What went on because of one drill.

    Attributes:
        window: When its faults were in effect.
        until_s: When the next drill began, or the run ended; what it caused is counted until then.
        hits: Calls or messages that its faults hit.
        succeeded: Operations that did.
        bad: Operations that did not: failed, were rejected, or stayed unknown.
    """

    window: Window
    until_s: float
    hits: int
    succeeded: int
    bad: int

    @property
    def told(self) -> str:
        """How many operations succeeded, in words."""
        return f"{self.succeeded:,} of {self.succeeded + self.bad:,} operations succeeded"


def course_of(report: Report, fault: str, operation: str = SUBMIT) -> Course | None:
    """What went on because of the faults of this name; None where there were none, or no operation ended then."""
    window = window_of(report, fault)
    if window is None:
        return None
    until_s = next_drill(report, fault, window)
    seen = counts(report, Window(window.from_s, until_s), operation)
    bad = seen["failed"] + seen["rejected"] + seen["unknown"]
    if not seen["succeeded"] + bad:
        return None
    hits = sum(one.get("hits", 0) for one in report["timeline"].get("faults", []) if one["name"] == fault)
    return Course(window, until_s, hits, seen["succeeded"], bad)


def next_drill(report: Report, fault: str, window: Window) -> float:
    """When the next fault of another name began; the end of the run where there is none."""
    later = [one["from_s"] for one in report["timeline"].get("faults", []) if one["name"] != fault]
    return min((at for at in later if at > window.from_s), default=report["run"]["duration_s"] + 1)


def backlog(report: Report, at_s: float, confirm: str | None = None) -> int:
    """How many submitted messages had begun and not ended by then; of all confirmation levels, or of one."""
    pending = 0
    for series in _submits(report, confirm):
        for point in series["points"]:
            if point["t"] < at_s:
                pending += point["started"] - sum(point[name] for name in OUTCOMES)
    return pending


def usual_backlog(report: Report, window: Window, confirm: str | None = None) -> int:
    """How many are under way when nothing is wrong, generously.

    Half as many again as there were before, and what begins within a second, ten at least.
    """
    before = max(backlog(report, window.from_s - back, confirm) for back in (0.0, 1.0, 2.0))
    earlier = Window(window.from_s - 4, window.from_s - 1)
    begun = sum(
        point["started"]
        for series in _submits(report, confirm)
        for point in series["points"]
        if earlier.from_s <= point["t"] < earlier.to_s
    )
    return before + before // 2 + max(10, begun // 3)


def caught_up_after(report: Report, window: Window, confirm: str | None = None) -> float | None:
    """Seconds from the end of a window until no more than the usual number was under way; None where that never came.

    In whole points of the timeline.
    """
    usual = usual_backlog(report, window, confirm)
    step = report["timeline"]["resolution_s"]
    at = window.to_s
    while at <= report["run"].get("load_s", report["run"]["duration_s"]) + step:
        if backlog(report, at, confirm) <= usual:
            return at - window.to_s
        at += step
    return None


def median_ms(report: Report, window: Window) -> dict[str, float]:
    """The median of the points' median latencies of submitted messages in a part of a run, by confirmation level."""
    length = report["timeline"]["resolution_s"]
    found: dict[str, float] = {}
    for series in _submits(report, None):
        medians = sorted(
            point["p50_ms"]
            for point in series["points"]
            if window.from_s - length < point["t"] < window.to_s and point["p50_ms"] is not None
        )
        if medians:
            found[series["confirm"] or ""] = medians[len(medians) // 2]
    return found


class Traffic(NamedTuple):
    """Attempts at a service in a part of a run: first ones, further ones, and the highest number of an attempt."""

    first: int
    further: int
    most: int

    @property
    def amplification(self) -> float:
        """How many attempts there were for each operation."""
        return (self.first + self.further) / self.first if self.first else 1.0


def traffic(report: Report, window: Window, service: str = "hcs") -> Traffic:
    """Attempts that began in a part of a run; whole points are counted."""
    first = further = most = 0
    for entry in report["resilience"].get("attempts", []):
        if entry["service"] == service:
            for point in entry["points"]:
                if window.from_s - entry["resolution_s"] < point["t"] < window.to_s:
                    first, further = first + point["first"], further + point["further"]
                    most = max(most, point["most"])
    return Traffic(first, further, most)


def _submits(report: Report, confirm: str | None) -> Iterator[Series]:
    for series in report["timeline"]["series"]:
        if series["operation"] == SUBMIT and confirm in (None, series["confirm"]):
            yield series
