"""A disk that fills up while a run goes on costs the report: exit code 1, where the data are, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.locust_command import LOCUST, ROOT, clean_environment

RUN = ("--headless", "--only-summary", "--users", "8", "--spawn-rate", "8", "--think-time", "0", "--receipt-interval")
QUICK = (*RUN, "0.02", "HcsSubmitter")

# In a mount namespace of its own: a small disk, which is filled as soon as the journal is there, emptied after the run.
ON_A_SMALL_DISK = """
mount -t tmpfs -o size=20m tmpfs "$DISK" || exit 99
( until ls "$DISK"/out/*/journal.sqlite-wal >/dev/null 2>&1; do sleep 0.05; done
  exec dd if=/dev/zero of="$DISK/filler" bs=4k 2>/dev/null ) &
"$@"
echo "exit code $?"
find "$DISK" -type f
rm "$DISK/filler"
"$PYTHON" -m reports audit "$DISK"/out/2*
echo "audit code $?"
"""

# The same for one file: something else stands in its place as soon as the journal is there.
IN_ITS_PLACE = """
( until ls "$OUT"/2*/journal.sqlite >/dev/null 2>&1; do sleep 0.05; done; mkdir "$(echo "$OUT"/2*)/report.html" ) &
exec "$@"
"""


def last_line(output: str) -> str:
    """The line that says where the report is."""
    return next(line for line in reversed(output.splitlines()) if line.startswith("Report: "))


def files_of(folder: Path) -> set[str]:
    """Names of the files of the only run below a folder."""
    (run,) = [one for one in (folder / "out").iterdir() if not one.is_symlink()]
    return {file.name for file in run.iterdir() if file.is_file()}


def test_a_page_that_cannot_be_written_costs_the_page(tmp_path: Path) -> None:
    """The HTML, in whose place there is a folder, is missing; the report's data are named, and there."""
    finished = subprocess.run(
        [
            *("sh", "-c", IN_ITS_PLACE, "sh", *LOCUST, *QUICK),
            *("--run-time", "3s", "--localnet-latency", "instant", "--report-dir", str(tmp_path / "out")),
        ],
        cwd=ROOT,
        env=clean_environment(OUT=str(tmp_path / "out")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 1, finished.stdout
    assert "FAILED: report (exit code 1)" in finished.stdout
    assert "PASSED" not in finished.stdout
    assert last_line(finished.stdout).startswith("Report: report.html could not be written; ")
    assert "report.json holds it all: make room, then `python -m reports render " in last_line(finished.stdout)
    assert "Traceback" not in finished.stdout
    assert files_of(tmp_path) == {"histograms.csv", "journal.sqlite", "junit.xml", "report.json", "report.md"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_fills_up_in_the_middle(tmp_path: Path, own_network: Any) -> None:
    """The run goes on, says that the figures are on the terminal only, and what was kept can be settled later."""
    disk = tmp_path / "disk"
    disk.mkdir()
    network = own_network("--latency", "instant")
    finished = subprocess.run(
        [
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", ON_A_SMALL_DISK, "sh", *LOCUST, *QUICK),
            *("--run-time", "8s", *network.arguments, "--report-dir", str(disk / "out")),
        ],
        cwd=ROOT,
        env=clean_environment(**network.environment, DISK=str(disk), PYTHON=sys.executable),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
    )
    run, _, audited = finished.stdout.partition("exit code 1\n")
    assert finished.returncode != 99, finished.stdout
    assert audited, finished.stdout
    assert run.count("cannot be written (database or disk is full)") == 1
    assert "FAILED: audit, journal, report (exit code 1)" in run
    assert "Report: not written, and the figures above are kept nowhere else; " in last_line(run)
    assert "Traceback" not in finished.stdout
    left = {Path(line).name for line in audited.splitlines() if line.startswith(str(tmp_path))}
    assert {name for name in left if "journal" not in name} == {"filler"}, "nothing half-written"
    assert audited.endswith("audit code 5\n"), "nothing had come to the journal, which is not to have passed"
