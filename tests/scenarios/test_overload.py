"""What a load beyond capacity did, read from the timeline of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.catalogue import spike, stress
from scenarios.overload import levels, recovery_s, stretches
from tests.reports.sample import sample_report

BEFORE, HIGH, AFTER = 20, 10, 30


def spiked(folder: Path, *, slow_s: int = 0, failing_s: int = 0, taken: int = 100, base: int = 50) -> Any:
    """A report of 50, then 300, then 50 a second, of a network that takes so many.

    Args:
        folder: For its journal.
        slow_s: Seconds after the spike in which the p95 is ten times as long.
        failing_s: Seconds after the spike in which an operation fails.
        taken: Operations a second that succeed in the spike.
        base: Operations a second that succeed before and after it.
    """
    report: Any = sample_report(folder, pairs=4)
    down, end = BEFORE + HIGH, BEFORE + HIGH + AFTER
    report["run"]["duration_s"] = float(end + 2)
    report["timeline"]["asked"] = [[0, 50], [BEFORE, 50], [BEFORE, 300], [down, 300], [down, 50], [end, 50], [end, 0]]
    points = []
    for second in range(end):
        in_spike = BEFORE <= second < down
        since = second - down
        points.append(
            {
                "t": float(second),
                "started": 300 if in_spike else 50,
                "succeeded": taken if in_spike else base,
                "failed": (300 - taken) if in_spike else int(0 <= since < failing_s),
                "rejected": 0,
                "unknown": 0,
                "p50_ms": 10.0,
                "p95_ms": 400.0 if 0 <= since < slow_s else 40.0,
                "p99_ms": 50.0,
            }
        )
    report["timeline"]["resolution_s"] = 1
    report["timeline"]["series"] = [{"operation": "hcs.submit", "arm": None, "confirm": "ack", "points": points}]
    return report


def test_stretches_are_where_the_rate_stays(tmp_path: Path) -> None:
    """Slopes and jumps are none; each has what succeeded in it once it had settled."""
    report = spiked(tmp_path)
    assert [(one.window, one.asked_per_s) for one in stretches(report)] == [
        ((0, BEFORE), 50),
        ((BEFORE, 30), 300),
        ((30, 60), 50),
    ]
    found = levels(report)
    assert [one.succeeded_per_s for one in found] == [50, 100, 50]
    assert found[1].bad == 200 * 7
    report["timeline"]["asked"] = [[0, 0], [30, 100], [60, 100], [60, 0]]
    assert [one.asked_per_s for one in stretches(report)] == [100]
    del report["timeline"]["asked"]
    assert stretches(report) == []


@pytest.mark.parametrize(("slow_s", "failing_s", "after"), [(0, 0, 0), (6, 0, 6), (0, 9, 9), (4, 11, 11)])
def test_recovery_is_when_all_is_as_before(tmp_path: Path, slow_s: int, failing_s: int, after: float) -> None:
    """Nothing fails, the rate succeeds and the p95 is usual, for three seconds in a row."""
    report = spiked(tmp_path, slow_s=slow_s, failing_s=failing_s)
    before, high, _ = stretches(report)
    assert recovery_s(report, high, before) == after
    judged = spike.recovers(report)
    assert (judged.passed, judged.observed) == (True, f"after {after:g} s")


def test_one_that_never_recovers_fails(tmp_path: Path) -> None:
    """To the end of what was left."""
    judged = spike.recovers(spiked(tmp_path, failing_s=29))
    assert (judged.passed, judged.observed) == (False, "not within the 30 s that were left")
    late = spike.recovers(spiked(tmp_path, slow_s=20))
    assert (late.passed, late.observed) == (False, "after 20 s")


def test_the_spike_has_to_be_one_and_must_not_cost_what_was_kept(tmp_path: Path) -> None:
    """A network that takes it all tells nothing of recovery; one that takes less than before has collapsed."""
    assert spike.gives_way(spiked(tmp_path / "a")).passed is True
    whole = spiked(tmp_path / "b", taken=300)
    whole["accounting"]["shed"] = 0
    assert spike.gives_way(whole).passed is None
    assert spike.keeps_working(spiked(tmp_path / "c")).passed is True
    assert spike.keeps_working(spiked(tmp_path / "d", taken=20)).passed is False
    nothing: Any = sample_report(tmp_path / "e", pairs=4)
    assert {judge(nothing).passed for judge in (spike.gives_way, spike.keeps_working, spike.recovers)} == {None}


def steps(folder: Path, *taken: int) -> Any:
    """A report of steps of 10 s, each 50 a second more, of which so many succeeded."""
    report: Any = sample_report(folder, pairs=4)
    report["timeline"]["asked"] = []
    points = []
    for number, each in enumerate(taken):
        asked = 50 * (number + 1)
        report["timeline"]["asked"] += [[10 * number, asked], [10 * number + 10, asked]]
        points += [
            {"t": 10.0 * number + second, "started": asked, "succeeded": each, "failed": 0, "rejected": 0, "unknown": 0}
            for second in range(10)
        ]
    report["run"]["duration_s"] = 10.0 * len(taken)
    report["timeline"]["resolution_s"] = 1
    report["timeline"]["series"] = [{"operation": "hcs.submit", "arm": None, "confirm": "ack", "points": points}]
    return report


def test_stress_names_who_gave_way_and_what_still_got_through(tmp_path: Path) -> None:
    """The generator's own limit is no answer; a network whose throughput falls has collapsed."""
    report = steps(tmp_path / "a", 50, 100, 120, 118)
    report["run"]["limit"] = {"by": "network", "sentence": "", "evidence": []}
    report["resilience"]["retries"]["by_status"] = {"INVALID_SIGNATURE": 10_000}
    judged = stress.gives_way(report)
    assert judged == ("asked→succeeded per second: 50→50, 100→100, 150→120, 200→118; the limit was the network", True)
    assert stress.holds(report).passed is True
    report["run"]["limit"]["by"] = "generator"
    assert stress.gives_way(report).passed is None
    report["resilience"]["retries"]["by_status"]["BUSY"] = 1 + report["accounting"]["started"] // 100
    judged = stress.gives_way(report)
    assert (judged.passed, "the network turned away" in judged.observed) == (True, True)
    assert stress.holds(steps(tmp_path / "b", 50, 100, 120, 40)).passed is False
    kept = steps(tmp_path / "c", 50, 100, 150)
    assert (stress.gives_way(kept).passed, stress.holds(kept).passed) == (None, None)
    nothing: Any = sample_report(tmp_path / "d", pairs=4)
    assert (stress.gives_way(nothing).passed, stress.holds(nothing).passed) == (None, None)
