"""`python -m scenarios`: lists the scenarios, and runs them.

python -m scenarios                        which there are, and what each answers
python -m scenarios drills                 which faults they inject on purpose, and what is expected of each
python -m scenarios run NAME [OPTIONS]     runs one; OPTIONS are Locust's and the project's (python -m config)
python -m scenarios run all --brief        runs each for a short time, one after the other
python -m scenarios monitor | stress       runs monitor-events, stress
python -m scenarios report [RUN_DIR]       prints the summary of a run again, the latest by default
"""

from __future__ import annotations

from locust import User  # noqa: F401 (it patches the standard library, so it comes first)

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config.exit_codes import ExitCode
from config.scenarios import profile_of
from config.streams import survive_closed_pipes
from reports.render.console import render_console
from reports.render.files import HTML_NAME, read_report
from scenarios.catalogue import every_scenario, scenario

LOCUSTFILE: Final = Path(__file__).parent.parent / "locustfile.py"

SHORTHANDS: Final = {"monitor": "monitor-events", "stress": "stress"}
"""The original suite's commands, and the scenarios that do what they did."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command.

    Returns:
        The exit code: of `run`, the run's; of several runs, 0 where all passed, else that of the first that did not.
    """
    parser = argparse.ArgumentParser(
        prog="python -m scenarios", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list", help="which scenarios there are, and what each answers (the default)")
    commands.add_parser("drills", help="which faults they inject on purpose, by the names that --drills takes")
    run = commands.add_parser("run", help="run one, or all of them")
    run.add_argument("name", help="of a scenario, or all")
    for name, does in SHORTHANDS.items():
        commands.add_parser(name, help=f"run {does}")
    for name in ("run", *SHORTHANDS):
        commands.choices[name].add_argument("--brief", action="store_true", help="for a short time")
    report = commands.add_parser("report", help="print the summary of a run again")
    report.add_argument("folder", nargs="?", type=Path, default=Path("reports/out/latest"), metavar="RUN_DIR")
    chosen, options = parser.parse_known_args(arguments)
    if options and chosen.command in (None, "list", "drills", "report"):
        parser.error(f"unrecognized arguments: {' '.join(options)}")
    if chosen.command == "report":
        return _report(chosen.folder)
    if chosen.command == "drills":
        return _drills()
    if chosen.command in (None, "list"):
        return _list()
    return _run(SHORTHANDS.get(chosen.command) or chosen.name, options, brief=chosen.brief)


def command_of(name: str, options: Sequence[str] = (), *, brief: bool = False) -> list[str]:
    """The command that runs a scenario, as one would type it.

    Raises:
        ValueError: there is no such scenario; the message is one line.
    """
    base = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--config", str(profile_of(name))]
    return [*base, *(scenario(name).brief if brief else ()), *options]


def _list() -> int:
    found = every_scenario()
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        print(f"{one.name:<{width}}  {one.question}")
    return ExitCode.PASSED


def _drills() -> int:
    for one in every_scenario():
        width = max((len(drill.key) for drill in one.drills), default=0)
        if one.drills:
            print(f"{one.name}:")
        for drill in one.drills:
            print(f"  {drill.key:<{width}}  {drill.name}: {drill.expected}")
    return ExitCode.PASSED


def _run(name: str, options: Sequence[str], *, brief: bool) -> int:
    names = [one.name for one in every_scenario()] if name == "all" else [name]
    codes: dict[str, int] = {}
    for number, one in enumerate(names, start=1):
        try:
            command = command_of(one, options, brief=brief)
        except ValueError as error:
            print(f"error: {name!r}: {error}", file=sys.stderr)
            return ExitCode.CONFIGURATION
        if len(names) > 1:
            print(f"\n=== {number} of {len(names)}: {one}", flush=True)
        codes[one] = subprocess.run(command, check=False).returncode  # noqa: S603 (our own)
    if len(names) > 1:
        print(
            "\n" + "\n".join(f"{one}: {'passed' if code == 0 else f'exit code {code}'}" for one, code in codes.items())
        )
    return next((code for code in codes.values() if code), ExitCode.PASSED)


def _report(folder: Path) -> int:
    try:
        found = read_report(folder)
    except (OSError, ValueError) as error:
        print(f"error: {folder}: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    print(render_console(found, str(folder / HTML_NAME)))
    return found["run"]["exit_code"]


if __name__ == "__main__":
    survive_closed_pipes()
    sys.exit(main())
