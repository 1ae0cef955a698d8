"""Whole runs with an arrival rate: operations are due by the schedule, and every one of them is accounted for."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.stats import poisson

RUN = ("--headless", "--only-summary", "--spawn-rate", "50", "--stop-timeout", "15", "--receipt-interval", "0.02")


def arrivals(report: dict[str, Any]) -> dict[str, Any]:
    """What was due, once it is seen that the books balance."""
    accounting = report["accounting"]
    assert accounting["balanced"] is True, accounting["reasons"]
    assert accounting["arrivals"]["due"] == accounting["scheduled"] == accounting["shed"] + accounting["started"]
    for one in accounting["operations"]:
        assert one["scheduled"] == one["shed"] + one["started"]
    return dict(accounting["arrivals"])


def test_two_workers_share_a_constant_rate(run_locust: Any) -> None:
    """40 a second over both, all kinds of users; what is due is the rate times the time, whatever the network takes."""
    finished = run_locust(
        *RUN,
        *("--users", "40", "--run-time", "6s", "--processes", "2", "--arrival-rate", "40/s"),
        *("--confirm", "ack,receipt", "--localnet-consensus-delay", "0.3"),
    )
    assert finished.exit_code == 0, finished.output
    report = finished.report
    came = arrivals(report)
    assert (report["run"]["workers"], came["shed"]) == (2, 0)
    # The clock runs from when all users are there (a second after the start at most) to when they are asked to stop.
    assert 40 * 3.5 <= came["due"] <= 40 * 6.5
    assert report["audit"]["lost"] == report["audit"]["out_of_order"] == 0


def test_random_arrivals_have_the_rate_that_was_asked_for(run_locust: Any) -> None:
    """Poisson: as many as the rate lets expect, give or take what chance does."""
    finished = run_locust(
        *RUN,
        *("--users", "60", "--run-time", "6s", "--arrival-rate", "50", "--arrivals", "poisson"),
        *("--localnet-consensus-delay", "0.1", "HcsSubmitter"),
    )
    assert finished.exit_code == 0, finished.output
    came = arrivals(finished.report)
    assert poisson.ppf(1e-6, 50 * 5) <= came["due"] <= poisson.ppf(1 - 1e-6, 50 * 6.5)
    assert came["shed"] == 0


@pytest.mark.parametrize("patience", ["0", "0.5"])
def test_too_few_users_shed_and_the_report_says_who_was_the_limit(run_locust: Any, patience: str) -> None:
    """Two users who wait half a second each do four a second; the rest is shed, counted, and the generator's."""
    finished = run_locust(
        *RUN,
        *("--users", "2", "--run-time", "5s", "--arrival-rate", "40", "--arrival-patience", patience),
        *("--localnet-consensus-delay", "0.5", "HcsSubmitter"),
    )
    assert finished.exit_code == 5, finished.output  # of the network nothing is known that was not offered to it
    report = finished.report
    came = arrivals(report)
    assert came["shed"] > 0.7 * came["due"]
    kept = report["run"]["rate"]
    assert kept["asked_per_s"] == 40
    assert kept["kept_percent"] == round(100 * came["started"] / came["due"], 2) < 30
    assert {check["name"] for check in report["run"]["checks"] if not check["passed"]} == {"rate", "success"}
    assert report["run"]["headline"].startswith(
        f"Of 40 operations per second that were asked for, {kept['kept_per_s']:.4g} were started ("
    )
    assert report["run"]["headline"] in finished.output
    assert came["latest_ms"] <= 1000 * float(patience) + 100
    assert report["run"]["limit"]["by"] == "generator"
    assert f"{came['shed']:,} of {came['due']:,} scheduled starts were missed" in report["run"]["limit"]["sentence"]


def test_one_run_tells_what_each_level_costs(run_locust: Any) -> None:
    """--confirm with a list: pairs of their own at each level, dearer the further they go."""
    finished = run_locust(
        *RUN,
        *("--users", "12", "--run-time", "10s", "--think-time", "0.05", "--confirm", "ack,receipt,mirror"),
        *("--localnet-consensus-delay", "0.3", "--baseline", "fixed:20ms", "OverheadUser"),
    )
    assert finished.exit_code == 0, finished.output
    report = finished.report
    entries = [entry for entry in report["overhead"] if entry["operation"] == "audit-event"]
    assert [entry["confirm"] for entry in entries] == ["ack", "receipt", "mirror"]
    assert all(entry["reason"] is None for entry in entries), [entry["reason"] for entry in entries]
    costs = [entry["absolute_ms"]["estimate"] for entry in entries]
    assert costs[0] < 250 < 300 < costs[1] < costs[2]
    assert report["run"]["confirm"] == "ack, receipt, mirror"
    assert " to the node's acknowledgement, " in report["run"]["headline"]
    assert report["audit"]["out_of_order"] == 0
