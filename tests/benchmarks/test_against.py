"""Two revisions side by side: what is read, what is decided, and that nothing is left behind. No timings of our own."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.against import arguments, order, pins
from benchmarks.compared import BENCHMARKS, Benchmark, Compared, compared, figures_of, one_sided, table

ROOT = Path(__file__).resolve().parents[2]

CLIENT = '{"20": {"whole way": [141.5, 5455.0], "  of it, prepare": [24.0, 0.0]}}'
"""As `python -m benchmarks.client --only …` prints it."""
REPORTS = '{"recording_us": {"pair": 5.0}, "report": {"operations": 1000}, "machine": "x86_64", "kept": true}'

BENCHMARK = """
import argparse, json
parser = argparse.ArgumentParser()
parser.add_argument("--scale", type=float, default=1)
{option}
options = parser.parse_args()
print(json.dumps({{"plain": {{"call": {{"us": {us} * options.scale, "in_flight": {in_flight}}}, "same": 3}}}}))
raise SystemExit({exit_code})
"""
JSON = 'parser.add_argument("--json", action="store_true")'


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        (
            f"warming up\n{CLIENT}\n\nLIMIT: dear\n",
            {
                "20, whole way, µs": 141.5,
                "20, whole way, per s": 5455.0,
                "20, of it, prepare, µs": 24.0,
                "20, of it, prepare, per s": 0.0,
            },
        ),
        (REPORTS, {"recording_us, pair": 5.0, "report, operations": 1000.0}),
    ],
    ids=["client", "reports"],
)
def test_figures_are_read_from_what_benchmarks_print(printed: str, found: dict[str, float]) -> None:
    """A list of two is a cost and a rate; words and truths are no figures."""
    assert figures_of(printed) == found


@pytest.mark.parametrize(
    ("printed", "exit_code"),
    [("| a | table |", 0), ("{not JSON}", 0), ('{"kept": true}', 0), (CLIENT, 2), (CLIENT, -9)],
)
def test_what_holds_no_figures_is_refused(printed: str, exit_code: int) -> None:
    """Neither is what a benchmark that broke off had printed before."""
    with pytest.raises(ValueError, match="ended with"):
        figures_of(printed, exit_code)


def test_a_limit_of_the_benchmarks_own_that_was_not_kept_is_no_fault() -> None:
    """It ends with 1, and its figures are figures."""
    assert figures_of(REPORTS, 1)


def figure(then: tuple[float, ...], now: tuple[float, ...], *, rate: bool = False) -> Compared:
    return Compared("x", rate, then, now)


@pytest.mark.parametrize(
    ("row", "worse"),
    [
        (figure((100, 100, 100), (103, 103, 103)), False),
        (figure((100, 100, 100), (104, 104, 104)), True),
        (figure((100, 100, 100), (90, 104, 90)), False),  # one round alone decides nothing
        (figure((100, 100, 100), (50, 50, 50)), False),
        (figure((100, 100), (98, 98), rate=True), False),
        (figure((100, 100), (96, 96), rate=True), True),
        (figure((100, 100), (200, 200), rate=True), False),
        (figure((0, 0), (5, 5)), True),
        (figure((0, 0), (5, 5), rate=True), False),
        (figure((100, 100), (math.nan, math.nan)), True),
        (figure((100, 100), (math.nan, math.nan), rate=True), True),
    ],
)
def test_the_ratio_of_the_medians_decides(row: Compared, worse: bool) -> None:
    """Above 1.03, or below 1 / 1.03 where more is better."""
    assert row.worse(1.03) is worse


def test_the_spread_is_that_of_the_rounds() -> None:
    """Each now by the then of its own round."""
    row = figure((100, 200, 400), (110, 180, 400))
    assert row.spread == (0.9, 1.1)
    assert row.ratio == 0.9
    assert figure((100, 0), (110, 1)).spread is None


def test_what_both_have_and_what_changes_is_compared() -> None:
    """Counts that never change are left out, and so is what one side lacks; rates are marked."""
    then = [
        {"a": 1.0, "b, per s": 5.0, "count": 7.0, "gone": 1.0},
        {"a": 2.0, "b, per s": 6.0, "count": 7.0, "gone": 1.0},
    ]
    now = [{"a": 1.5, "b, per s": 5.5, "count": 7.0, "new": 1.0}] * 2
    rows = compared(Benchmark(), then, now)
    assert [(row.name, row.more_is_better) for row in rows] == [("a", False), ("b, per s", True)]
    assert [row.name for row in compared(Benchmark(), then, now, "per s")] == ["b, per s"]
    assert one_sided(then[0], now[0]) == ["Only then: gone", "Only now: new"]
    assert one_sided(now[0], now[0]) == []
    shown = table(rows, "main", 1.03)
    assert "| a | 1.5 | 1.5 | 1.000 | 0.750 to 1.500 |  |" in shown
    assert "| b, per s ↑ | 5.5 | 5.5 | 1.000 | 0.917 to 1.100 |  |" in shown
    assert "LIMIT" not in shown
    assert table(rows[:1], "main", None).count("LIMIT") == 0


@pytest.mark.parametrize(
    ("benchmark", "name", "rate"),
    [
        ("client", "greenlets, 20, whole way, per s", True),
        ("client", "receipt, looks_per_s", False),  # fewer looks are better
        ("localnet", "network, per_s", True),
        ("localnet", "sustained, p99_ms", False),
        ("resilience", "plain, bare call, in_flight", True),
        ("resilience", "plain, bare call, us", False),
        ("reports", "slice, merge_ms", False),
        ("audit", "peak_mb", False),
    ],
)
def test_rates_are_told_from_costs(benchmark: str, name: str, rate: bool) -> None:
    """By their names."""
    (row,) = compared(BENCHMARKS[benchmark], [{name: 1.0}], [{name: 2.0}])
    assert row.more_is_better is rate


def test_turns_favour_neither() -> None:
    """A B B A, as long as there are rounds: who goes first alternates."""
    assert order(3) == [("then", "now"), ("now", "then"), ("then", "now")]


def test_comments_are_no_requirements(tmp_path: Path) -> None:
    """Only another pin takes an environment of its own."""
    one, other, third = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    one.write_text("# pins\na==1  # why\nb==2\n")
    other.write_text("b==2\na==1\n")
    third.write_text("a==1\nb==3\n")
    assert pins(one) == pins(other) != pins(third)
    assert pins(tmp_path / "none") == []


def test_what_follows_the_dashes_is_the_benchmarks() -> None:
    """Even where the names are the same."""
    options = arguments(["main", "client", "--rounds", "2", "--", "--only", "whole", "--rounds", "1"])
    assert (options.rounds, options.options) == (2, ["--only", "whole", "--rounds", "1"])
    assert arguments(["main", "client"]).options == []


@pytest.mark.parametrize(
    "words",
    [
        ["main", "nosuch"],
        ["main", "client", "--rounds", "0"],
        ["main", "client", "--limit", "0.97"],
        ["main", "client", "--figures", "("],
    ],
)
def test_a_wrong_command_line_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is checked out."""
    with pytest.raises(SystemExit) as ended:
        arguments(words)
    assert ended.value.code == 2
    assert words[-1] in capsys.readouterr().err


