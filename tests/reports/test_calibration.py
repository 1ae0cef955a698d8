"""A slice of the calibration: short real runs on the wire, held against the network's own count (`make calibrate`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("cell", [pytest.param("fixed-116", marks=pytest.mark.background), "equal-fixed"])
def test_a_slice_of_the_calibration(cell: str) -> None:
    """8 runs of 60 pairs: the intervals hold the truth, and equal arms are not told apart, as far as chance allows."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.calibrate", "--cells", cell, "--repetitions", "8", "--pause", "0.05",
         "--exact"],
        capture_output=True, text=True, timeout=110, cwd=ROOT,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "of 8" in finished.stdout
