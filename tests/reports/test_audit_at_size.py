"""The audit finds one of each among thousands, over real HTTP and through the embedded network's mirror faults.

`python -m benchmarks.audit` does the same with 100,000; what is asserted here is its own verdict.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def benchmark(*arguments: str) -> dict[str, Any]:
    """What the benchmark found."""
    command = [sys.executable, "-m", "benchmarks.audit", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ("--messages", "20500", "--patience", "1"),
        pytest.param(("--messages", "600", "--patience", "4.5", "--source", "localnet"), marks=pytest.mark.background),
    ],
    ids=["generated", "localnet"],
)
def test_one_of_each_is_found(arguments: tuple[str, ...]) -> None:
    """Lost, duplicated, swapped, shown late, corrupted, landed after failure: each is found, nothing else is.

    The generated mirror takes 50 requests a second, as public ones do (docs.hedera.com, "REST API"), and its 20,500
    messages are 205 pages: none of them is refused.
    """
    result = benchmark(*arguments)
    assert result["error"] is None
    assert result["found"] == result["expected"]
    assert result["delivered"] == result["messages"] - 4  # lost, corrupted, duplicated, and the one not acknowledged
    assert result["peak_mb"] < 200
    assert not result["refused"]
