"""The index of the decisions is whole."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"


def headings() -> dict[str, str]:
    """Each decision's file and its heading."""
    return {path.name: path.read_text().partition("\n")[0] for path in FOLDER.glob("[0-9]*.md")}


def test_every_decision_is_in_the_index_once_under_its_own_title() -> None:
    """By its room; a new decision is written there too."""
    entries = re.findall(r"^- \[(.+)\]\((.+)\)$", (FOLDER / "README.md").read_text(), re.M)
    assert Counter((name, f"# {title}") for title, name in entries) == Counter(headings().items())


def test_each_has_a_number_of_its_own() -> None:
    """The same in its file's name and in its heading."""
    numbers = {name: int(name[:4]) for name in headings()}
    assert [number for number, times in Counter(numbers.values()).items() if times > 1] == []
    assert {
        name: heading for name, heading in headings().items() if not heading.startswith(f"# {numbers[name]}. ")
    } == {}
