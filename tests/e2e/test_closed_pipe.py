"""`locust … 2>&1 | head -1`: the run goes on, keeps its report, ends with its own exit code, and says so in a line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.locust_command import LOCUST, ROOT, clean_environment

RUN = (
    *("--headless", "--print-stats", "--users", "2", "--run-time", "5s", "--localnet-latency", "instant"),
    *("--think-time", "0.1", "HcsSubmitter"),
)


@pytest.mark.parametrize("both", [False, True])
def test_a_reader_that_goes_away_costs_no_run(tmp_path: Path, both: bool) -> None:
    """Locust's tables and the summary have nowhere to go, and nobody minds; nor where standard error goes with them."""
    process = subprocess.Popen(
        [*LOCUST, *RUN, "--report-dir", str(tmp_path / "out")],
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if both:  # Locust's own lines and tables go to standard error; on standard output stands the summary alone
        assert process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read() if process.stderr is not None else ""
    assert process.wait(60) == 0, said
    assert (tmp_path / "out" / "latest" / "report.json").exists()
    if not both:
        assert said.count("standard output was closed by its reader") == 1
        assert "Traceback" not in said
        assert "Logging error" not in said
        assert "BrokenPipe" not in said
