"""Benchmarks are all called one way, and the page on them knows every one."""

from __future__ import annotations

import re
from pathlib import Path

import hedera_load

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks"
PLACES = (*hedera_load.ROOMS, "benchmarks", "docs", "tests")


def runnable() -> set[str]:
    """The packages that can be run, and the modules whose docstring says how; the others serve these."""
    texts = {path.stem: path.read_text()[:1500] for path in FOLDER.glob("*.py")}
    modules = {name for name, text in texts.items() if f"python -m benchmarks.{name}" in text}
    return modules | {path.parent.name for path in FOLDER.glob("*/__main__.py")}


def test_the_page_names_every_benchmark() -> None:
    """With the command that runs it."""
    named = re.findall(r"^\| `python -m benchmarks\.(\w+)[ `]", (FOLDER / "README.md").read_text(), re.M)
    assert sorted(named) == sorted(runnable())


def test_no_benchmark_is_called_by_its_path() -> None:
    """A path puts `benchmarks/` on the path of imports, where its `coverage.py` hides the library of that name."""
    texts = [ROOT / "Makefile", *ROOT.glob("*.md")]
    texts += [path for place in PLACES for path in (ROOT / place).rglob("*") if path.suffix in (".md", ".py")]
    called = [path.name for path in texts if re.search(r"python3? (\S*/)?benchmarks/\w+\.py", path.read_text())]
    assert called == []
