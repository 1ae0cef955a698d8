"""An application's day: events, models, reads and the relay by users who think, from a quiet night to noon and back."""

from __future__ import annotations

from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_finder import ModelFinder
from hedera_users.model_storer import ModelStorer
from hedera_users.relay_reader import RelayReader
from hedera_users.relay_transfers import RelayTransfers
from reports.schema.report import Report
from scenarios.arrived import ALL_ARRIVED
from scenarios.scenario import Expectation, Judged, Scenario
from scenarios.timeline import Window, counts


def everything_works(report: Report) -> Judged:
    """Whether no operation failed or stayed unknown, whatever else went on."""
    found = report["accounting"]
    bad = found["failed"] + found["unknown"] - found["stopped"] - found["stopped_reads"]
    told = f"{bad:,} of {found['started']:,} operations of {len(report['operations'])} kinds did not succeed"
    return Judged(told, bad == 0 if found["started"] else None)


def follows_the_day(report: Report) -> Judged:
    """Whether noon was busier than night: the middle half of the run against its two outer quarters."""
    end = report["run"].get("load_s", report["run"]["duration_s"])
    noon = counts(report, Window(end / 4, 3 * end / 4))["succeeded"]
    night = counts(report, Window(0.0, end / 4))["succeeded"] + counts(report, Window(3 * end / 4, end))["succeeded"]
    told = f"{noon / (end / 2):,.1f} operations per second around noon, {night / (end / 2):,.1f} around night"
    return Judged(told, noon > 1.5 * night if noon + night >= 40 else None)


SCENARIO = Scenario(
    name="mixed",
    question="Does an application that does everything at once get through its day?",
    users=(HcsSubmitter, ModelStorer, ModelFinder, RelayReader, RelayTransfers),
    brief=("--shape", "day:period=30s"),
    expectations=(
        Expectation("everything works", "no operation of any kind fails or stays unknown", everything_works),
        Expectation("the day", "half as much again is done around noon as around night", follows_the_day),
        ALL_ARRIVED,
    ),
)
