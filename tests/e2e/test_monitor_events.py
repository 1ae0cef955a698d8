"""The scenario `monitor-events`, for a short time: a real subscription through a real outage of the mirror."""

from __future__ import annotations

from typing import Any

import pytest

from config.scenarios import profile_of
from hedera_users.event_monitor import EVENT, EventMonitor
from scenarios.catalogue.monitor_events import OUTAGE, SHORT_BREAK
from tests.e2e.locust_command import ROOT


@pytest.mark.background
@pytest.mark.timeout(150)
def test_a_subscription_survives_its_breaks(run_locust: Any) -> None:
    """Every message of the run is an event, once; two interruptions are told; and the run passes."""
    finished = run_locust(
        *("--headless", "--config", str(profile_of("monitor-events")), "--run-time", "25s"), timeout=120
    )
    assert finished.exit_code == 0, finished.output
    report = finished.report
    assert [(drill["name"], drill["passed"]) for drill in report["drills"] if not drill["passed"]] == []
    events, messages = (one for one in sorted(report["operations"], key=lambda one: one["name"] == "hcs.submit"))
    assert events["name"] == EVENT
    assert events["succeeded"] == messages["succeeded"] == report["audit"]["delivered"] > 300
    assert events["latency_ms"]["p50"] == pytest.approx(2_200, abs=300), (
        "known after 2 s, shown 0.5 s later, less 0.3 s"
    )
    assert report["accounting"]["balanced"]
    (users,) = [one for one in report["run"]["load"]["user_classes"] if one["name"] == EventMonitor.__name__]
    assert users["users"] == 1
    (broken,) = [one for one in report["resilience"]["event_streams"] if one["delivered"]]
    assert len(broken["breaks"]) == 2
    assert broken["breaks"][1]["lasted_s"] == pytest.approx(8.5, abs=1.5)
    assert "Live subscriptions brought" in finished.output


@pytest.mark.background
@pytest.mark.timeout(150)
def test_one_that_is_not_opened_again_fails(run_locust: Any) -> None:
    """The same run without that protection: both drills fail, and the events that never came are counted."""
    finished = run_locust(
        *("-f", str(ROOT / "tests" / "e2e" / "unmended_locustfile.py"), "--headless"),
        *("--config", str(profile_of("monitor-events")), "--run-time", "22s", "--stop-timeout", "10"),
        timeout=120,
    )
    assert finished.exit_code == 1, finished.output
    passed = {drill["name"]: drill["passed"] for drill in finished.report["drills"]}
    assert (passed[SHORT_BREAK], passed[OUTAGE], passed["every event once, in order"]) == (False, False, False)
    assert passed["everything arrived"] is True
