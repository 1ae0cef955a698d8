"""Whether anything grows, over all that is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.judge.leaks import trends
from reports.schema.report import Report
from reports.schema.resources import UsageOverTime
from scenarios.catalogue.soak import SCENARIO, TOO_SHORT, grows
from tests.reports.sample import sample_report
from tests.reports.test_leaks import timeline


def used(name: str, mb_per_s: float, handles: float = 20.0) -> UsageOverTime:
    points: list[list[float | None]] = [[t, 100 + mb_per_s * t, 80 + mb_per_s * t, handles, 5.0] for t in range(240)]
    return {"kind": "watched", "name": name, "resolution_s": 1, "points": points}


def run(folder: Path, *usage: UsageOverTime) -> Report:
    report = sample_report(folder)
    report["resources"]["trends"] = trends(usage, timeline(240, 20.0), {}, 240.0)
    return report


def test_one_leak_fails_it(tmp_path: Path) -> None:
    """It is named; the others are not."""
    report = run(tmp_path, used("tidy", 0.0), used("leaky", 0.1))
    told, passed = grows(report, "memory")
    assert passed is False
    assert "leaky, memory" in told
    assert "tidy" not in told
    assert grows(report, "handles").passed is True


def test_nothing_grows(tmp_path: Path) -> None:
    """The one that grew most is told."""
    told, passed = grows(run(tmp_path, used("tidy", 0.0), used("other", 0.001)), "memory")
    assert passed is True
    assert told.startswith("2 series, most of all other, memory")
    for expectation in SCENARIO.expectations:
        assert expectation.judge(run(tmp_path, used("tidy", 0.0))).passed is True


@pytest.mark.parametrize("measure", ["memory", "latency", "unsettled"])
def test_a_short_run_cannot_tell(tmp_path: Path, measure: str) -> None:
    """So the run is inconclusive, not passed."""
    report = sample_report(tmp_path)
    report["resources"]["trends"] = []
    assert grows(report, measure) == (TOO_SHORT, None)  # type: ignore[arg-type] # one of the measures
    del report["resources"]["trends"]
    assert grows(report, measure).passed is None  # type: ignore[arg-type]


def test_what_cannot_be_told_is_open(tmp_path: Path) -> None:
    """One open series is enough."""
    late = used("late", 0.0)
    for point in late["points"][200:]:
        point[2] = 100.0
    told, passed = grows(run(tmp_path, used("tidy", 0.0), late), "memory")
    assert passed is None
    assert told.startswith("late, memory")
