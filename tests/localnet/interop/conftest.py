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
from tests.localnet.interop.programs import HERE, INSTALL_S, ROOT, RUN_S, JavaScript, alone


@pytest.fixture(scope="session")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> JavaScript:
    """The official JavaScript SDK, installed for this session: a folder of the checkout could hold half of it, left by
    an installation that was interrupted."""
    return _installed(HERE, "ci", tmp_path_factory.mktemp("javascript"))


@pytest.fixture(scope="session")
def did_sdk(tmp_path_factory: pytest.TempPathFactory) -> JavaScript:
    """The public library that reads and writes HCS-1 files, likewise; by the versions of its lock file too, but without
    `npm ci`, which insists on packages of other platforms that not every registry has."""
    return _installed(HERE / "hcs1", "install", tmp_path_factory.mktemp("did-sdk"))


def _installed(source: Path, how: str, folder: Path) -> JavaScript:
    """The scripts of a folder, with what its package.json names beside them."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        reason = "the tests of JavaScript libraries need Node.js and npm; install them (apt install nodejs npm)"
        if os.environ.get("REQUIRE_NODE"):
            pytest.fail(reason)
        pytest.skip(reason)
    for script in (*source.glob("*.[cm]js"), source / "package.json", source / "package-lock.json"):
        shutil.copy(script, folder)
    for package in source.glob("zstd-napi"):
        shutil.copytree(package, folder / package.name)
    subprocess.run([npm, how, "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=INSTALL_S)
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
