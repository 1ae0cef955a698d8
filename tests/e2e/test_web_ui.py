"""The web UI: the project's options are in its form, wrong values are answered there, and a run ends with a report."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests


@dataclass(frozen=True)
class WebUi:
    """A running `locust` with its web UI."""

    process: subprocess.Popen[str]
    url: str

    def start(self, **form: str) -> dict[str, Any]:
        """Press the start button."""
        values = {"user_count": "6", "spawn_rate": "6", "host": "", "run_time": "", **form}
        answer: dict[str, Any] = requests.post(f"{self.url}/swarm", data=values, timeout=20).json()
        return answer

    def state(self) -> str:
        """What the page shows as the runner's state."""
        return str(requests.get(f"{self.url}/stats/requests", timeout=20).json()["state"])

    def wait_for(self, *states: str) -> None:
        """Wait until the runner is in one of these states."""
        deadline = time.monotonic() + 40
        while (state := self.state()) not in states:
            assert time.monotonic() < deadline, f"still {state}"
            time.sleep(0.2)


@pytest.fixture
def web_ui(spawn: Any) -> Iterator[WebUi]:
    """`locust` as a newcomer types it, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = spawn(
        *("--web-host", "127.0.0.1", "--web-port", str(port), "--localnet-consensus-delay", "0.1"),
        *("--think-time", "0.1"),  # and no --stop-timeout: the default lets operations end
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 40
    while True:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        try:
            requests.get(url, timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.2)
    yield WebUi(process, url)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=40)
    assert "Traceback" not in output


def wait_for_reports(folder: Path, number: int) -> None:
    """Wait until so many runs that ended by themselves have their reports."""
    deadline = time.monotonic() + 60
    while len(list(folder.glob("out/2*/junit.xml"))) < number:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(1)  # which is then pointed to as the latest


def newest_report(folder: Path) -> dict[str, Any]:
    """report.json of the newest run."""
    loaded: dict[str, Any] = json.loads((folder / "out" / "latest" / "report.json").read_text())
    return loaded


def test_the_form_offers_the_options(web_ui: WebUi) -> None:
    """The project's options are fields with their defaults; the ones with choices are dropdowns."""
    page = requests.get(web_ui.url, timeout=20).text
    options = json.loads(page.split("window.templateArgs = ")[1].split("\n")[0].rstrip(" ;"))["extra_options"]
    assert options["network"]["choices"] == ["localnet", "solo", "testnet", "previewnet", "mainnet", "custom"]
    assert options["confirm"]["default_value"] == "receipt"
    assert options["message_bytes"]["default_value"] == "256"


def test_a_wrong_value_is_answered_in_the_form(web_ui: WebUi, tmp_path: Path) -> None:
    """Starting with a wrong value starts nothing and says what would be right."""
    answer = web_ui.start(confirm="maybe", attempts="0")
    assert answer["success"] is False
    assert answer["message"].splitlines() == [
        "--confirm 'maybe': choose one or more of queued, ack, receipt, mirror, with commas between them",
        "--attempts '0': input should be greater than or equal to 1",
    ]
    assert web_ui.state() == "ready"
    assert not (tmp_path / "out").exists()


def test_runs_from_the_form_end_with_a_report_each(web_ui: WebUi, tmp_path: Path) -> None:
    """Two runs one after the other, each with its own settings, leave two reports."""
    for confirm, users, run_time in (("receipt", 6, "7m"), ("ack", 4, "")):
        form = {"user_count": str(users), "spawn_rate": "6.5", "run_time": run_time}
        assert web_ui.start(confirm=confirm, message_bytes="300", **form)["success"] is True
        web_ui.wait_for("running")
        time.sleep(3)
        requests.post(f"{web_ui.url}/stop", timeout=60)
        web_ui.wait_for("stopped")
        report = newest_report(tmp_path)
        assert report["run"]["settings"]["confirm"] == confirm
        assert report["accounting"]["balanced"] is True
        assert report["audit"]["lost"] == 0
        assert report["audit"]["delivered"] > 0
        load = report["run"]["load"]  # what the form says, not the command line, nor the run before
        assert (load["users"], load["users_there"], load["spawn_rate_per_s"]) == (users, users, 6.5)
        assert load["run_time_s"] == (420 if run_time else None)
    assert len([run for run in (tmp_path / "out").iterdir() if run.name != "latest"]) == 2


def test_a_scenario_from_the_form(web_ui: WebUi, tmp_path: Path) -> None:
    """Its users take the place of the locustfile's, and its profile that of fields that were left as they were."""
    page = requests.get(web_ui.url, timeout=20).text
    options = json.loads(page.split("window.templateArgs = ")[1].split("\n")[0].rstrip(" ;"))["extra_options"]
    assert {"", "sustained"} <= set(options["scenario"]["choices"])
    shown = {name: str(one["default_value"]) for name, one in options.items() if one["default_value"] is not None}
    assert web_ui.start(**{**shown, "user_count": "12", "spawn_rate": "12", "scenario": "sustained"})["success"]
    web_ui.wait_for("running")
    time.sleep(6)
    requests.post(f"{web_ui.url}/stop", timeout=60)
    web_ui.wait_for("stopped")
    report = newest_report(tmp_path)
    assert report["run"]["settings"]["arrival_rate"] == 20
    assert {one["name"] for one in report["run"]["load"]["user_classes"]} == {"HcsSubmitter"}
    assert report["run"]["load"]["users"] == 12
    assert [one["name"] for one in report["drills"]] == ["throughput is steady", "latency is steady"]
    assert web_ui.start(run_time="3s", scenario="")["success"]  # without one, the locustfile's own users are back
    web_ui.wait_for("spawning", "running")
    web_ui.wait_for("stopped")
    assert len(newest_report(tmp_path)["run"]["load"]["user_classes"]) > 1
    assert newest_report(tmp_path)["drills"] == []


def test_a_shape_is_a_field_of_the_form(web_ui: WebUi, tmp_path: Path) -> None:
    """It ends the run; a start without one is a run of its own again, and a wrong one is answered on the page."""
    answer = web_ui.start(shape="ramp:time=never")
    assert (answer["success"], answer["message"].partition(": give")[0]) == (
        False,
        "--shape 'ramp:time=never': time=never",
    )
    answer = web_ui.start(shape="ramp:time=2s,hold=2s")
    assert (answer["success"], answer["message"]) == (True, "Swarming started using shape class 'RunShape'")
    wait_for_reports(tmp_path, 1)
    report = newest_report(tmp_path)
    assert (report["run"]["load"]["shape"], report["run"]["settings"]["shape"]) == ("RunShape", "ramp:time=2s,hold=2s")
    assert web_ui.start(shape="", run_time="2s")["message"] == "Swarming started"
    wait_for_reports(tmp_path, 2)
    assert newest_report(tmp_path)["run"]["load"]["shape"] is None
