"""Reads from a report what a load beyond capacity did: at which rate something gave way, what got through, how long.

All of it is read from the timeline: the rate that was asked for (`timeline.asked`) beside what succeeded and did not.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

from config.curve import Curve
from reports.schema.report import Report
from scenarios.timeline import Window, counts

LEVEL: Final = 0.02
"""Rates that differ by less, as a part of the higher one, are one level."""

SETTLE_S: Final = 3.0
"""Seconds after a change of rate in which what ends is of the rate before."""

AGAIN: Final = 0.9
"""Part of the usual throughput that has to be there again."""

SLOWER: Final = 2.0
"""Times the usual p95 that is no longer usual."""

LEAST_MS: Final = 50.0
"""Differences of p95 below this are none."""

CALM_S: Final = 3
"""Seconds in a row that have to be as before."""


class Stretch(NamedTuple):
    """A time in which the same rate was asked for."""

    window: Window
    asked_per_s: float


class Level(NamedTuple):
    """What came of a stretch, once it had settled."""

    stretch: Stretch
    succeeded_per_s: float
    bad: int
    """Operations that did not succeed."""


def stretches(report: Report) -> list[Stretch]:
    """The times in which the rate stayed the same, in their order; none where it never did."""
    corners = report["timeline"].get("asked", [])
    found: list[Stretch] = []
    for (since, before), (until, after) in pairwise(corners):
        if until - since > SETTLE_S and max(before, after) > 0 and abs(after - before) <= LEVEL * max(before, after):
            found.append(Stretch(Window(since, until), before))
    return found


def levels(report: Report) -> list[Level]:
    """What came of each stretch."""
    found = []
    for stretch in stretches(report):
        settled = Window(stretch.window.from_s + SETTLE_S, stretch.window.to_s)
        seen = counts(report, settled)
        points = max(1, _whole_points(report, settled))
        bad = seen["failed"] + seen["rejected"] + seen["unknown"]
        found.append(Level(stretch, seen["succeeded"] / points, bad))
    return found


def recovery_s(report: Report, spike: Stretch, before: Stretch) -> float | None:
    """Seconds from the end of a spike until all was as before it, and stayed so for CALM_S; None where it never was.

    As before means: nothing fails, as much succeeds as the rate asks for, and the p95 is at most SLOWER times its
    median before the spike.
    """
    length = report["timeline"]["resolution_s"]
    usual_ms = _usual_p95(report, before.window)
    curve = Curve(report["timeline"].get("asked", []))
    calm = 0
    at = spike.window.to_s
    while at + length <= curve.last_at:
        window = Window(at, at + length)
        seen = _at(report, window)
        asked = curve.between(at, at + length)
        slow = usual_ms is not None and seen.p95_ms is not None and seen.p95_ms > SLOWER * usual_ms + LEAST_MS
        as_before = not seen.bad and seen.succeeded >= AGAIN * asked and not slow
        calm = calm + length if as_before else 0
        at += length
        if calm >= CALM_S:
            return round(at - calm - spike.window.to_s, 1)
    return None


class _Second(NamedTuple):
    succeeded: int
    bad: int
    p95_ms: float | None


def _at(report: Report, window: Window) -> _Second:
    """What ended in the point of the timeline that begins at or after a time."""
    length = report["timeline"]["resolution_s"]
    points = [
        point
        for series in report["timeline"]["series"]
        for point in series["points"]
        if window.from_s <= point["t"] < window.from_s + length
    ]
    times = [point["p95_ms"] for point in points if point["p95_ms"] is not None]
    return _Second(
        sum(point["succeeded"] for point in points),
        sum(point["failed"] + point["rejected"] + point["unknown"] for point in points),
        max(times, default=None),
    )


def _usual_p95(report: Report, window: Window) -> float | None:
    """Median over the points of a time of their p95; None where nothing succeeded."""
    found = sorted(
        point["p95_ms"]
        for series in report["timeline"]["series"]
        for point in series["points"]
        if window.from_s + SETTLE_S <= point["t"] < window.to_s and point["p95_ms"] is not None
    )
    return found[len(found) // 2] if found else None


def _whole_points(report: Report, window: Window) -> float:
    """Seconds of the timeline that `counts` takes for a window."""
    length = report["timeline"]["resolution_s"]
    last = int(report["run"]["duration_s"] // length) + 1
    starts = [slot * length for slot in range(last + 1)]
    return sum(length for t in starts if window.from_s - length < t < window.to_s)
