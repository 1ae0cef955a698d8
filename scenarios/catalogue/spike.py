"""Load that jumps beyond what the network takes, and falls back: what is shed, and how long it takes to recover."""

from __future__ import annotations

from hedera_users.hcs_submitter import HcsSubmitter
from reports.schema.report import Report
from scenarios.overload import Stretch, levels, recovery_s, stretches
from scenarios.scenario import Expectation, Judged, Scenario

WITHIN_S = 15.0
"""Seconds after the spike until all has to be as before: the last retry of what was turned away, and its receipt."""


def _three(report: Report) -> tuple[Stretch, Stretch, Stretch] | None:
    """Before, spike and after; None where the run does not have them."""
    found = stretches(report)
    if len(found) != 3 or not found[0].asked_per_s < found[1].asked_per_s > found[2].asked_per_s:
        return None
    return found[0], found[1], found[2]


def gives_way(report: Report) -> Judged:
    """Something has to give in the spike: else it was none, and nothing is known of recovery."""
    found = _three(report)
    if found is None:
        return Judged("the run has no spike (--shape spike with --arrival-rate)", None)
    spike = levels(report)[1]
    told = f"{spike.succeeded_per_s:,.0f} of {spike.stretch.asked_per_s:,.0f} per second succeeded"
    turned_away = report["resilience"]["retries"]["attempts"]
    shed = report["accounting"]["shed"]
    told += (
        f", {spike.bad:,} operations did not; {turned_away:,} attempts were made again, {shed:,} operations were shed"
    )
    overloaded = spike.bad or shed or spike.succeeded_per_s < 0.95 * spike.stretch.asked_per_s
    return Judged(told, True if overloaded else None)


def keeps_working(report: Report) -> Judged:
    """An overload may cost what is too much, and nothing of what was kept before."""
    if _three(report) is None:
        return Judged("the run has no spike", None)
    before, spike, _ = levels(report)
    told = f"{spike.succeeded_per_s:,.1f} per second succeeded in the spike, {before.succeeded_per_s:,.1f} before it"
    return Judged(told, spike.succeeded_per_s >= 0.95 * before.succeeded_per_s)


def recovers(report: Report) -> Judged:
    """All is as before within WITHIN_S."""
    found = _three(report)
    if found is None:
        return Judged("the run has no spike", None)
    before, spike, after = found
    took = recovery_s(report, spike, before)
    if took is None:
        seconds = after.window.to_s - after.window.from_s
        return Judged(f"not within the {seconds:,.0f} s that were left", False if seconds >= WITHIN_S else None)
    return Judged(f"after {took:g} s", took <= WITHIN_S)


SCENARIO = Scenario(
    name="spike",
    question="What does a jump in load cost, and how long does it last?",
    users=(HcsSubmitter,),
    brief=("--shape", "spike:base=15%,before=8s,spike=6s,after=22s"),
    expectations=(
        Expectation("the spike is one", "the load exceeds what is taken: something is turned away or shed", gives_way),
        Expectation(
            "the network is used all the same",
            "in the spike at least as many operations succeed per second as before it",
            keeps_working,
        ),
        Expectation(
            "recovery",
            f"within {WITHIN_S:g} s nothing fails, the rate is kept and p95 is at most twice that before",
            recovers,
        ),
    ),
    instead_of=frozenset({"requests", "success", "rate"}),
)
