"""Clients that are told nothing, and must find the network by the ports that they know; and what Java needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.java_jar import fetch_java_sdk
from tests.localnet.interop.programs import HERE, INSTALL_S, ROOT, RUN_S, JavaScript, alone


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
