"""A moderate load for hours: nothing may grow that would end it some day.

What is judged are the slopes in the report's `resources.trends`, each with its interval (docs/decisions/0134). The run
is kept in its journal as it goes on: one that was killed is judged by `python -m reports audit RUN_DIR`.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from hedera_users.hcs_submitter import HcsSubmitter
from reports.schema.report import Report
from reports.schema.resources import Measure
from scenarios.scenario import Expectation, Judged, Scenario

BAD: Final = ("leak", "grows")

TOO_SHORT: Final = "the run was too short for a trend"


def grows(report: Report, measure: Measure) -> Judged:
    """Whether something grows: in any of the processes that are looked at, or of any operation."""
    found = [one for one in report["resources"].get("trends", []) if one["measure"] == measure and one["per_hour"]]
    if not found:
        return Judged(TOO_SHORT, None)
    bad = [one["sentence"] for one in found if one["verdict"] in BAD]
    open_ones = [one["sentence"] for one in found if one["verdict"] == "cannot tell"]
    if bad or open_ones:
        return Judged(" ".join(bad or open_ones), False if bad else None)
    most = max(found, key=lambda one: one["growth_percent"] or 0.0)
    return Judged(most["sentence"] if len(found) == 1 else f"{len(found)} series, most of all {most['sentence']}", True)


SCENARIO = Scenario(
    name="soak",
    question="Can it go on for ever?",
    users=(HcsSubmitter,),
    brief=("--run-time", "180s"),
    expectations=(
        Expectation("memory", "no process leaks memory", partial(grows, measure="memory")),
        Expectation("handles", "no process leaks handles", partial(grows, measure="handles")),
        Expectation("threads", "no process leaks threads", partial(grows, measure="threads")),
        Expectation(
            "latency",
            "no latency grows by a tenth an hour, or by 15% within what was looked at",
            partial(grows, measure="latency"),
        ),
        Expectation("unsettled operations", "they do not pile up", partial(grows, measure="unsettled")),
    ),
)
