"""`python -m reports`: works with the folders of finished, or broken, runs.

* `render RUN_DIR` draws a run's files again from its report.json.
* `audit RUN_DIR` reads the mirror again, audits every message of the run's journal, and writes the report anew: for a
  run that was cut off before it could, or whose mirror did not answer at its end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config.exit_codes import ExitCode, as_text
from config.network_file import url_fault
from config.streams import survive_closed_pipes
from reports.render.console import code_without_report
from reports.render.files import HTML_NAME, JSON_NAME, read_report, render_files

_AUDIT_CODES: Final = (
    ExitCode.PASSED,
    ExitCode.FAILED,
    ExitCode.CONFIGURATION,
    ExitCode.AUDIT,
    ExitCode.INCONCLUSIVE,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command and return the exit code; 2 where there is nothing usable in the folder.

    `render`: 0 drawn, 1 a file could not be drawn. `audit`: 0 everything acknowledged arrived once and in order, 3 it
    did not, 5 nothing can be said: the mirror could not be read, had not come so far, or is another network's.
    """
    parser = argparse.ArgumentParser(prog="python -m reports", description="Works with the folders of runs.")
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help=f"draw HTML, Markdown and JUnit again from {JSON_NAME}")
    audit = commands.add_parser(
        "audit",
        help="audit the run's messages on the mirror again and write the report anew",
        epilog=as_text(_AUDIT_CODES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for command in (render, audit):
        command.add_argument("folder", type=Path, metavar="RUN_DIR", help="a run's folder, e.g. reports/out/latest")
    audit.add_argument(
        "--mirror-rest",
        default="",
        metavar="URL",
        help="mirror to read instead of the run's own; needed where that one's address held a password or key",
    )
    chosen = parser.parse_args(arguments)
    return _audit(chosen.folder, chosen.mirror_rest) if chosen.command == "audit" else _render(chosen.folder)


def _audit(folder: Path, mirror_rest: str) -> int:
    # Here, because Locust and scipy come with it, for which a page of help, or a page drawn again, need not wait.
    from reports.collect.journal import JournalError
    from reports.conclusion import conclude_folder
    from reports.judge.verdict import exit_code_of

    fault = url_fault("--mirror-rest", mirror_rest) if mirror_rest else ""
    if fault:
        return _refuse(fault)
    try:
        concluded = conclude_folder(folder, mirror_rest)
    except JournalError as error:
        return _refuse(str(error))
    print(concluded.summary, flush=True)
    code = exit_code_of(concluded.report["audit"])
    if code == ExitCode.PASSED and not concluded.report["accounting"]["started"]:
        code = ExitCode.INCONCLUSIVE  # there was nothing to be found lost
    return code_without_report(code) if concluded.written.missing else code


def _render(folder: Path) -> int:
    try:
        report = read_report(folder)
    except OSError as error:
        return _refuse(f"{folder}: {error}")
    except ValueError as error:
        return _refuse(str(error))
    failed = render_files(folder, report)
    if not failed:
        sys.stdout.write(f"{folder / HTML_NAME}\n")
    return 1 if failed else 0


def _refuse(reason: str) -> int:
    sys.stderr.write(f"error: {reason}\n")
    return ExitCode.CONFIGURATION


if __name__ == "__main__":
    survive_closed_pipes()
    sys.exit(main())
