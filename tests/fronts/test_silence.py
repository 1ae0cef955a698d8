"""Connections that die without a word, and connections that are all reset at once, by packets that are really lost.

They need a network of their own, which root may make, and on most machines any user.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.locust_command import ROOT

GOES_ON_S = 15.0
GOES_AGAIN_S = 3.0
SLOW_MACHINE_S = 2.0


@pytest.fixture(scope="module")
def apart() -> list[str]:
    """A command that runs another one in a network of its own."""
    command = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    tried = subprocess.run([*command, "nft", "list", "ruleset"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"this user may not make a network of its own, or nft is not there: {tried.stderr.strip()}")
    return command


def scenario(apart: list[str], folder: Path, name: str, *options: str) -> dict[str, Any]:
    """What `tests.fronts.namespace` says about one, with the report."""
    done = subprocess.run(
        [*apart, sys.executable, "-m", "tests.fronts.namespace", name, str(folder), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["report"] = json.loads((folder / "out" / "latest" / "report.json").read_text())
    return found


def longest_gap(arrivals: list[float]) -> float:
    """Seconds for which nothing arrived, at most; from the moment of the event on."""
    return max(later - earlier for earlier, later in itertools.pairwise([0.0, *arrivals]))


@pytest.mark.timeout(240)
def test_a_connection_that_falls_silent_is_noticed(apart: list[str], tmp_path: Path) -> None:
    """All packets of one connection are dropped: its calls go on within 15 s, elsewhere or anew, and none fails.

    grpcio notices after about 11 s (TCP_USER_TIMEOUT is its keepalive time-out: gRFC A18).
    """
    found = scenario(apart, tmp_path, "silent")
    accounting, (operation,) = found["report"]["accounting"], found["report"]["operations"]
    assert accounting["succeeded"] == accounting["scheduled"] > 0, found["output"]
    assert found["report"]["audit"]["duplicated"] == found["report"]["audit"]["lost"] == 0
    assert operation["response_ms"]["max"] < 1000 * (GOES_ON_S + SLOW_MACHINE_S), operation["slowest"][0]


@pytest.mark.background
@pytest.mark.timeout(240)
def test_resets_of_everything_stop_nobody_for_long(apart: list[str], tmp_path: Path) -> None:
    """Every packet to a node is answered with a reset for 50 ms: messages arrive again within 3 s, and none fails."""
    found = scenario(apart, tmp_path, "resets")
    accounting = found["report"]["accounting"]
    assert longest_gap(found["arrivals"]) < GOES_AGAIN_S, found["output"]
    assert accounting["succeeded"] == accounting["scheduled"] > 0, found["output"]
    assert found["report"]["audit"]["duplicated"] == found["report"]["audit"]["lost"] == 0