class Tree:
    """A small repository of its own, with this tree's `against` and a benchmark that prints what it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "benchmarks").mkdir()
        for name in ("against.py", "compared.py"):
            shutil.copy(ROOT / "benchmarks" / name, folder / "benchmarks")
        self.git("init", "--quiet")

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        finished = subprocess.run(
            ["git", *identity, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return finished.stdout

    def benchmark(self, us: float, in_flight: int = 20, option: str = JSON, exit_code: int = 0) -> None:
        """Write it, and commit."""
        text = BENCHMARK.format(us=us, in_flight=in_flight, option=option, exit_code=exit_code)
        (self.folder / "benchmarks" / "resilience.py").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a revision")

    def against(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "benchmarks.against", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_two_revisions_are_run_by_turns_and_nothing_is_left(tree: Tree) -> None:
    """The older one in a folder of its own, which is gone afterwards; the limit decides the exit code."""
    tree.benchmark(2.0)
    tree.benchmark(3.0, in_flight=40, exit_code=1)
    finished = tree.against("HEAD~1", "resilience", "--rounds", "3", "--limit", "1.6", "--", "--scale", "2")
    assert finished.returncode == 0, finished.stderr
    assert "| plain, call, us | 4 | 6 | 1.500 | 1.500 to 1.500 |  |" in finished.stdout
    assert "| plain, call, in_flight ↑ | 20 | 40 | 2.000 | 2.000 to 2.000 |  |" in finished.stdout
    assert "same" not in finished.stdout
    turns = [line.partition(": ")[2][:3] for line in finished.stderr.splitlines()]
    assert turns == ["HEA", "now", "now", "HEA", "HEA", "now"]
    assert len(tree.git("worktree", "list").splitlines()) == 1
    assert tree.against("HEAD~1", "resilience", "--rounds", "1", "--limit", "1.03").returncode == 1
    assert (
        tree.against("HEAD", "resilience", "--rounds", "1", "--limit", "1.03").returncode == 2
    )  # nothing ever changes


def test_what_is_not_committed_is_now(tree: Tree) -> None:
    """The folder as it is, and not its last commit."""
    tree.benchmark(2.0)
    file = tree.folder / "benchmarks" / "resilience.py"
    file.write_text(file.read_text().replace("2.0", "5.0"))
    finished = tree.against("HEAD", "resilience", "--rounds", "1")
    assert "| plain, call, us | 2 | 5 | 2.500 |" in finished.stdout
    assert "with changes" in finished.stdout


@pytest.mark.parametrize(
    ("older", "words", "said"),
    [
        ({"option": ""}, ["HEAD~1", "resilience"], "benchmarks.resilience has no --json there yet"),
        ({"exit_code": 3}, ["HEAD~1", "resilience"], "benchmarks.resilience ended with 3"),
        ({}, ["nosuch", "resilience"], "nosuch"),
        ({}, ["--", "resilience"], ""),
        ({}, ["HEAD~1", "resilience", "--figures", "nosuch"], "nosuch"),
    ],
    ids=["without --json", "broke off", "no such revision", "no revision", "no such figure"],
)
def test_where_there_is_nothing_to_compare_one_line_says_why(
    tree: Tree, older: dict[str, object], words: list[str], said: str
) -> None:
    """Exit code 2, no table, and nothing is left."""
    tree.benchmark(2.0, **older)  # type: ignore[arg-type]
    tree.benchmark(3.0)
    finished = tree.against(*words)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert said in finished.stderr.splitlines()[-1]
    assert "Traceback" not in finished.stderr
    assert len(tree.git("worktree", "list").splitlines()) == 1


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_every_benchmark_of_this_tree_prints_json(name: str) -> None:
    """Which is what makes it comparable with what comes after it."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    assert "--json" in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60).stdout


def test_the_guards_figures_are_read_as_they_are_printed() -> None:
    """The quickest of the benchmarks, as it is; what it measures is not looked at."""
    command = [sys.executable, "-m", "benchmarks.resilience", "--calls", "1", "--rounds", "1", "--json"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    found = figures_of(finished.stdout, finished.returncode)
    assert set(json.loads(finished.stdout)) == {"plain", "patched"}
    assert {"plain, bare call, us", "patched, Guard.run, one circuit, in_flight"} <= found.keys()
