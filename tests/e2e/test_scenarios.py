"""A scenario as users run it: its profile alone, and its report."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.locust_command import Finished

QUICK = ("--localnet-consensus-delay", "0.2", "--users", "20", "--spawn-rate", "20")


def test_reliability_by_its_name(run_locust: Callable[..., Finished]) -> None:
    """`--scenario` brings the profile; the drill is injected, judged, and decides with the rest about the exit code."""
    done = run_locust("--headless", "--scenario", "reliability", *QUICK, "--run-time", "18s")
    report = done.report
    assert done.exit_code == report["run"]["exit_code"] == 0, done.output
    assert report["run"]["settings"]["arrival_rate"] == 20  # of the profile
    assert [one["name"] for one in report["timeline"]["faults"]] == [one["name"] for one in report["drills"]]
    assert [one["passed"] for one in report["drills"]] == [True]
    assert {user["name"] for user in report["run"]["load"]["user_classes"]} == {"HcsSubmitter"}
    assert "1 of 1 expectations held." in done.output


def test_users_beside_a_scenario_are_refused(run_locust: Callable[..., Finished]) -> None:
    """One line, before anything is started."""
    done = run_locust("--headless", "--scenario", "reliability", "HcsSubmitter", timeout=60)
    assert done.exit_code == 2
    assert (
        "--scenario 'reliability': it brings its own user classes; leave HcsSubmitter out, or the scenario"
        in done.output
    )
    assert not done.report_dir.exists()


def test_workers_run_a_scenarios_users(run_locust: Callable[..., Finished]) -> None:
    """They are told by their master which scenario it is, and share its load."""
    done = run_locust("--headless", "--scenario", "reliability", *QUICK, "--run-time", "18s", "--processes", "2")
    assert done.exit_code == 0, done.output
    assert done.report["run"]["workers"] == 2
    assert [one["passed"] for one in done.report["drills"]] == [True]
