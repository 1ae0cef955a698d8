"""`python -m reports render RUN_DIR`: draw a run's files again from its report.json."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.judge.report import violations
from reports.render.files import HTML_NAME, JSON_NAME, read_report, render_files

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command and return the exit code: 0 done, 1 a file could not be drawn, 2 no usable report there."""
    parser = argparse.ArgumentParser(prog="python -m reports", description="Works with the reports of finished runs.")
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help=f"draw HTML, Markdown and JUnit again from {JSON_NAME}")
    render.add_argument("folder", type=Path, metavar="RUN_DIR", help="a run's folder, e.g. reports/out/latest")
    return _render(parser.parse_args(arguments).folder)


def _render(folder: Path) -> int:
    try:
        report = read_report(folder)
    except (OSError, ValueError) as error:
        return _refuse(f"{folder}: {error}")
    faults = violations(report)
    if faults:
        return _refuse(f"{folder / JSON_NAME} is no report of this version: {faults[0]}")
    failed = render_files(folder, report)
    if not failed:
        sys.stdout.write(f"{folder / HTML_NAME}\n")
    return 1 if failed else 0


def _refuse(reason: str) -> int:
    sys.stderr.write(f"error: {reason}\n")
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
