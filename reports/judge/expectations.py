"""What a scenario expected, taken into the report of its run: its results, a check, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from config.exit_codes import ExitCode
from reports.judge.verdict import Check, exit_code_of_checks
from reports.schema.report import Drill, Report
from reports.schema.run import Rating, Suite
from reports.wording import expectations as wording


class Examined(NamedTuple):
    """What came of a scenario's expectations.

    Attributes:
        question: What the scenario answers.
        entries: Each expectation with what was observed: the report's `drills`.
        instead_of: Names of checks that the expectations judge in their place.
        rated: Whether they are summed up as a suite of tests, with a rating.
    """

    question: str
    entries: list[Drill]
    instead_of: frozenset[str]
    rated: bool = False


RATINGS: Final[tuple[tuple[float, Rating], ...]] = ((100, "EXCELLENT"), (90, "GOOD"), (75, "FAIR"), (0, "POOR"))
"""Percent of the tests that have to have passed at least, and what a suite is called then."""

Examiner = Callable[[Report], Examined]


def take_in(report: Report, examined: Examined) -> None:
    """Add to a report what was expected and observed, and let it decide whether the run passed."""
    run = report["run"]
    report["drills"] = examined.entries
    run["checks"] = [
        {**check, "passed": True, "detail": wording.left_to(check["detail"])}
        if check["name"] in examined.instead_of and not check["passed"]
        else check
        for check in run["checks"]
    ]
    # A default gate says what its check says; what is left to the expectations is no gate of this run.
    report["gates"] = [gate for gate in report["gates"] if gate.get("check") not in examined.instead_of]
    if not examined.entries:
        return
    run["checks"].append(_check(examined.entries).as_report())
    run["exit_code"] = int(exit_code_of_checks(run["checks"]))
    if examined.rated:
        run["suite"] = _suite(examined.entries, run["duration_s"])
    told = {"question": examined.question, "answer": wording.answer(examined.entries)}
    run["answers"] = [*run.get("answers", []), {"question": told["question"], "answer": told["answer"]}]


def _suite(entries: list[Drill], duration_s: float) -> Suite:
    passed = sum(entry["passed"] is True for entry in entries)
    percent = 100 * passed / len(entries)
    rating = next(rating for least, rating in RATINGS if percent >= least)
    return {
        "tests": len(entries),
        "passed": passed,
        "success_percent": round(percent, 1),
        "rating": rating,
        "duration_s": duration_s,
        "sentence": wording.suite(len(entries), percent, rating, duration_s),
    }


def _check(entries: list[Drill]) -> Check:
    failed = any(entry["passed"] is False for entry in entries)
    passed = all(entry["passed"] for entry in entries)
    code = ExitCode.FAILED if failed else ExitCode.INCONCLUSIVE
    return Check("expectations", passed, wording.answer(entries).rstrip("."), code)
