"""Whether each part of a run is as those before."""

from __future__ import annotations

from pathlib import Path

from reports.schema.report import Report
from scenarios.catalogue.sustained import latency, slices, throughput
from tests.reports.sample import sample_report
from tests.reports.test_leaks import timeline


def steady(folder: Path, seconds: int = 33, per_s: float = 20.0) -> Report:
    """A run at a steady rate, whose operations take 100 ms."""
    report = sample_report(folder)
    report["timeline"] |= timeline(seconds, per_s)
    report["run"]["load_s"] = float(seconds)
    return report


def test_a_steady_run(tmp_path: Path) -> None:
    """All but the first and what is left over at the end."""
    report = steady(tmp_path)
    assert [one.from_s for one in slices(report)] == [5, 10, 15, 20, 25]
    assert throughput(report) == ("20.0/s to 20.0/s in 5 slices, in the median 20.0/s", True)
    assert latency(report) == ("100 ms to 100 ms in 5 slices, in the median 100 ms", True)


def test_a_stall_shows_in_both(tmp_path: Path) -> None:
    """Five seconds in which less succeeds, and takes longer."""
    report = steady(tmp_path)
    for point in report["timeline"]["series"][0]["points"][10:15]:
        point["succeeded"], point["p50_ms"] = 10, 180.0
    assert throughput(report).passed is False
    assert latency(report) == ("100 ms to 180 ms in 5 slices, in the median 100 ms", False)


def test_a_slice_without_any_is_not_steady(tmp_path: Path) -> None:
    """Nothing succeeded in it, so it has no latency."""
    report = steady(tmp_path)
    for point in report["timeline"]["series"][0]["points"][10:15]:
        point["succeeded"], point["p50_ms"] = 0, None
    assert throughput(report).passed is False
    assert latency(report).passed is False


def test_small_differences_are_borne(tmp_path: Path) -> None:
    """Within the stated tolerances."""
    report = steady(tmp_path)
    for point in report["timeline"]["series"][0]["points"][10:15]:
        point["succeeded"], point["p50_ms"] = 17, 120.0
    assert throughput(report).passed is True
    assert latency(report).passed is True


def test_long_points_make_long_slices(tmp_path: Path) -> None:
    """A long run's points are longer than a second; too short a run tells nothing."""
    report = steady(tmp_path, seconds=14)
    assert throughput(report).passed is None
    report = steady(tmp_path, seconds=200)
    report["timeline"]["resolution_s"] = 4
    assert [one.from_s for one in slices(report)][:2] == [8, 16]
