"""What a report says of its own run is what happened: users, classes, run time, processes, code. From real runs."""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path
from typing import Any

from config.version import this_version
from reports.__main__ import main
from reports.collect.journal import FILE_NAME
from reports.render.head import sentence
from tests.e2e.locust_command import ROOT, wait_for_run

RUN = ("--headless", "--only-summary", "--stop-timeout", "10", "--think-time", "0.1")
QUICK = ("--localnet-consensus-delay", "0.1", "--receipt-interval", "0.02")


def users_by_class(report: dict[str, Any]) -> dict[str, int]:
    """How many users of each class there were."""
    return {one["name"]: one["users"] for one in report["run"]["load"]["user_classes"]}


def test_a_single_process_tells_its_users_and_its_code(run_locust: Any) -> None:
    """More users were asked for than came in time; the head says both, in every file."""
    finished = run_locust(*RUN, *QUICK, "-u", "40", "-r", "2", "-t", "5s", "HcsSubmitter", "ModelStorer")
    assert finished.exit_code == 0, finished.output
    report = finished.report
    load, counts = report["run"]["load"], users_by_class(report)
    assert (load["users"], load["spawn_rate_per_s"], load["run_time_s"], load["shape"]) == (40, 2.0, 5.0, None)
    assert 2 <= load["users_there"] == sum(counts.values()) <= 12
    assert {one["name"]: one["weight"] for one in load["user_classes"]} == {"HcsSubmitter": 5, "ModelStorer": 2}
    assert counts["HcsSubmitter"] > counts["ModelStorer"] > 0
    assert report["run"]["project"] == this_version().model_dump()
    assert report["run"]["network"]["words"] == "the embedded network"
    told = sentence(report)
    assert f"{load['users_there']} simulated users (of 40 asked for: " in told
    assert told in finished.output
    page = html.unescape((finished.report_dir / "latest" / "report.html").read_text()).replace("\u00a0", " ")
    assert told in page
    assert f"hedera-load {this_version().version}" in page


def test_a_master_tells_the_users_of_all_its_workers(run_locust: Any) -> None:
    finished = run_locust(*RUN, *QUICK, "-u", "11", "-r", "20", "-t", "6s", "--processes", "2")
    assert finished.exit_code == 0, finished.output
    report = finished.report
    load = report["run"]["load"]
    assert (load["users"], load["users_there"], load["spawn_rate_per_s"], load["run_time_s"]) == (11, 11, 20.0, 6.0)
    assert sum(users_by_class(report).values()) == 11
    assert min(users_by_class(report).values()) >= 1
    assert report["run"]["workers"] == 2
    assert {process["role"] for process in report["resources"]["processes"]} == {"master", "worker"}


def test_a_load_shape_says_how_many_whatever_the_command_line_does(run_locust: Any) -> None:
    """Beside a shape Locust ignores users, spawn rate and run time; so does the head."""
    shaped = str(ROOT / "tests" / "e2e" / "shaped_locustfile.py")
    finished = run_locust(*RUN, *QUICK, "-f", shaped, "-u", "50", "-r", "50", "-t", "1h", PYTHONPATH=str(ROOT))
    assert finished.exit_code == 0, finished.output
    load = finished.report["run"]["load"]
    assert (load["users"], load["users_there"], load["shape"]) == (5, 5, "Steps")
    assert load["spawn_rate_per_s"] is load["run_time_s"] is None


def test_a_run_that_was_killed_is_settled_with_what_was_true_where_it_ran(spawn: Any, tmp_path: Path) -> None:
    """Nobody who settles it later has its command line, its code or its users."""
    process = spawn(*RUN, *QUICK, "-u", "3", "-r", "3", "-t", "1h", "--audit-timeout", "2", "HcsSubmitter")
    folder = wait_for_run(tmp_path)
    process.kill()
    process.wait(20)
    settled = tmp_path / "settled"
    settled.mkdir()
    for file in folder.glob(f"{FILE_NAME}*"):
        shutil.copy(file, settled)
    main(["audit", str(settled)])
    run = json.loads((settled / "report.json").read_text())["run"]
    assert run["load"]["users"] == 3
    assert "-u 3 -r 3 -t 1h --audit-timeout 2 HcsSubmitter" in run["command"]
    assert run["project"] == this_version().model_dump()
    assert run["versions"]["locust"]
