"""The audit at the end of real runs: strict, lagging and foreign mirrors; `python -m reports audit` says the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from localnet_launcher import start_localnet
from tests.e2e.locust_command import ROOT, Finished, clean_environment

SHORT = (
    *("--headless", "--only-summary", "--run-time", "4s", "--users", "6", "--spawn-rate", "20", "--stop-timeout", "15"),
    *("--think-time", "0.1", "--receipt-interval", "0.02", "HcsSubmitter"),
)


def audit_again(finished: Finished) -> tuple[int, str]:
    """Exit code and output of `python -m reports audit` for the latest run."""
    done = subprocess.run(
        [sys.executable, "-m", "reports", "audit", str(finished.report_dir / "latest")],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=90,
    )
    return done.returncode, done.stdout + done.stderr


def rendered(finished: Finished) -> list[str]:
    """The files that people and programs read."""
    folder: Path = finished.report_dir / "latest"
    return [(folder / name).read_text() for name in ("report.html", "report.md", "junit.xml")]


def test_a_strict_mirror_passes(run_locust: Any, own_network: Any) -> None:
    """Behind the rules of MN:rest (values from 1, 50 requests a second) a run ends with 0, and again."""
    network = own_network("--consensus-delay", "0.1", "--mirror-rate-limit", "50")
    asked = f"{network.localnet.network.mirror_rest}/api/v1/topics/0.0.5/messages?sequencenumber=gt:0"
    assert requests.get(asked, timeout=10).status_code == 400
    finished = run_locust(*SHORT, *network.arguments, **network.environment)
    assert finished.exit_code == 0, finished.output
    audit = finished.report["audit"]
    assert (audit["lost"], audit["not_shown_yet"], audit["doubt"], audit["running_hash_verified"]) == (0, 0, None, True)
    assert audit["mirror_clock"].endswith("Z")
    assert audit_again(finished)[0] == 0
    assert finished.report["audit"]["delivered"] == audit["delivered"] > 0


def test_a_mirror_that_lags_is_waited_for_or_doubted(run_locust: Any, own_network: Any, tmp_path: Path) -> None:
    """With `mirror-lag` longer than `--audit-timeout`: exit code 5 and the mirror's clock, never "lost"; later 0."""
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"kind": "mirror-lag", "delay": 14}]))
    network = own_network("--consensus-delay", "0.1", "--faults", str(faults))
    began = time.monotonic()
    finished = run_locust(*SHORT, "--audit-timeout", "2", *network.arguments, **network.environment)
    assert finished.exit_code == 5, finished.output
    audit = finished.report["audit"]
    assert audit["lost"] == 0
    assert audit["not_shown_yet"] == audit["acknowledged"] - audit["delivered"] > 0
    assert re.search(r"not shown yet: the mirror had come to \S+ .*UTC, the newest .* was sent at", audit["doubt"])
    assert "Traceback" not in finished.output
    assert all("not shown yet" in text for text in [finished.output, *rendered(finished)])
    code, output = audit_again(finished)
    while code == 5 and time.monotonic() < began + 100:
        assert finished.report["audit"]["lost"] == 0
        assert "not shown yet: the mirror had come to" in output
        code, output = audit_again(finished)
    assert code == 0, output


def test_a_mirror_of_another_network_proves_nothing(run_locust: Any, own_network: Any, tmp_path: Path) -> None:
    """Nodes of one network and the mirror of another: exit code 5 and one sentence, from the run and afterwards."""
    network = own_network("--consensus-delay", "0.1")
    other = start_localnet("--consensus-delay", "0.1")
    try:
        ours = json.loads(network.localnet.network.model_dump_json(exclude={"name"}))
        file = tmp_path / "mixed.json"
        file.write_text(json.dumps({**ours, "mirror_rest": other.network.mirror_rest}))
        mixed = ("--network", "custom", "--network-file", str(file))
        finished = run_locust(*SHORT, "--audit-timeout", "6", *mixed, **network.environment)
        code, output = audit_again(finished)
    finally:
        other.stop()
    assert (finished.exit_code, code) == (5, 5), finished.output
    audit = finished.report["audit"]
    assert (audit["lost"], audit["not_shown_yet"], audit["duplicated"], audit["corrupted"]) == (None, None, 0, 0)
    assert audit["doubt"].endswith("does this mirror belong to this network?")
    assert f"{other.network.mirror_rest} had come to" in audit["doubt"]
    for text in [finished.output, output, *rendered(finished)]:
        assert "does this mirror belong to this network?" in text
        assert "Traceback" not in text
