"""The read side: a model found by its metadata, files, a topic and its history; and how far the mirror is behind."""

from __future__ import annotations

from functools import partial
from typing import Final

from hedera_users.model_finder import FETCH, FIND, HISTORY, INFO, SHOWS, ModelFinder
from reports.schema.operations import Operation
from reports.schema.report import Report
from reports.wording.phrases import milliseconds
from scenarios.scenario import Expectation, Judged, Scenario

CONSISTENT_S: Final = 10.0
"""Seconds after which an application that reads what it has written should find it, 95 times of 100."""

READS: Final = {
    FIND: "a model is found by its name and version",
    FETCH: "a file is read from a node",
    INFO: "a node tells what a topic is",
    HISTORY: "the mirror tells what was written to a topic",
}


def succeeded(operation: str, report: Report) -> Judged:
    """No read may fail; beside it, how long they took."""
    found = [one for one in report["operations"] if one["name"] == operation and one["started"]]
    if not found:
        return Judged("none was started", None)
    (entry,) = found
    return Judged(
        f"{entry['succeeded']:,} of {entry['started']:,} succeeded{_times(entry)}",
        entry["succeeded"] == entry["started"],
    )


def consistency(report: Report) -> Judged:
    """What was written has to be seen by readers soon."""
    found = [one for one in report["operations"] if one["name"] == SHOWS and one["started"]]
    if not found:
        return Judged("nothing was announced", None)
    (entry,) = found
    latency = entry["latency_ms"]
    soon = latency is not None and (latency["p95"] or 0.0) <= CONSISTENT_S * 1_000
    told = f"{entry['succeeded']:,} of {entry['started']:,} announcements were shown{_times(entry)} after their receipt"
    return Judged(told, soon and entry["succeeded"] == entry["started"])


def _times(entry: Operation) -> str:
    latency = entry["latency_ms"]
    if latency is None:
        return ""
    return f", half of them within {milliseconds(latency['p50'])} and 95 % within {milliseconds(latency['p95'])}"


SCENARIO = Scenario(
    name="retrieve",
    question="How fast, and how soon, is what was written found again?",
    users=(ModelFinder,),
    brief=("--run-time", "10s", "--localnet-consensus-delay", "0.2"),
    expectations=(
        *(
            Expectation(
                name, "every one succeeds, and what was read is what was announced", partial(succeeded, operation)
            )
            for operation, name in READS.items()
        ),
        Expectation(
            "consistency delay",
            f"95 % of what has its receipt is shown by the mirror within {CONSISTENT_S:g} s",
            consistency,
        ),
    ),
)
