"""The pages on scenarios name each of them, and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.scenarios import scenario_names

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_has_its_section(name: str) -> None:
    """In a heading of docs/scenarios.md."""
    headings = re.findall(r"^## (.+)$", (DOCS / "scenarios.md").read_text(), re.M)
    assert any(f"`{name}`" in heading for heading in headings)


def test_the_original_suites_commands_run_scenarios_that_there_are() -> None:
    """`python -m scenarios run NAME` of docs/original-suite.md; and no row is without a command or a place."""
    page = (DOCS / "original-suite.md").read_text()
    assert set(re.findall(r"scenarios run ([\w-]+)", page)) <= set(scenario_names())
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 24
    assert all(cell.strip() for row in rows for cell in row)
