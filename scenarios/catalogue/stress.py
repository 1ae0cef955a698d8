"""Load in steps beyond what the network takes: at which rate something gives way, and what still gets through."""

from __future__ import annotations

from hedera_users.hcs_submitter import HcsSubmitter
from reports.judge.limits import not_served
from reports.schema.report import Report
from scenarios.overload import Level, levels
from scenarios.scenario import Expectation, Judged, Scenario

KEPT = 0.95
"""Part of a step's rate that has to succeed for the step to be kept."""

NOTABLE = 0.01
"""Attempts that the network turned away, as a part of the operations, from which on it has given way."""

HELD = 0.8
"""Part of the best throughput that has to be there still at the highest rate."""


def _kept(level: Level) -> bool:
    return level.succeeded_per_s >= KEPT * level.stretch.asked_per_s


def _table(found: list[Level]) -> str:
    return ", ".join(f"{one.stretch.asked_per_s:,.0f}→{one.succeeded_per_s:,.0f}" for one in found)


def gives_way(report: Report) -> Judged:
    """The first step that was not kept, and who was at the limit; a load that was kept whole was no stress."""
    found = levels(report)
    if len(found) < 2:
        return Judged("the run has no steps (--shape steps with --arrival-rate)", None)
    lost = [one for one in found if not _kept(one)]
    told = f"asked→succeeded per second: {_table(found)}"
    if not lost:
        return Judged(f"every step was kept: {told}", None)
    turned_away = sum(n for status, n in report["resilience"]["retries"]["by_status"].items() if not_served(status))
    if turned_away >= NOTABLE * report["accounting"]["started"]:
        return Judged(f"{told}; the network turned away {turned_away:,} attempts", True)
    limit = report["run"].get("limit")
    by = limit["by"] if limit else "none"
    return Judged(f"{told}; the limit was the {by}", by in ("network", "policy") or None)


def holds(report: Report) -> Judged:
    """Beyond capacity the network's work is shared among more, and must not become less."""
    found = levels(report)
    if len(found) < 2 or all(_kept(one) for one in found):
        return Judged("nothing was asked beyond capacity", None)
    best = max(one.succeeded_per_s for one in found)
    last = found[-1].succeeded_per_s
    return Judged(f"{last:,.1f} per second at the highest rate, {best:,.1f} at best", last >= HELD * best)


SCENARIO = Scenario(
    name="stress",
    question="Who gives way first under too much load, and what still gets through?",
    users=(HcsSubmitter,),
    brief=("--shape", "steps:steps=4,each=8s"),
    expectations=(
        Expectation(
            "something gives way", "a step beyond capacity is not kept, and not for want of the generator", gives_way
        ),
        Expectation(
            "throughput holds",
            f"at the highest rate at least {100 * HELD:g} % of the best step's operations succeed per second",
            holds,
        ),
    ),
    instead_of=frozenset({"requests", "success", "rate"}),
)
