"""What happened while a fault was in effect, read from a report's timeline."""

from __future__ import annotations

from pathlib import Path

from scenarios.timeline import Window, counts, window_of
from tests.reports.sample import LENGTH_S, sample_report


def test_a_window_is_that_of_its_fault(tmp_path: Path) -> None:
    """From the first of its name to the last; one that lasted to the end does so."""
    report = sample_report(tmp_path)
    report["timeline"]["faults"] = [
        {"name": "dead", "from_s": 5.0, "to_s": 7.5},
        {"name": "dead", "from_s": 12.0, "to_s": None},
        {"name": "other", "from_s": 1.0, "to_s": 2.0},
    ]
    assert window_of(report, "dead") == (5.0, report["run"]["duration_s"])
    assert window_of(report, "other") == (1.0, 2.0)
    assert window_of(report, "none") is None


def test_windows_share_out_what_happened(tmp_path: Path) -> None:
    """Whole points are counted, each once where windows meet at their borders."""
    report = sample_report(tmp_path, pairs=60)
    everything = counts(report, Window(0.0, 10 * LENGTH_S))
    points = [point for series in report["timeline"]["series"] for point in series["points"]]
    assert everything["started"] == sum(point["started"] for point in points) > 0
    split = counts(report, Window(0.0, 20.0)) + counts(report, Window(20.0, 10 * LENGTH_S))
    assert split == +everything
    name = report["timeline"]["series"][0]["operation"]
    assert counts(report, Window(0.0, 10 * LENGTH_S), name)["started"] > 0
    assert not counts(report, Window(0.0, 10 * LENGTH_S), "none")
