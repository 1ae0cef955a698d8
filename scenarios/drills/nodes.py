"""Single nodes that are dead, slow, or have a wrong clock: the others carry the load."""

from __future__ import annotations

from typing import Final

from reports.schema.report import Report
from reports.wording.clocks import TOO_EARLY
from scenarios.scenario import Drill, Judged
from scenarios.timeline import Window, at_the_edge, backlog, course_of, median_ms, traffic, usual_backlog

DEAD = "a dead node is routed around"
SLOW = "a slow node costs only its share"
CLOCK = "a clock 15 s off is named"

SLOW_BY_S: Final = 1.0
SKEWED: Final = "0.0.6"
SKEW_S: Final = 15.0
SPARE_SHARE: Final = 0.1
"""Part of the calls that a node may get beyond its share, by chance and by retries."""
MEDIAN_RISE: Final = 0.2
MEDIAN_RISE_MS: Final = 100.0
"""By how much the median may rise: so much of itself, and so much besides."""


def dead(report: Report) -> Judged:
    """Nothing fails while a node is dead, and nothing waits for it."""
    course = course_of(report, DEAD)
    if course is None or not course.hits:
        return Judged("the node was never called while it was dead", None)
    window = course.window
    usual = usual_backlog(report, window)
    seconds = range(int(window.from_s) + 1, int(window.to_s) + 2)
    most = max(backlog(report, float(at)) for at in seconds)
    told = f"{course.told}; {course.hits} calls met the dead node; at most {most} operations at once (usual: {usual})"
    return Judged(told, not course.bad and most <= usual)


def slow(report: Report) -> Judged:
    """Half of the operations, and more, never notice."""
    course = course_of(report, SLOW)
    if course is None or not course.hits:
        return Judged("the node was never slow", None)
    window = course.window
    before = median_ms(report, Window(max(0.0, window.from_s - 5), window.from_s - 1))
    during = median_ms(report, Window(window.from_s + 2, window.to_s + 1))
    attempts = traffic(report, window)
    share = course.hits / max(1, attempts.first + attempts.further)
    fair = 1 / max(1, len(report["run"]["network"].get("nodes", {})))
    levels = [level for level in before if level in during]
    calm = all(during[level] <= before[level] * (1 + MEDIAN_RISE) + MEDIAN_RISE_MS for level in levels)
    medians = ", ".join(f"{during[level]:,.0f} ms instead of {before[level]:,.0f} ms ({level})" for level in levels)
    counted = not at_the_edge(report, SLOW)  # there, pieces of answers are counted, and not calls
    of_calls = f"the node had {share:.0%} of the calls (its share: {fair:.0%})" if counted else "its calls not counted"
    told = f"{course.told}; {of_calls}; median {medians or 'unknown'}"
    fairly = share <= fair + SPARE_SHARE or not counted
    return Judged(told, bool(levels) and calm and not course.bad and fairly)


def clock(report: Report) -> Judged:
    """The report says which node's clock is wrong, and nothing failed for it."""
    course = course_of(report, CLOCK)
    refused = report["resilience"]["retries"].get("by_member", {}).get(SKEWED, {}).get(TOO_EARLY, 0)
    if course is None:
        return Judged("no clock was wrong", None)
    named = [line for line in report["resources"]["warnings"] if SKEWED in line and "clock" in line]
    told = f"{course.told}; it refused {refused} attempts; {named[0] if named else 'the report does not name it'}"
    return Judged(told, bool(refused and named) and not course.bad)


DRILLS = (
    Drill(
        DEAD,
        "a node refuses all calls for 8 s: every operation succeeds, and no more of them are under way than usual",
        dead,
        key="dead-node",
        faults=({"kind": "node-down", "name": DEAD, "nodes": ["0.0.3"], "duration": 8.0},),
        length_s=8.0,
        settle_s=6.0,
    ),
    Drill(
        SLOW,
        "a node takes 1 s longer for each message, for 8 s: every operation succeeds, it gets no more than its share "
        "of the calls and 10 % besides (where they can be counted), and the median does not rise by more than 20 % "
        "and 100 ms",
        slow,
        key="slow-node",
        faults=(
            {
                "kind": "node-slow",
                "name": SLOW,
                "nodes": ["0.0.3"],
                "operations": ["submitMessage"],
                "delay": SLOW_BY_S,
                "duration": 8.0,
            },
        ),
        length_s=8.0,
    ),
    Drill(
        CLOCK,
        "a node's clock is 15 s behind, for 5 s: every operation succeeds, and the report names the node and its clock",
        clock,
        key="clock",
        faults=({"kind": "clock-skew", "name": CLOCK, "nodes": [SKEWED], "delay": -SKEW_S, "duration": 5.0},),
        length_s=5.0,
    ),
)
