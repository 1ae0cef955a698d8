"""The same operation without and with Hedera, in pairs, at every confirmation level; or as the user's own application.

    locust --headless --config config/profiles/overhead.conf
    locust --headless --config config/profiles/overhead.conf --network solo \
        --baseline http:http://127.0.0.1:8000/without --with-hedera http:http://127.0.0.1:8000/with

The second one measures an application in any language (examples/node-app).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from config.levels import APPLICATION, LEVELS, parse_levels
from hedera_users.overhead_user import OverheadUser
from reports.schema.overhead import Overhead
from reports.schema.report import Report
from reports.wording.operation_names import listed, several
from scenarios.arrived import ALL_ARRIVED
from scenarios.scenario import Expectation, Judged, Scenario

CANNOT_TELL: Final = "cannot tell"


def has_conclusions(report: Report) -> Judged:
    """Every operation, at every level that was asked for, must have been compared with a result."""
    entries = report["overhead"]
    if not entries:
        return Judged("nothing was compared", None)
    levels = _levels(report)
    there = {(entry["operation"], entry["confirm"]) for entry in entries if entry["conclusion"] != CANNOT_TELL}
    operations = dict.fromkeys(entry["operation"] for entry in entries)
    open_ones = [f"{name} ({level})" for name in operations for level in levels if (name, level) not in there]
    wanted = len(operations) * len(levels)
    told = f"{wanted - len(open_ones)} of {wanted} comparisons have a conclusion"
    if open_ones:
        return Judged(f"{told}; none for {listed(open_ones)}", None)
    return Judged(told, True)


def later_costs_more(report: Report) -> Judged:
    """Of two levels the one that is reached later must not be shown to cost less."""
    by_operation: dict[str, list[Overhead]] = {}
    for entry in report["overhead"]:
        if entry["absolute_ms"]["ci95"] is not None and entry["confirm"] in LEVELS:
            by_operation.setdefault(entry["operation"], []).append(entry)
    compared, wrong = 0, []
    for name, entries in by_operation.items():
        for earlier, later in pairwise(sorted(entries, key=lambda one: LEVELS.index(one["confirm"]))):
            compared += 1
            if _high(later) < _low(earlier):
                wrong.append(f"{several(name)} cost less at {later['confirm']} than at {earlier['confirm']}")
    if len(_levels(report)) == 1:
        return Judged("one level was asked for, so there is no order", True)
    if not compared:
        return Judged("no two levels have a figure", None)
    return Judged(listed(wrong) if wrong else f"in all {compared} pairs of neighbouring levels", not wrong)


def _levels(report: Report) -> tuple[str, ...]:
    """The levels that each operation should have been compared at."""
    if report["run"].get("with_hedera"):
        return (APPLICATION,)
    return tuple(parse_levels(report["run"]["confirm"]))


def _low(entry: Overhead) -> float:
    ci95 = entry["absolute_ms"]["ci95"]
    assert ci95 is not None
    return ci95[0]


def _high(entry: Overhead) -> float:
    ci95 = entry["absolute_ms"]["ci95"]
    assert ci95 is not None
    return ci95[1]


SCENARIO = Scenario(
    name="overhead",
    question="What does Hedera cost the request path, at each confirmation level?",
    users=(OverheadUser,),
    brief=("--run-time", "40s", "--confirm", "ack,receipt"),
    expectations=(
        Expectation(
            "every comparison has a conclusion",
            "Hedera costs, saves, or makes no difference, for every operation and confirmation level",
            has_conclusions,
        ),
        Expectation(
            "later levels cost no less",
            "queued, ack, receipt, mirror: none is shown to cost less than the one before",
            later_costs_more,
        ),
        ALL_ARRIVED,
    ),
)
