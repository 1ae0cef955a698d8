"""The judgements of an application's day."""

from __future__ import annotations

from pathlib import Path

from scenarios.catalogue import mixed
from tests.reports.sample import sample_report


def test_what_failed_fails_it(tmp_path: Path) -> None:
    """What the end of the run cut off does not."""
    report = sample_report(tmp_path)
    accounting = report["accounting"]
    accounting.update(failed=1, unknown=2, stopped=2, stopped_reads=1)
    assert mixed.everything_works(report).passed is True
    accounting.update(unknown=3)
    assert mixed.everything_works(report).passed is False
    accounting.update(started=0)
    assert mixed.everything_works(report).passed is None


def test_noon_has_to_be_busier_than_night(tmp_path: Path) -> None:
    """Half as much again; with too little of either it cannot tell."""
    report = sample_report(tmp_path)
    (first, *others) = report["timeline"]["series"]
    for series in others:
        series["points"] = []
    report["run"]["load_s"] = 40.0
    point = first["points"][0]

    def day(*succeeded: int) -> bool | None:
        times = (2.0, 15.0, 25.0, 35.0)
        first["points"] = [{**point, "t": t, "succeeded": n} for t, n in zip(times, succeeded, strict=True)]  # type: ignore[typeddict-item]
        return mixed.follows_the_day(report).passed

    assert day(20, 40, 40, 20) is True
    assert day(30, 40, 40, 30) is False
    assert day(1, 4, 4, 1) is None
