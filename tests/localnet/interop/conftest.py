"""Clients that are told nothing, and must find the network by the ports that they know; and what Java needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.java_jar import fetch_java_sdk

ROOT = Path(__file__).parents[3]
RUN_S = 60


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
