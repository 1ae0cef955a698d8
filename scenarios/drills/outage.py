"""The whole network is gone for half a minute, and comes back."""

from __future__ import annotations

from typing import Final

from hedera_users.hcs_submitter import SUBMIT
from reports.schema.report import Report
from scenarios.scenario import Drill, Judged
from scenarios.timeline import Window, caught_up_after, counts, course_of

NAME = "the whole network gone for 30 s and back"
AWAY_S: Final = 30.0
BACK_S: Final = 5.0
RECOVERED_S: Final = 20.0


def judge(report: Report) -> Judged:
    """Whatever was due meanwhile is done soon after, and nothing of it is lost."""
    course = course_of(report, NAME)
    if course is None:
        return Judged("the network was never gone", None)
    window, audit = course.window, report["audit"]
    back = _first_success(report, window.to_s)
    took = caught_up_after(report, window)
    first = "none succeeded after it" if back is None else f"the first succeeded {back:.0f} s after its return"
    all_of_it = "the rest was not caught up" if took is None else f"all that had waited were done after {took:.0f} s"
    gone = f"gone for {window.to_s - window.from_s:.0f} s"
    told = f"{gone}; {course.told}; {first}, {all_of_it}; {audit['lost']} messages lost"
    in_time = back is not None and back <= BACK_S and took is not None and took <= RECOVERED_S
    return Judged(told, in_time and not course.bad and not audit["lost"])


def _first_success(report: Report, after_s: float) -> float | None:
    step = report["timeline"]["resolution_s"]
    at = float(int(after_s))
    while at < report["run"]["duration_s"]:
        if counts(report, Window(at + step, at + 2 * step), SUBMIT)["succeeded"]:
            return max(0.0, at + step - after_s)
        at += step
    return None


DRILL = Drill(
    NAME,
    "no node and no mirror answers for 30 s: no operation fails and nothing is lost; the first succeeds within 5 "
    "s of the "
    "return, and 20 s after it nothing waits any more",
    judge,
    key="network-gone",
    faults=(
        {"kind": "node-down", "name": NAME, "duration": AWAY_S},
        {"kind": "mirror-outage", "name": NAME, "duration": AWAY_S},
    ),
    length_s=AWAY_S,
    settle_s=22.0,
)
