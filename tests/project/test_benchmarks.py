"""Benchmarks are all called one way, and the page on them knows every one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks"


def runnable() -> set[str]:
    """The modules that do something when they are run; those that only serve others take no options."""
    texts = {path.stem: path.read_text() for path in FOLDER.glob("*.py")}
    return {name for name, text in texts.items() if "__main__" in text and "argparse" in text}


def test_the_page_names_every_benchmark() -> None:
    """With the command that runs it."""
    named = re.findall(r"^\| `python -m benchmarks\.(\w+)`", (FOLDER / "README.md").read_text(), re.M)
    assert sorted(named) == sorted(runnable())


def test_no_benchmark_is_called_by_its_path() -> None:
    """A path puts `benchmarks/` on the path of imports, where its `coverage.py` hides the library of that name."""
    found = subprocess.run(
        ["git", "grep", "-nE", r"python3? (\S*/)?benchmarks/\w+\.py", "--", ":!tests/project"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stdout) == (1, "")
