"""Climbs, closes in between the last good and the first bad rate, confirms, and names a rate to operate at."""

from __future__ import annotations

from hedera_users.hcs_submitter import HcsSubmitter
from reports.schema.report import Report
from reports.wording.capacity import figure
from scenarios.scenario import Expectation, Judged, Scenario


def found_and_confirmed(report: Report) -> Judged:
    """A rate was kept to the end of its confirmation, whoever was the limit beyond it."""
    searched = report.get("capacity")
    if not searched or not searched["steps"]:
        return Judged("nothing was tried", None)
    told = f"{figure(searched['rate_per_s'])} operations per second"
    if not searched["confirmed"]:
        return Judged(f"{told}, not confirmed: {searched['why']}", None if searched["rate_per_s"] else False)
    return Judged(f"{told}, confirmed", True)


def by_the_network(report: Report) -> Judged:
    """More than the found rate was not the generator's fault; what it cannot make, it cannot tell of."""
    searched = report.get("capacity")
    if not searched or not searched["steps"]:
        return Judged("nothing was tried", None)
    bad = searched["bad_per_s"]
    if bad is None:
        return Judged("every rate was kept up to the highest that was to be tried (--arrival-rate)", None)
    told = f"{figure(bad)}/s: {searched['why']}"
    if searched["limit_by"] == "generator":
        return Judged(f"the generator was the limit at {told}; use more workers or machines", None)
    return Judged(f"the network was the limit at {told}", True)


SCENARIO = Scenario(
    name="capacity",
    question="How much can it take?",
    users=(HcsSubmitter,),
    brief=(
        *("--arrival-rate", "400", "--localnet-throttles", "ConsensusSubmitMessage=60"),
        *("--shape", "capacity:start=20,step=4s,confirm=8s,limit=90s"),
    ),
    expectations=(
        Expectation(
            "a rate is found", "a rate that keeps all gates for the time of a confirmation", found_and_confirmed
        ),
        Expectation("the network is what limits it", "at a higher rate a gate fails by the network", by_the_network),
    ),
    instead_of=frozenset({"requests", "success", "rate"}),
)
