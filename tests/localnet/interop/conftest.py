"""Clients that are told nothing, and must find the network by the ports that they know; and what Java needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.java_jar import fetch_java_sdk

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
INSTALL_S, RUN_S = 300, 60


@dataclass(frozen=True, slots=True)
class JavaScript:
    """Node.js, and a folder that holds the scripts with the official SDK beside them."""

    program: str
    folder: Path

    def command(self, script: str, *arguments: str) -> list[str]:
        """What runs a script, in whatever folder."""
        return [self.program, str(self.folder / script), *arguments]

    def run(self, script: str, *arguments: str, ready: dict[str, Any]) -> dict[str, Any]:
        """Run a script that is told a network by its ready line; returns the JSON it printed last."""
        done = subprocess.run(
            self.command(script, *arguments),
            env={**os.environ, "LOCALNET": json.dumps(ready)},
            capture_output=True,
            text=True,
            timeout=RUN_S,
        )
        assert done.returncode == 0, done.stderr
        out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return out


@pytest.fixture(scope="session")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> JavaScript:
    """The official JavaScript SDK, installed for this session: a folder of the checkout could hold half of it, left by
    an installation that was interrupted."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        reason = "the JavaScript SDK's tests need Node.js and npm; install them (apt install nodejs npm)"
        if os.environ.get("REQUIRE_NODE"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("javascript")
    for source in (*HERE.glob("*.mjs"), HERE / "package.json", HERE / "package-lock.json"):
        shutil.copy(source, folder)
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=INSTALL_S)
    return JavaScript(node, folder)


def alone() -> list[str]:
    """What a command begins with to run on a loopback of its own, where this system can do that: on 127.0.0.1 any of
    the fixed ports may be taken, also by an outgoing connection. Elsewhere nothing, and they must be free."""
    command = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if not all(map(shutil.which, ("unshare", "ip"))):
        return []
    return command if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0 else []


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A command that runs a source file with the SDK at hand."""
    found = shutil.which("java") if shutil.which("javac") else None
    if found is None:
        reason = "the Java SDK's tests need a JDK, 17 or newer; install it (apt install openjdk-17-jdk-headless)"
        if os.environ.get("REQUIRE_JAVA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return [found, "-cp", str(fetch_java_sdk(tmp_path_factory.mktemp("java")))]


@pytest.fixture
def on_fixed_ports() -> Callable[..., Any]:
    """Runs a command while a network is there with the ports that are named; returns the JSON it printed last."""

    def run(ports: str, *command: str) -> Any:
        program = [sys.executable, "-m", "tests.localnet.interop.on_fixed_ports", ports, *command]
        done = subprocess.run([*alone(), *program], cwd=ROOT, capture_output=True, text=True, timeout=RUN_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run
