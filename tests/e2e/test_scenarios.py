"""A scenario as users run it: its profile alone, and its report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.locust_command import Finished

QUICK = ("--localnet-consensus-delay", "0.2", "--users", "50", "--spawn-rate", "50")


@pytest.mark.background
def test_reliability_by_its_name(run_locust: Callable[..., Finished]) -> None:
    """`--scenario` brings the profile; drills are injected and judged, and decide with the rest about the exit code.

    The run is as long as the drills that were chosen.
    """
    done = run_locust("--headless", "--scenario", "reliability", *QUICK, "--drills", "retry,together")
    report = done.report
    assert done.exit_code == report["run"]["exit_code"] == 0, done.output
    assert report["run"]["settings"]["arrival_rate"] == 25  # of the profile
    assert [one["passed"] for one in report["drills"]] == [True, True]
    assert [(one["key"], len(one["faults"])) for one in report["drills"]] == [("retry", 4), ("together", 0)]
    assert {user["name"] for user in report["run"]["load"]["user_classes"]} == {"HcsSubmitter", "Burster"}
    assert "2 of 2 expectations held." in done.output
    assert "2 tests, success rate 100 %, EXCELLENT, " in done.output


def test_users_beside_a_scenario_are_refused(run_locust: Callable[..., Finished]) -> None:
    """One line, before anything is started."""
    done = run_locust("--headless", "--scenario", "reliability", "HcsSubmitter", timeout=60)
    assert done.exit_code == 2
    assert (
        "--scenario 'reliability': it brings its own user classes; leave HcsSubmitter out, or the scenario"
        in done.output
    )
    assert not done.report_dir.exists()


@pytest.mark.background
def test_workers_run_a_scenarios_users(run_locust: Callable[..., Finished]) -> None:
    """They are told by their master which scenario it is, and share its load."""
    chosen = ("--drills", "breaker,together")
    done = run_locust("--headless", "--scenario", "reliability", *QUICK, *chosen, "--processes", "2")
    assert done.exit_code == 0, done.output
    assert done.report["run"]["workers"] == 2
    assert [one["passed"] for one in done.report["drills"]] == [True, True]
