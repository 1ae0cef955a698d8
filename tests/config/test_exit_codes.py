"""There is one table of exit codes; whatever shows it shows that one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.exit_codes import MEANINGS, ExitCode, as_markdown, page
from reports.judge import verdict

ROOT = Path(__file__).resolve().parents[2]


def output_of(*module: str) -> str:
    """What `python -m …` prints."""
    return subprocess.run(
        [sys.executable, "-m", *module], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_the_codes_are_those_of_the_contract() -> None:
    """Scripts of others rely on them; each has its row."""
    assert {code.name: int(code) for code in ExitCode} == {
        "PASSED": 0,
        "FAILED": 1,
        "CONFIGURATION": 2,
        "AUDIT": 3,
        "BUDGET": 4,
        "INCONCLUSIVE": 5,
    }
    assert tuple(MEANINGS) == tuple(ExitCode)
    assert verdict.ExitCode is ExitCode


def test_readme_and_docs_hold_the_table() -> None:
    """Word for word; `python -m config exit-codes > docs/exit-codes.md` writes the page anew."""
    assert as_markdown() in (ROOT / "README.md").read_text()
    assert (ROOT / "docs" / "exit-codes.md").read_text() == page() == output_of("config", "exit-codes")


@pytest.mark.parametrize("module", [("config",), ("reports", "audit", "--help")])
def test_help_shows_the_codes(module: tuple[str, ...]) -> None:
    """Each code that the command can end with has its line."""
    shown = output_of(*module)
    for code in set(ExitCode) - ({ExitCode.BUDGET} if module[0] == "reports" else set()):
        assert f"  {int(code)}  {MEANINGS[code].when}" in shown
