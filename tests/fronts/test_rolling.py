"""Fronts that are reloaded and killed one after the other, as operators do it, under a load of a hundred users."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.locust_command import wait_for_run
from tests.fronts.fronted import Fronted

USERS = 100
LOAD = (
    *("--headless", "--only-summary", "--users", str(USERS), "--spawn-rate", "100", "--stop-timeout", "40"),
    *("--think-time", "0.2", "--seed", "7", "--audit-timeout", "20"),
    # An id that is refused when it is about to expire is replaced: with a circuit that stays open for so long, a call
    # that was called refused although it was taken would become two messages.
    *("--valid-duration", "30", "--breaker-recovery", "12"),
)


OTHERS = ("netty", "nginx", "haproxy-tcp", "grpc-js", "grpc-go")


@pytest.mark.parametrize(
    "name", ["haproxy-http", *(pytest.param(name, marks=pytest.mark.background) for name in OTHERS)]
)
@pytest.mark.timeout(240)
def test_a_rolling_restart_loses_nothing_and_doubles_nothing(
    fronted: Callable[..., Fronted], spawn: Any, finish: Any, tmp_path: Path, name: str
) -> None:
    """Reloaded one by one, then killed one by one: every operation succeeds, and each message is there once."""
    here = fronted(name, "--latency", "instant", "--consensus-delay", "0.5", "--throttles", "off")
    process = spawn(*LOAD, "--run-time", "20s", *here.arguments, "HcsSubmitter", **here.environment)
    wait_for_run(tmp_path)
    here.row.rolling("reload", 0.5)
    here.row.rolling("kill", 1.0)
    finished = finish(process, 120)
    report = finished.report
    assert here.twice() == []
    accounting, audit, retries = report["accounting"], report["audit"], report["resilience"]["retries"]
    assert audit["lost"] == audit["duplicated"] == audit["landed_after_failure"] == 0, finished.output
    assert accounting["succeeded"] == accounting["scheduled"] > 0, finished.output
    assert finished.exit_code == 0, finished.output
    # What happened is told: connections were lost by kills, and what was tried again went well.
    assert sum(one["lost"] + one["failed"] for one in report["resilience"]["connections"]) > 0
    assert retries["exhausted"] == 0
