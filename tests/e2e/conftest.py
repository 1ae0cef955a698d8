"""Runs the real `locust` command as a user would type it, and reads what it leaves behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from localnet_launcher import Localnet, start_localnet
from reports.schema.published import violations

ROOT = Path(__file__).resolve().parents[2]
LOCUST = [sys.executable, "-m", "locust"]


@dataclass(frozen=True)
class Finished:
    """What a finished `locust` left: exit code, output, and the report where there is one."""

    exit_code: int
    output: str
    report_dir: Path

    @property
    def report(self) -> dict[str, Any]:
        """The newest report.json, which is of the published form whatever the run was like."""
        loaded: dict[str, Any] = json.loads((self.report_dir / "latest" / "report.json").read_text())
        assert violations(loaded) == []
        return loaded


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without anybody's Locust options or credentials, plus `extra`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LOCUST_", "OPERATOR_"))}
    return {**kept, **extra}


def free_port() -> str:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def wait_for_run(folder: Path) -> Path:
    """Wait until a run keeps its journal, and a little longer, so that it is in its middle; returns its folder."""
    deadline = time.monotonic() + 40
    while not (found := list(folder.glob("out/*/journal.sqlite"))):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(3)
    return found[0].parent


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `locust` with arguments in the background; whatever still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        if "--processes" in arguments:  # Locust's own default port may be somebody else's
            port = free_port()
            arguments = (*arguments, "--master-bind-port", port, "--master-port", port)
        process = subprocess.Popen(
            [*LOCUST, *arguments, "--report-dir", str(tmp_path / "out")],
            cwd=ROOT,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def finish(tmp_path: Path) -> Callable[[subprocess.Popen[str], float], Finished]:
    """Wait for a started `locust` to end by itself."""

    def wait(process: subprocess.Popen[str], timeout: float = 90) -> Finished:
        output, _ = process.communicate(timeout=timeout)
        return Finished(process.returncode, output, tmp_path / "out")

    return wait


@pytest.fixture
def run_locust(spawn: Callable[..., subprocess.Popen[str]], finish: Callable[..., Finished]) -> Callable[..., Finished]:
    """Run `locust` with arguments to its end."""

    def run(*arguments: str, timeout: float = 90, **environment: str) -> Finished:
        return finish(spawn(*arguments, **environment), timeout)

    return run


@dataclass(frozen=True)
class OwnNetwork:
    """An embedded network that outlives the run, reached as a custom one, so that its ledger can be read afterwards."""

    localnet: Localnet
    arguments: tuple[str, ...]
    environment: dict[str, str]

    def ledger(self) -> list[dict[str, Any]]:
        """Every transaction it has seen."""
        entries: list[dict[str, Any]] = []
        after: int | None = -1
        while after is not None:
            answer = requests.get(
                f"{self.localnet.network.control}/ledger",
                params={"after": after, "limit": 10_000},
                headers={"Authorization": f"Bearer {self.localnet.token}"},
                timeout=30,
            )
            answer.raise_for_status()
            page = answer.json()
            entries += page["entries"]
            after = page["next"]
        return entries


@pytest.fixture
def own_network(tmp_path: Path) -> Iterator[Callable[..., OwnNetwork]]:
    """Start an embedded network of the test's own with options of `python -m localnet`."""
    running: list[Localnet] = []

    def start(*options: str) -> OwnNetwork:
        localnet = start_localnet(*options)
        running.append(localnet)
        file = tmp_path / "network.json"
        file.write_text(localnet.network.model_dump_json(exclude={"name"}))
        return OwnNetwork(
            localnet,
            ("--network", "custom", "--network-file", str(file)),
            {"OPERATOR_ID": localnet.operator_id, "OPERATOR_KEY": localnet.operator_key},
        )

    yield start
    for localnet in running:
        localnet.stop()
