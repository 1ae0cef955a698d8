"""The mirror is away, or its stream falls silent without an end: messages are waited for, and the stream catches up."""

from __future__ import annotations

from typing import Final

from config.levels import MIRROR
from reports.schema.report import Report
from scenarios.scenario import Drill, Judged
from scenarios.timeline import Window, caught_up_after, course_of

OUTAGE = "a mirror outage is survived and caught up"
SILENT = "a silent mirror stream is survived and caught up"
CATCH_UP_S: Final = 5.0
NOTICED_S: Final = 8.0
"""By when a stream that brings nothing has been noticed and opened again."""


def outage(report: Report) -> Judged:
    """Who waits for the mirror goes on when it is back."""
    course = course_of(report, OUTAGE)
    if course is None or MIRROR not in report["run"]["confirm"]:
        return Judged("nobody waited for the mirror", None)
    took = caught_up_after(report, course.window, MIRROR)
    told = f"{course.told}; {_took(took)} after it was back; streams ended {_streams(report, 'ended')} times"
    return Judged(told, not course.bad and took is not None and took <= CATCH_UP_S)


def silent(report: Report) -> Judged:
    """The silence is noticed, and the stream opened again."""
    course = course_of(report, SILENT)
    if course is None or not course.hits or MIRROR not in report["run"]["confirm"]:
        return Judged("no stream fell silent", None)
    began = course.window.from_s
    took = caught_up_after(report, Window(began, began + NOTICED_S), MIRROR)
    opened = _streams(report, "silent")
    told = f"{course.told}; {course.hits} streams fell silent, {opened} were opened again for it; "
    told += _took(None if took is None else took + NOTICED_S) + " after it began"
    return Judged(told, not course.bad and opened > 0 and took == 0)


def _took(seconds: float | None) -> str:
    return "it was not caught up" if seconds is None else f"caught up within {seconds:.0f} s"


def _streams(report: Report, what: str) -> int:
    return sum(int(str(one.get(what, 0))) for one in report["resilience"].get("mirror_streams", []))


DRILLS = (
    Drill(
        OUTAGE,
        "the mirror answers nothing for 6 s: every operation that waits for it succeeds, and within 5 s of its return "
        "no more of them wait than usual",
        outage,
        key="mirror-outage",
        faults=({"kind": "mirror-outage", "name": OUTAGE, "duration": 6.0},),
        length_s=6.0,
        settle_s=8.0,
    ),
    Drill(
        SILENT,
        "the mirror's stream brings nothing any more, without an end: it is opened again, and 8 s later no more "
        "operations wait for the mirror than usual",
        silent,
        key="mirror-silent",
        faults=({"kind": "mirror-silent", "name": SILENT, "duration": 1.0},),
        length_s=1.0,
        settle_s=11.0,
    ),
)
