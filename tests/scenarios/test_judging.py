"""A report held against the expectations of its scenario, and the scenarios' own judgements."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from pkgutil import resolve_name

from reports.conclusion import EXAMINER, _examine
from reports.schema.report import Report
from scenarios import judging
from scenarios.catalogue import scenario
from scenarios.scenario import Expectation, Judged
from tests.reports.sample import sample_report


def test_reports_find_it_by_its_name(tmp_path: Path) -> None:
    """The name in `reports` is that of the function, and every expectation of the scenario is judged."""
    assert resolve_name(EXAMINER) is judging.examine
    report = sample_report(tmp_path)
    report["run"]["settings"]["scenario"] = "reliability"
    examined = judging.examine(report)
    chosen = scenario("reliability")
    assert examined.question == chosen.question
    assert [entry["name"] for entry in examined.entries] == [one.name for one in chosen.expectations]
    assert examined.entries[0].get("kind") == "drill"
    assert examined.entries[1]["passed"] is None  # its fault was never injected


def test_an_expectation_that_cannot_be_judged_costs_nothing_else(tmp_path: Path) -> None:
    """Its own answer is "cannot tell", with what went wrong; the others are judged, and the report is there."""

    def raises(_: Report) -> Judged:
        raise KeyError("gone")

    report = sample_report(tmp_path)
    entries = [
        judging._entry(one, report)
        for one in (Expectation("broken", "x", raises), Expectation("whole", "x", lambda _: Judged("seen", True)))
    ]
    assert [(one["passed"], one["observed"]) for one in entries] == [
        (None, "it could not be judged: KeyError: 'gone'"),
        (True, "seen"),
    ]


def test_a_scenario_that_is_not_there_any_more_costs_no_report(tmp_path: Path) -> None:
    """Of a run of another version; its report is as without."""
    report = sample_report(tmp_path)
    report["run"]["settings"]["scenario"] = "gone"
    before = deepcopy(report)
    _examine(report, "gone")
    assert report == before
