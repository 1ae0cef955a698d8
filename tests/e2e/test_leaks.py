"""Leaks of real runs: planted, absent, and of processes that the run only watches; also of a run that was killed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.__main__ import main
from reports.conclusion import conclude_folder
from tests.e2e.locust_command import ROOT, Finished, OwnNetwork, wait_for_run
from tests.reports.test_watching import PYTHON, exporter

LOCUSTFILE = str(ROOT / "tests/e2e/leaking_locustfile.py")

THREE_MINUTES = (
    *("-f", LOCUSTFILE, "--headless", "--only-summary", "--run-time", "180s", "--users", "120", "--spawn-rate", "30"),
    *("--arrival-rate", "40"),
)


def trend_of(report: dict[str, Any], subject: str, measure: str = "memory") -> dict[str, Any]:
    """The trend of one series."""
    found: list[dict[str, Any]] = report["resources"]["trends"]
    return next(one for one in found if (one["subject"], one["measure"]) == (subject, measure))


@pytest.mark.background
@pytest.mark.timeout(400)
def test_a_planted_leak_is_called_so(run_locust: Callable[..., Finished]) -> None:
    """1 KB of each operation, within three minutes; everybody is warned, and what does not leak is not accused."""
    done = run_locust(*THREE_MINUTES, "LeakingSubmitter", timeout=350)
    found = trend_of(done.report, "local")
    assert found["verdict"] == "leak", found["sentence"]
    assert 0.8 < found["per_1000_operations"]["estimate"] < 2.0
    assert f"Warning: Leak: {found['sentence']}" in done.output
    assert [one["subject"] for one in done.report["resources"]["trends"] if one["verdict"] == "leak"] == ["local"]


@pytest.mark.background
@pytest.mark.timeout(400)
def test_a_clean_run_is_none(run_locust: Callable[..., Finished]) -> None:
    """Neither the load generator nor the embedded network, of memory, handles and threads; nothing else grows."""
    done = run_locust(*THREE_MINUTES, "TidySubmitter", timeout=350)
    assert done.exit_code == 0, done.output
    verdicts = {(one["subject"], one["measure"]): one["verdict"] for one in done.report["resources"]["trends"]}
    assert {("local", "memory"), ("embedded network", "memory"), ("all operations", "unsettled")} <= verdicts.keys()
    assert not {"leak", "grows"} & set(verdicts.values()), verdicts
    assert verdicts["local", "memory"] == "no leak"
    assert "Leak" not in done.output


@pytest.mark.background
def test_a_killed_run_keeps_what_was_watched(
    spawn: Callable[..., subprocess.Popen[str]], own_network: Callable[..., OwnNetwork], tmp_path: Path
) -> None:
    """Its own process, others by their id and by their metrics: up to the last checkpoint, after `reports audit`."""
    network = own_network("--consensus-delay", "0.1")
    with exporter(PYTHON) as url:
        options = ("--watch-pid", str(os.getpid()), "--watch-metrics", url, "--think-time", "0.2")
        run = ("--headless", "--only-summary", "--run-time", "5m", "--users", "5", "HcsSubmitter")
        process = spawn(*run, *options, *network.arguments, **network.environment)
        folder = wait_for_run(tmp_path)
        time.sleep(14)  # the checkpoint before was written after 2 s, and the next ones come every 10 s
        process.kill()
        process.wait()
    assert main(["audit", str(folder)]) in (0, 1)
    report = conclude_folder(folder).report
    usage = {one["kind"]: one for one in report["resources"].get("usage", [])}
    names = {one["name"] for one in report["resources"].get("usage", [])}
    assert {"local", url.removeprefix("http://")} <= names
    assert any(name.endswith(f"(pid {os.getpid()})") for name in names)
    own = usage["generator"]["points"]
    assert len(own) >= 8
    assert all(point[1] and point[3] and point[4] for point in own)
    assert report["resources"].get("trends") == []  # too short for any
