"""Holds a run's report against the expectations of its scenario."""

from __future__ import annotations

from reports.judge.expectations import Examined
from reports.schema.report import Drill as Entry
from reports.schema.report import Report
from scenarios.catalogue import scenario
from scenarios.scenario import Drill, Expectation


def examine(report: Report) -> Examined:
    """Judge every expectation of the report's scenario; `reports` calls it by name at the end of a run."""
    chosen = scenario(str(report["run"]["settings"]["scenario"]))
    entries = [_entry(expectation, report) for expectation in chosen.expectations]
    return Examined(chosen.question, entries, chosen.instead_of)


def _entry(expectation: Expectation, report: Report) -> Entry:
    observed, passed = expectation.judge(report)
    return {
        "name": expectation.name,
        "kind": "drill" if isinstance(expectation, Drill) else "expectation",
        "expected": expectation.expected,
        "observed": observed,
        "passed": passed,
    }
