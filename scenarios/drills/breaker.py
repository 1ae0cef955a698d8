"""One node refuses messages for a while: its circuit opens, spares it, tries it, and closes."""

from __future__ import annotations

from typing import Final

from reports.schema.report import Report
from reports.schema.resilience import Transition
from scenarios.scenario import Drill, Judged
from scenarios.timeline import Window, course_of

NAME = "breaker opens at the 5th failure, recovers and closes"
NODE: Final = "0.0.4"
FAILURES: Final = 5
LATE_S: Final = 2.0
"""A trial is an operation's call: it comes with the next operation after the recovery time."""
ON_THEIR_WAY: Final = 2
"""Calls that may be under way when the circuit opens."""


def judge(report: Report) -> Judged:
    """Every process's circuit of the node goes from closed over open and half-open to closed, in time."""
    course = course_of(report, NAME)
    if course is None or not course.hits:
        return Judged("no call was refused", None)
    recovery = float(str(report["run"]["settings"]["breaker_recovery"]))
    within = Window(course.window.from_s, course.until_s)
    circuits = [
        _moves(report, one["transitions"], within) for one in report["resilience"]["breakers"] if _is_it(one["name"])
    ]
    judged = [_judge_moves(moves, recovery) for moves in circuits]
    told = "; ".join([f"{course.hits} calls reached the node", *(one.observed for one in judged), course.told])
    spared = course.hits <= (FAILURES + ON_THEIR_WAY) * report["run"]["workers"]
    return Judged(told, spared and not course.bad and bool(judged) and all(one.passed for one in judged))


def _is_it(name: str) -> bool:
    service, _, member = name.partition("@")
    return service.rpartition("/")[2] == "hcs" and member == NODE


def _moves(report: Report, transitions: list[Transition], within: Window) -> list[tuple[float, Transition]]:
    """A circuit's changes in a part of a run, by seconds since its start."""
    dated = [(one.get("time", 0.0) - report["run"]["started_at"], one) for one in transitions]
    return [(at, one) for at, one in dated if within.from_s - 1 <= at <= within.to_s]


def _judge_moves(moves: list[tuple[float, Transition]], recovery: float) -> Judged:
    steps = [one.get("to") for _, one in moves]
    if steps != ["open", "half-open", "closed"]:
        went = ", ".join(str(step) for step in steps) or "nowhere"
        return Judged(f"its circuit went: {went}", passed=False)
    opened, tried, closed = (at for at, _ in moves)
    failures = moves[0][1].get("failures", 0)
    told = (
        f"its circuit opened at failure {failures} in a row, was tried {tried - opened:.1f} s later and closed "
        f"{closed - tried:.1f} s after that"
    )
    return Judged(told, failures == FAILURES and recovery - 0.1 <= tried - opened <= recovery + LATE_S)


DRILL = Drill(
    NAME,
    "a node refuses messages for 4 s: its circuit opens at the 5th failure in a row, no further call goes there, "
    "one tries "
    "it after the recovery time (--breaker-recovery), it closes, and every operation succeeds",
    judge,
    key="breaker",
    faults=({"kind": "node-down", "name": NAME, "nodes": [NODE], "operations": ["submitMessage"], "duration": 4.0},),
    length_s=4.0,
    settle_s=8.0,
)
