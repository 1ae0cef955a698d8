"""A benchmark in this tree beside the same one of another revision, by turns in one run.

    python -m benchmarks.against REV BENCHMARK [--rounds 4] [--figures REGEX] [--limit 1.03] [-- OPTIONS]
    python -m benchmarks.against main client --limit 1.03 --figures 'whole way, µs' -- --only whole --greenlets 20
    python -m benchmarks.against HEAD~20 reports -- --operations 100000

A machine is never the same twice, so figures of two revisions mean something only side by side. REV is checked out into
a temporary folder (a git worktree, removed afterwards), and the two take turns: REV, now; now, REV; and so on. OPTIONS
go to the benchmark. The table shows the median of each figure, the ratio of the medians, and between which bounds the
ratios of the single rounds lie: where 1 is between them, there is no difference to speak of.

`--limit` ends with 1 where a ratio of medians is above it; of figures marked ↑ (rates: more is better), where it is
below 1 / limit. REV runs in this interpreter's environment where the pinned requirements are the same, else in one of
its own that is made beside it. Ends with 2 where there is nothing to compare.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.compared import BENCHMARKS, Figures, compared, figures_of, one_sided, table

ROOT: Final = Path(__file__).resolve().parents[1]
REQUIREMENTS: Final = ("requirements.txt", "requirements-dev.txt")
TIMEOUT_S: Final = 3_600
WRONG: Final = 2
"""Exit code where there is nothing to compare."""


class NothingToCompareError(RuntimeError):
    """Why there are no figures; the message is one line."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        name: Its revision, or `now`.
        folder: Where it is.
        python: The interpreter that it runs in.
    """

    name: str
    folder: Path
    python: str

    def run(self, benchmark: str, options: Sequence[str]) -> Figures:
        """Run the benchmark once.

        Raises:
            NothingToCompareError: it printed no figures.
        """
        finished = self._call(benchmark, options)
        try:
            return figures_of(finished.stdout, finished.returncode)
        except ValueError as error:
            last = (finished.stderr.strip() or finished.stdout.strip() or "nothing was printed").splitlines()[-1]
            raise NothingToCompareError(f"{self.name}: benchmarks.{benchmark} {error}: {last}") from error

    def options(self, benchmark: str, given: Sequence[str]) -> list[str]:
        """The options with which it prints JSON.

        Raises:
            NothingToCompareError: there are none.
        """
        if "--json" in self._call(benchmark, ["--help"]).stdout:
            return [*given, "--json"]
        without = BENCHMARKS[benchmark].without_option
        if without is not None and (not without or without in given):
            return list(given)
        besides = f", and only with {without} does it print figures that can be read" if without else ""
        raise NothingToCompareError(f"{self.name}: benchmarks.{benchmark} has no --json there yet{besides}")

    def _call(self, benchmark: str, options: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 (a benchmark of this project)
            [self.python, "-m", f"benchmarks.{benchmark}", *options],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )


def git(*words: str) -> str:
    """What git answers about this tree.

    Raises:
        NothingToCompareError: it refuses.
    """
    finished = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if finished.returncode:
        raise NothingToCompareError(f"git {' '.join(words)}: {finished.stderr.strip().splitlines()[-1]}")
    return finished.stdout.strip()


@contextmanager
def checked_out(revision: str) -> Iterator[Side]:
    """REV in a folder of its own, for as long as the context lasts.

    Raises:
        NothingToCompareError: there is no such revision, or its requirements cannot be installed.
    """
    commit = git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "tree"
        git("worktree", "add", "--detach", str(folder), commit)
        try:
            yield Side(f"{revision} ({commit[:7]})", folder, python_for(folder, Path(name) / "venv"))
        finally:
            git("worktree", "remove", "--force", str(folder))


def python_for(folder: Path, environment: Path) -> str:
    """The interpreter for a checked-out tree: this one where its pins are ours, else one with its own packages."""
    if all(pins(folder / name) == pins(ROOT / name) for name in REQUIREMENTS):
        return sys.executable
    told("its requirements are others: installing them beside it")
    for command in (
        [sys.executable, "-m", "venv", str(environment)],
        [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS[-1]],
    ):
        finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
        if finished.returncode:
            raise NothingToCompareError(f"{' '.join(command)}: {(finished.stderr.strip() or '?').splitlines()[-1]}")
    return str(environment / "bin" / "python")


def pins(file: Path) -> list[str]:
    """What a file of requirements asks for, without its comments; nothing where there is no such file."""
    if not file.exists():
        return []
    return sorted(wanted for line in file.read_text().splitlines() if (wanted := line.partition("#")[0].strip()))


def order(rounds: int) -> list[tuple[str, str]]:
    """Whose turn it is in each round, so that what drifts favours neither."""
    return [("then", "now") if number % 2 == 0 else ("now", "then") for number in range(rounds)]


def take_turns(
    sides: Mapping[str, Side], benchmark: str, options: Sequence[str], rounds: int
) -> dict[str, list[Figures]]:
    """The figures of each side by round.

    Raises:
        NothingToCompareError: one of them printed none.
    """
    asked = {name: side.options(benchmark, options) for name, side in sides.items()}
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    for number, names in enumerate(order(rounds), start=1):
        for name in names:
            told(f"round {number} of {rounds}: {sides[name].name}")
            found[name].append(sides[name].run(benchmark, asked[name]))
    return found


def told(line: str) -> None:
    """Say on standard error how far it is."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line; what follows `--` is the benchmark's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("revision", metavar="REV", help="any that git knows")
    parser.add_argument("benchmark", metavar="BENCHMARK", choices=BENCHMARKS, help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=4, help="how often each of the two runs (default 4)")
    parser.add_argument("--figures", default="", metavar="REGEX", help="only those in whose name this is found")
    parser.add_argument(
        "--limit", type=float, help="end with 1 where a ratio is above, e.g. 1.03; of rates, below 1/it"
    )
    end = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:end])
    options.options = list(words[end + 1 :])
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: at least 1")
    if options.limit is not None and options.limit < 1:
        parser.error(f"--limit {options.limit:g}: at least 1, as in 1.03")
    try:
        re.compile(options.figures)
    except re.error as error:
        parser.error(f"--figures {options.figures!r}: {error}")
    return options


def compare(options: argparse.Namespace) -> int:
    """Run both, print the table, and return the exit code.

    Raises:
        NothingToCompareError: there are no figures of both.
    """
    with checked_out(options.revision) as then:
        sides = {"then": then, "now": Side("now", ROOT, sys.executable)}
        found = take_turns(sides, options.benchmark, options.options, options.rounds)
    rows = compared(BENCHMARKS[options.benchmark], found["then"], found["now"], options.figures)
    if not rows:
        raise NothingToCompareError(
            f"--figures {options.figures!r}: neither has a figure of that name that ever changes"
        )
    changed = ", with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    asked = " ".join([f"benchmarks.{options.benchmark}", *options.options])
    print(
        f"{asked}, {options.rounds} rounds; {then.name} beside this tree (now: {git('describe', '--always')}{changed})"
    )
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(table(rows, then.name, options.limit))
    for line in one_sided(found["then"][0], found["now"][0]):
        print(f"\n{line}")
    return 1 if options.limit is not None and any(row.worse(options.limit) for row in rows) else 0


def main() -> int:
    """Compare; 1 where a limit was not kept, 2 where there is nothing to compare."""
    options = arguments(sys.argv[1:])
    try:
        return compare(options)
    except NothingToCompareError as error:
        told(str(error))
        return WRONG


if __name__ == "__main__":
    sys.exit(main())
