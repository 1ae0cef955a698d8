"""`make test` lets whole runs go in one lane and all other tests in another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = "tests/e2e/test_moments.py::test_a_run_that_takes_too_long_is_ended"
ROOM = "tests/config/test_exit_codes.py"


def test_whole_runs_have_a_lane_of_their_own() -> None:
    """With the options that the Makefile gives; the tests are so many that each lane would have some of both."""
    (command,) = re.findall(r"\$\(BIN\)/pytest (-n .*) \$\(ARGS\)", (ROOT / "Makefile").read_text())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *command.split(), "-v", RUN, ROOM],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    ran = re.findall(r"^\[(gw\d)\].* PASSED tests/(\w+)/", run.stdout, re.MULTILINE)
    assert len(ran) == len(re.findall(" PASSED ", run.stdout)) > 4, run.stdout
    assert len({lane for lane, folder in ran if folder == "e2e"}) == 1, run.stdout
    assert len({lane for lane, folder in ran if folder != "e2e"}) == 1, run.stdout
    assert len({lane for lane, _ in ran}) == 2, run.stdout
