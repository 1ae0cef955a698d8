"""A report held against the expectations of its scenario, and the scenarios' own judgements."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

from reports.conclusion import EXAMINER
from scenarios import judging
from scenarios.catalogue import scenario
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
