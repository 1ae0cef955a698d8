"""A reader that goes away costs what it would have read, not a traceback and not the exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import logging, sys
from config.streams import CLOSED, survive_closed_pipes
survive_closed_pipes()
logging.basicConfig(stream=sys.stdout)
print("first", flush=True)
sys.stdin.read()  # the reader is gone when this returns
for number in range(3):
    print("more" * 5000)
    logging.getLogger().warning("more")
print("done", file=sys.stderr)
sys.exit(5)
"""


@pytest.mark.parametrize("both", [False, True])
def test_who_reads_no_further_ends_nothing(both: bool) -> None:
    """The exit code stays, the work goes on, and one line says that what follows is dropped (if there is somewhere)."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    process.stdout.close()
    process.stdin.close()
    said = "" if both else process.stderr.read() if process.stderr is not None else ""
    assert process.wait(30) == 5
    if not both:
        assert said.splitlines() == [
            "standard output was closed by its reader; further output is dropped, the work goes on",
            "done",
        ]
