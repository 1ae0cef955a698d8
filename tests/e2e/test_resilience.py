"""What the options of resilience do to a real run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e.locust_command import free_port, wait_for_run

SHORT = (
    "--headless",
    "--only-summary",
    "--users",
    "8",
    "--spawn-rate",
    "8",
    "--run-time",
    "6s",
    "--stop-timeout",
    "15",
)
QUICK = ("--localnet-consensus-delay", "0.1", "--think-time", "0.1", "--receipt-interval", "0.05")


def started(report: dict[str, Any], name: str, confirm: str, arm: str | None = None) -> dict[str, Any]:
    """One line of the report's operations."""
    (found,) = [
        entry
        for entry in report["operations"]
        if (entry["name"], entry["confirm"], entry["arm"]) == (name, confirm, arm)
    ]
    return dict(found)


def test_one_run_tells_what_each_level_would_cost(run_locust: Any) -> None:
    """Handing over costs least, the mirror most; what was handed over arrives all the same, and is accounted for."""
    finished = run_locust(*SHORT, *QUICK, "--confirm", "queued,ack,receipt,mirror", "OverheadUser", "HcsSubmitter")
    assert finished.exit_code == 0, finished.output
    report = finished.report
    assert report["accounting"]["balanced"] is True
    assert report["audit"]["delivered"] == report["audit"]["acknowledged"] > 100
    means = [
        started(report, "hcs.submit", level)["latency_ms"]["mean"] for level in ("queued", "ack", "receipt", "mirror")
    ]
    assert means == sorted(means)
    assert [entry["confirm"] for entry in report["overhead"] if entry["operation"] == "audit-event"] == [
        *("queued", "ack", "receipt", "mirror"),
    ]


def plan_of(tmp_path: Path, *faults: dict[str, Any]) -> str:
    """A file of faults."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(faults))
    return str(plan)


def test_limits_of_our_own_hold_the_run_back(run_locust: Any, tmp_path: Path) -> None:
    """Two calls at once, each of 0.2 s: the others wait, nothing fails, and the report says what it was."""
    plan = plan_of(tmp_path, {"kind": "node-slow", "delay": 0.2, "operations": ["submitMessage"]})
    finished = run_locust(
        *SHORT,
        *("--confirm", "ack", "--concurrency", "2", "--rate-limit", "network", "--think-time", "0.1"),
        *("--localnet-consensus-delay", "0.05", "--localnet-faults", plan, "HcsSubmitter"),
    )
    assert finished.exit_code == 0, finished.output
    report = finished.report
    submitted = started(report, "hcs.submit", "ack")
    assert submitted["succeeded"] == submitted["started"] > 20
    assert submitted["throughput_per_s"] < 12
    segments = submitted["segments_ms"]
    waited = segments.get("limiter", {"mean": 0})["mean"] + segments.get("queue", {"mean": 0})["mean"]
    assert waited > 200, "eight users share two places"
    assert report["resilience"]["queue"]["drained"] == report["resilience"]["queue"]["enqueued"] > 20
    assert {limiter["kind"] for limiter in report["resilience"]["limiters"]} == {"all-of"}
    assert report["run"]["limit"]["by"] == "policy", report["run"]["limit"]


def test_an_outage_fills_the_queue_which_drains_when_it_is_over(run_locust: Any, tmp_path: Path) -> None:
    """All nodes go down for three seconds: circuits open, operations wait, and go on when the nodes are back."""
    plan = plan_of(tmp_path, {"kind": "node-down", "start": 1, "duration": 3})
    finished = run_locust(
        *SHORT,
        *QUICK,
        *(
            "--users",
            "20",
            "--breaker-recovery",
            "0.5",
            "--backoff",
            "0.05",
            "--attempts",
            "10",
            "--localnet-faults",
            plan,
        ),
        "HcsSubmitter",
    )
    report = finished.report
    assert report["accounting"]["balanced"] is True
    assert report["audit"]["duplicated"] == report["audit"]["lost"] == 0
    assert sum(breaker["opened"] for breaker in report["resilience"]["breakers"]) >= 4
    assert {breaker["state"] for breaker in report["resilience"]["breakers"]} == {"closed"}
    queue = report["resilience"]["queue"]
    assert queue["drained"] > 0
    assert queue["enqueued"] == queue["drained"] + queue["expired"] + queue["left"] + queue["withdrawn"]
    assert report["accounting"]["succeeded"] > 0.9 * report["accounting"]["started"]


class RedisServer(NamedTuple):
    """A running Redis."""

    url: str
    process: subprocess.Popen[bytes]


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own; where REQUIRE_REDIS is set, as in CI, a machine without one is a failure."""
    server = shutil.which("redis-server")
    if server is None:
        if os.environ.get("REQUIRE_REDIS"):
            pytest.fail("redis-server is not installed, and REQUIRE_REDIS is set")
        pytest.skip("redis-server is not installed")
    port = free_port()
    process = subprocess.Popen(
        [server, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
    )
    time.sleep(0.5)
    yield RedisServer(f"redis://127.0.0.1:{port}/0", process)
    process.terminate()
    process.wait()


def test_redis_that_goes_away_is_told(spawn: Any, finish: Any, tmp_path: Path, redis_server: RedisServer) -> None:
    """The run goes on with circuits of each process; one line says so when it happens, and one in the summary."""
    process = spawn(
        *("--headless", "--only-summary", "--users", "2", "--run-time", "8s", "--localnet-latency", "instant"),
        *("--think-time", "0.1", "--breaker-storage", redis_server.url, "HcsSubmitter"),
    )
    wait_for_run(tmp_path)
    redis_server.process.terminate()
    finished = finish(process)
    assert finished.exit_code == 0, finished.output
    assert finished.output.count("Redis does not answer: until it does, this process has circuits of its own") == 1
    (warning,) = [one for one in finished.report["resources"]["warnings"] if "Redis" in one]
    assert f"Warning: {warning}" in finished.output
    assert "Traceback" not in finished.output


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


def test_workers_share_their_circuits_through_redis(run_locust: Any, tmp_path: Path, redis_url: str) -> None:
    """One node goes down; the circuit that one worker opens is open for the other, and it closes for both."""
    plan = plan_of(tmp_path, {"kind": "node-down", "nodes": ["0.0.3"], "start": 1, "duration": 2})
    finished = run_locust(
        *SHORT,
        *QUICK,
        *("--processes", "2", "--breaker-storage", redis_url, "--breaker-recovery", "0.7", "--localnet-faults", plan),
        "HcsSubmitter",
    )
    assert finished.exit_code == 0, finished.output
    report = finished.report
    assert report["accounting"]["balanced"] is True
    shared = [breaker for breaker in report["resilience"]["breakers"] if breaker["name"] == "hcs@0.0.3"]
    assert len(shared) == 2, "both workers speak of the same circuit"
    assert all(breaker["opened"] >= 1 for breaker in shared)
    assert {breaker["state"] for breaker in shared} == {"closed"}
