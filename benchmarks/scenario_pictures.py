"""Runs scenarios, and keeps what docs/ shows of each: a picture of what it expected and observed, and its summary.

The picture is the part of its report (docs/images/scenarios/NAME.png, for docs/scenarios.md); the summary is what its
command prints at the end (docs/runs/NAME.txt, for docs/original-suite.md).

    python -m benchmarks.scenario_pictures                    # all, as their profiles say (an hour or more)
    python -m benchmarks.scenario_pictures --brief stress     # one, for a short time

Prints a line for each, and ends with 1 where one did not pass. Needs Chromium.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from config.scenarios import scenario_names
from reports.render.console import render_console
from scenarios.__main__ import command_of
from tests.reports.browser import Browser, browser

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"

PICTURES: Final = DOCS / "images" / "scenarios"

SUMMARIES: Final = DOCS / "runs"

WIDTH: Final = 1_000

_BOX: Final = """(() => {
  const box = document.querySelector("#expectations").getBoundingClientRect();
  return {x: box.x, y: box.y + scrollY, width: box.width, height: box.height, scale: 1};
})()"""


def main() -> int:
    """Run what was named, and return 0 if all of it passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios; without any, all")
    parser.add_argument("--brief", action="store_true", help="for a short time each")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the reports there")
    chosen = parser.parse_args()
    for folder in (PICTURES, SUMMARIES):
        folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch, browser(Path(scratch) / "profile") as page:
        reports = chosen.keep or Path(scratch)
        for name in chosen.names or scenario_names():
            began = time.monotonic()
            report = run(name, reports / name, brief=chosen.brief)
            passed = report is not None and report["run"]["exit_code"] == 0
            failed += not passed
            if report is not None:
                take(page, reports / name / "latest" / "report.html", PICTURES / f"{name}.png")
                summary = summary_of(report, name, brief=chosen.brief)
                (SUMMARIES / f"{name}.txt").write_text(summary, encoding="utf-8")
            told = "no report" if report is None else report["run"]["answers"][-1]["answer"]
            state = "passed" if passed else "NOT PASSED"
            print(f"{name:16} {time.monotonic() - began:5.0f} s  {state:10}  {told}", flush=True)
    return 1 if failed else 0


def run(name: str, folder: Path, *, brief: bool) -> dict[str, Any] | None:
    """Run a scenario; returns its report, or None where it left none."""
    command = command_of(name, ["--report-dir", str(folder)], brief=brief)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    file = folder / "latest" / "report.json"
    if not file.exists():
        print(done.stdout + done.stderr, file=sys.stderr)
        return None
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def summary_of(report: Any, name: str, *, brief: bool) -> str:
    """What the command prints at the end, below the day, the machine and the command."""
    run = report["run"]
    command = f"$ python -m scenarios run {name}{' --brief' if brief else ''}"
    day = time.strftime("%Y-%m-%d", time.gmtime(run["started_at"]))
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{day}, {machine}\n{command}\n\n{render_console(report, 'reports/out/latest/report.html')}\n"


def take(page: Browser, html: Path, picture: Path) -> None:
    """A picture of a report's expectations."""
    page.open(html, WIDTH)
    taken = page.call("Page.captureScreenshot", clip=page.evaluate(_BOX), captureBeyondViewport=True)
    picture.write_bytes(base64.b64decode(taken["data"]))


if __name__ == "__main__":
    sys.exit(main())
