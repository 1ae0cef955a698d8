"""A report held against the expectations of its scenario, and the scenarios' own judgements."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

from reports.conclusion import EXAMINER
from scenarios import judging
from scenarios.catalogue import reliability, scenario
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
    assert examined.entries[0]["passed"] is None  # its fault was never injected


def test_a_dead_node(tmp_path: Path) -> None:
    """Whatever does not succeed while it is dead fails the drill."""
    report = sample_report(tmp_path)
    report["timeline"]["faults"] = [{"name": reliability.DEAD_NODE, "from_s": 0.0, "to_s": 60.0}]
    for series in report["timeline"]["series"]:
        for point in series["points"]:
            point.update(failed=0, rejected=0, unknown=0)
    assert reliability.dead_node(report).passed is True
    report["timeline"]["series"][0]["points"][3]["failed"] = 1
    assert reliability.dead_node(report).passed is False
