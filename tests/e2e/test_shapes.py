"""Whole runs under a shape: users or the rate follow it, it ends them, and the report reckons with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.locust_command import Finished

RUN = ("--headless", "--only-summary", "--localnet-consensus-delay", "0.2", "--receipt-interval", "0.05")


@pytest.mark.background
def test_users_follow_a_shape_to_its_end(run_locust: Callable[..., Finished]) -> None:
    """Nobody says how long it is to last but the shape; --run-time beside it is told to have no effect."""
    done = run_locust(
        *RUN,
        *("--users", "6", "--shape", "steps:steps=2,each=3s", "--think-time", "0.1", "--run-time", "40s"),
        "HcsSubmitter",
    )
    assert done.exit_code == 0, done.output
    report = done.report
    assert "--run-time 40 has no effect: --shape steps:steps=2,each=3s says how long it lasts" in done.output
    assert 5 < report["run"]["load_s"] < 15
    assert (report["run"]["load"]["users"], report["run"]["load"]["shape"]) == (6, "RunShape")
    assert report["run"]["rate"] is None
    assert report["timeline"]["asked"] == []


def test_two_workers_make_a_rate_that_changes(run_locust: Callable[..., Finished]) -> None:
    """As many operations are due as the curve adds up to, over both; users stay as many as were asked for."""
    done = run_locust(
        *RUN,
        *("--users", "40", "--spawn-rate", "40", "--processes", "2"),
        *("--arrival-rate", "40", "--shape", "spike:base=25%,before=3s,spike=3s,after=2s"),
        "HcsSubmitter",
    )
    assert done.exit_code == 0, done.output
    report = done.report
    came = report["accounting"]["arrivals"]
    assert came["due"] == pytest.approx(10 * 3 + 40 * 3 + 10 * 2, abs=2)
    assert report["accounting"]["balanced"] is True, report["accounting"]["reasons"]
    assert report["run"]["rate"]["asked_per_s"] == pytest.approx(170 / 8, abs=0.01)
    assert (report["run"]["rate"]["highest_per_s"], report["run"]["load"]["users"]) == (40, 40)
    begin = report["timeline"]["asked"][0][0]
    assert [(round(at - begin, 2), rate) for at, rate in report["timeline"]["asked"]] == [
        *((0, 10), (3, 10), (3, 40), (6, 40), (6, 10), (8, 10), (8, 0)),
    ]
    assert "operations per second that were asked for in the mean" in done.output


@pytest.mark.background
@pytest.mark.timeout(300)
def test_a_search_finds_a_throttle_and_says_so(run_locust: Callable[..., Finished]) -> None:
    """The scenario in its short form, on a network of 60 messages a second."""
    done = run_locust(
        *("--headless", "--scenario", "capacity", "--arrival-rate", "400", "--only-summary"),
        *("--localnet-throttles", "ConsensusSubmitMessage=60"),
        *("--shape", "capacity:start=25,step=4s,confirm=8s,tolerance=10%,limit=2m"),
        timeout=240,
    )
    report = done.report
    found = report["capacity"]
    assert done.exit_code in (0, 5), done.output  # 5: so busy a machine that the generator was the limit
    if found["limit_by"] == "network":
        assert found["rate_per_s"] == pytest.approx(60, rel=0.13), found
    assert found["steps"][0]["asked_per_s"] == 25
    assert found["published"][0] == {
        "name": "ConsensusSubmitMessage",
        "per_s": 60.0,
        "source": "--localnet-throttles",
    }
    assert "operations per second were kept, on the embedded network" in report["run"]["headline"]
    assert report["audit"]["lost"] == 0


def test_a_wrong_shape_is_refused_with_one_line(run_locust: Callable[..., Finished]) -> None:
    """Before anything is started."""
    done = run_locust("--headless", "--shape", "steps:each=never", timeout=60)
    assert done.exit_code == 2
    assert "--shape 'steps:each=never': each=never: give a time such as 30s or 2m" in done.output
    assert not done.report_dir.exists()
