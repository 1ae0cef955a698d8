"""Killing a run: the first signal drains and reports, a second one ends it at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.locust_command import wait_for_run

ROOT = Path(__file__).resolve().parents[2]
LONG = (
    "--headless",
    "--only-summary",
    "--users",
    "6",
    "--spawn-rate",
    "6",
    "--run-time",
    "120s",
    "--audit-timeout",
    "2",
)


def test_sigterm_drains_and_reports(spawn: Any, finish: Any, tmp_path: Path) -> None:
    """What is in flight ends, what was handed over is delivered, and the report adds up."""
    process = spawn(
        *LONG, "--stop-timeout", "10", "--confirm", "queued", "--localnet-consensus-delay", "0.5", "HcsSubmitter"
    )
    wait_for_run(tmp_path)
    process.send_signal(signal.SIGTERM)
    finished = finish(process, 60)
    assert finished.exit_code == 0, finished.output
    accounting = finished.report["accounting"]
    assert accounting["balanced"] is True
    assert accounting["succeeded"] == accounting["started"] > 10
    assert finished.report["audit"]["delivered"] == accounting["succeeded"]
    assert "Traceback" not in finished.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once(spawn: Any, tmp_path: Path, number: signal.Signals) -> None:
    """The network stands still, so draining would take the whole minute; asked twice, the process does not wait."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"kind": "stall", "start": 1}]))
    process: subprocess.Popen[str] = spawn(
        *LONG, "--stop-timeout", "60", "--confirm-timeout", "120", "--localnet-faults", str(plan), "HcsSubmitter"
    )
    folder = wait_for_run(tmp_path)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    time.sleep(1.5)
    assert process.poll() is None, "it drains"
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 128 + number, output
    assert "ending at once" in output
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == [], "the embedded network is gone too"
    # The journal outlives it; with the network gone nothing can be said of what arrived.
    audit = subprocess.run(
        [sys.executable, "-m", "reports", "audit", str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert audit.returncode == 5, audit.stdout + audit.stderr
    assert (folder / "report.json").exists()
