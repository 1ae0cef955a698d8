"""A storm of BUSY must not be answered with a multiple of the traffic; and memory returns after it."""

from __future__ import annotations

from typing import Final

from hedera_users.hcs_submitter import SUBMIT
from reports.schema.report import Report
from scenarios.scenario import Drill, Judged
from scenarios.timeline import Window, counts, course_of, traffic

STORM = "a BUSY storm does not multiply traffic"
MEMORY = "memory returns after the storm"
MOST: Final = 1.2
QUIET_S: Final = 25.0
"""Until when the run is taken for one to which nothing has happened yet; memory is compared with what it was then."""
LAST_S: Final = 5.0
GROWTH: Final = 0.25
GROWTH_MB: Final = 20.0


def storm(report: Report) -> Judged:
    """There are at most 1.2 attempts for each operation, and when it is over operations succeed again."""
    course = course_of(report, STORM)
    if course is None or not course.hits:
        return Judged("no call was refused", None)
    window = course.window
    attempts = traffic(report, window)
    after = counts(report, Window(window.to_s + 1, course.until_s), SUBMIT)["succeeded"]
    told = (
        f"{attempts.first + attempts.further:,} attempts for {attempts.first:,} operations: "
        f"{attempts.amplification:.2f} times; {course.bad:,} operations ended with an error, "
        f"{after:,} succeeded afterwards"
    )
    return Judged(told, attempts.amplification <= MOST and after > 0)


def memory(report: Report) -> Judged:
    """The load generator's processes hold about as much at the end as before anything was broken."""
    load_s = report["run"].get("load_s", report["run"]["duration_s"])
    before = after = 0.0
    for process in report["resources"]["processes"]:
        early = [rss for at, _, rss in process["samples"] if at <= QUIET_S]
        late = [rss for at, _, rss in process["samples"] if load_s - LAST_S <= at <= load_s]
        if process["role"] != "master" and early and late:
            before += max(early)
            after += sorted(late)[len(late) // 2]
    if not before or load_s < QUIET_S + LAST_S:
        return Judged("the run was too short to compare", None)
    return Judged(
        f"{after:,.0f} MB at the end, {before:,.0f} MB in the first {QUIET_S:.0f} s",
        after <= before * (1 + GROWTH) + GROWTH_MB,
    )


DRILLS = (
    Drill(
        STORM,
        "every node answers BUSY for 25 s: at most 1.2 attempts for each operation, and afterwards operations "
        "succeed again",
        storm,
        key="busy-storm",
        faults=(
            {"kind": "status", "status": "BUSY", "name": STORM, "operations": ["submitMessage"], "duration": 25.0},
        ),
        length_s=25.0,
        settle_s=10.0,
    ),
    Drill(
        MEMORY,
        "at the end the load generator holds no more than 25 % and 20 MB above what it held before anything was broken",
        memory,
        key="memory",
        length_s=10.0,
        settle_s=0.0,
    ),
)
