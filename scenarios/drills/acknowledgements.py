"""Answers that are lost though the call had its effect: what is sent again must not happen twice."""

from __future__ import annotations

from collections.abc import Callable

from reports.schema.report import Report
from scenarios.scenario import Drill, Judged
from scenarios.timeline import course_of

LOST = "lost acknowledgements make no duplicates"
DUPLICATE = "a duplicate submitted elsewhere is settled"


def _judge(name: str) -> Callable[[Report], Judged]:
    def judge(report: Report) -> Judged:
        """Every message arrived, and none of them twice."""
        course = course_of(report, name)
        if course is None or not course.hits:
            return Judged("no acknowledgement was lost", None)
        audit = report["audit"]
        told = f"{course.told}; {course.hits} acknowledgements were lost; {audit['duplicated']} messages arrived twice"
        twice = audit["duplicated"]
        return Judged(told, None if twice is None else not course.bad and not twice)

    return judge


DRILLS = (
    Drill(
        LOST,
        "20 % of the nodes' answers are cut off after the message was taken, for 6 s: every operation succeeds, "
        "and every "
        "message arrives once",
        _judge(LOST),
        key="lost-acks",
        faults=(
            {
                "kind": "ack-lost",
                "how": "reset",
                "name": LOST,
                "operations": ["submitMessage"],
                "share": 0.2,
                "duration": 6.0,
            },
        ),
        length_s=6.0,
        settle_s=6.0,
    ),
    Drill(
        DUPLICATE,
        "a node takes messages and gives no answer, for 5 s: each is sent again to another node, which says "
        "DUPLICATE_TRANSACTION; every operation succeeds by its receipt, and every message arrives once",
        _judge(DUPLICATE),
        key="duplicate",
        faults=(
            {
                "kind": "ack-lost",
                "how": "hang",
                "name": DUPLICATE,
                "nodes": ["0.0.5"],
                "operations": ["submitMessage"],
                "duration": 5.0,
            },
        ),
        length_s=5.0,
        settle_s=10.0,
    ),
)
