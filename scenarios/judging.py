"""Holds a run's report against the expectations of its scenario."""

from __future__ import annotations

from reports.judge.expectations import Examined
from reports.schema.report import Drill as Entry
from reports.schema.report import Report
from scenarios.catalogue import scenario
from scenarios.scenario import Drill, Expectation


def examine(report: Report) -> Examined:
    """Judge every expectation of the report's scenario; `reports` calls it by name at the end of a run."""
    settings = report["run"]["settings"]
    chosen = scenario(str(settings["scenario"]))
    plan = chosen.plan(str(settings.get("drills", "")))
    entries = [_entry(expectation, report) for expectation in plan.expectations]
    return Examined(chosen.question, entries, chosen.instead_of, rated=chosen.rated)


def _entry(expectation: Expectation, report: Report) -> Entry:
    observed, passed = expectation.judge(report)
    entry: Entry = {
        "name": expectation.name,
        "kind": "drill" if isinstance(expectation, Drill) else "expectation",
        "expected": expectation.expected,
        "observed": observed,
        "passed": passed,
    }
    if isinstance(expectation, Drill):
        entry["key"] = expectation.key
        entry["faults"] = [one for one in report["timeline"].get("faults", []) if one["name"] == expectation.name]
    return entry
