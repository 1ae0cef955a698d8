"""Fixtures that run `locust`, and networks of a test's own; for the folders whose tests are whole runs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localnet_launcher import Localnet, start_localnet
from tests.e2e.locust_command import LOCUST, ROOT, Finished, OwnNetwork, clean_environment, free_port


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
