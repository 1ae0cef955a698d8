"""Verdict and path are the last thing that is said, and what programs read from standard output stays what it is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.locust_command import LOCUST, ROOT, clean_environment, free_port

RUN = (
    *("--headless", "--users", "2", "--spawn-rate", "2", "--run-time", "3s", "--stop-timeout", "5"),
    *("--localnet-latency", "instant", "--think-time", "0.1", "HcsSubmitter"),
)


def said(tmp_path: Path, *options: str, together: bool = False) -> tuple[str, str]:
    """What a run that passes says on standard output and on standard error; all as the first where it goes together."""
    if "--processes" in options:
        port = free_port()
        options = (*options, "--master-bind-port", port, "--master-port", port)
    done = subprocess.run(
        [*LOCUST, *options, *RUN, "--report-dir", str(tmp_path / "out")],
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if together else subprocess.PIPE,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + (done.stderr or "")
    return done.stdout, done.stderr or ""


def assert_verdict_ends(text: str, folder: Path) -> None:
    """The summary is the end of it, nothing follows, and its last line names the report."""
    before, verdict, after = text.rpartition("\nPASSED")
    assert verdict, text
    last = text.rstrip("\n").splitlines()[-1]
    assert last.startswith("Report: ")
    assert (ROOT / last.removeprefix("Report: ")).resolve() == (folder / "out" / "latest" / "report.html").resolve()
    assert "Response time percentiles" not in after
    assert "Shutting down" not in after
    assert "Shutting down" in before or "Shutting down" not in text


@pytest.mark.parametrize("options", [(), ("--only-summary", "--csv", "{tmp}/stats"), ("--processes", "2")], ids=str)
def test_locusts_tables_come_before_the_verdict(tmp_path: Path, options: tuple[str, ...]) -> None:
    """31 lines of them followed it."""
    text, _ = said(tmp_path, *(one.format(tmp=tmp_path) for one in options), together=True)
    assert "Response time percentiles" in text, "the tables are there"
    assert_verdict_ends(text, tmp_path)


@pytest.mark.parametrize("options", [(), ("--only-summary",), ("--skip-log",), ("--processes", "2")], ids=str)
def test_json_on_standard_output_stays_json(tmp_path: Path, options: tuple[str, ...]) -> None:
    """`locust --json | jq` works; what people read is on standard error, and ends it."""
    output, errors = said(tmp_path, "--json", *options)
    assert [row["name"] for row in json.loads(output)] == ["hcs.submit"]
    assert_verdict_ends(errors, tmp_path)


def test_a_json_file_is_the_masters(tmp_path: Path) -> None:
    """A worker, which ends about when its master does, has no statistics to write over it."""
    text, _ = said(tmp_path, "--json-file", str(tmp_path / "stats"), "--processes", "2", together=True)
    (file,) = tmp_path.glob("stats*")
    assert [row["name"] for row in json.loads(file.read_text())] == ["hcs.submit"]
    assert_verdict_ends(text, tmp_path)
