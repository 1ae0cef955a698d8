"""Holds a run's report against the expectations of its scenario."""

from __future__ import annotations

import logging

from reports.judge.expectations import Examined
from reports.schema.report import Drill as Entry
from reports.schema.report import Report
from scenarios.catalogue import scenario
from scenarios.scenario import Drill, Expectation, Judged

logger = logging.getLogger(__name__)


def examine(report: Report) -> Examined:
    """Judge every expectation of the report's scenario; `reports` calls it by name at the end of a run."""
    settings = report["run"]["settings"]
    chosen = scenario(str(settings["scenario"]))
    plan = chosen.plan(str(settings.get("drills", "")))
    entries = [_entry(expectation, report) for expectation in plan.expectations]
    return Examined(chosen.question, entries, chosen.instead_of, rated=chosen.rated)


def _judged(expectation: Expectation, report: Report) -> Judged:
    """What an expectation says of a report; one that raises costs its own answer, and not the run's report."""
    try:
        return expectation.judge(report)
    except Exception as error:
        logger.exception("The expectation %r could not be judged", expectation.name)
        return Judged(f"it could not be judged: {type(error).__name__}: {error}", None)


def _why_not_injected(drill: Drill, report: Report) -> str:
    """Why nothing was injected for a drill that has faults; "" where something was, or nothing had to be."""
    settings = report["run"]["settings"]
    injected = any(one["name"] == drill.name for one in report["timeline"].get("faults", []))
    if injected or not drill.faults or settings["network"] == "localnet":
        return ""
    if settings.get("edge_faults"):
        return "; the client's edge cannot make this fault for this network (docs/faults.md)"
    return "; this network cannot be broken; --edge-faults makes what can be made at the client's edge"


def _entry(expectation: Expectation, report: Report) -> Entry:
    observed, passed = _judged(expectation, report)
    if isinstance(expectation, Drill) and passed is None:
        observed += _why_not_injected(expectation, report)
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
