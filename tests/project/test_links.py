"""What the pages point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("*.md", "docs/**/*.md", "examples/*/*.md", "benchmarks/README.md")
PAGES = sorted(page for place in PLACES for page in ROOT.glob(place))
TO_BE_WRITTEN = {
    *("config/profiles/night-shift.conf", "scenarios/catalogue/night_shift.py"),
    "localnet/transactions/random_number.py",
    "reports/templates/shares.html",
}
"""Files that an example of CONTRIBUTING.md adds."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Those within the repository; headings are not looked for."""
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md", "docs/architecture.md"])
def test_files_that_are_named_exist(name: str) -> None:
    """As `room/file.py` or `room/folder/`; a file that was moved takes its page along."""
    rooms = "|".join(sorted(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")))
    named = set(re.findall(rf"`((?:{rooms})/[\w./-]+)`", (ROOT / name).read_text()))
    assert named
    made_by_runs = {one for one in named if one.startswith("reports/out")}
    assert {one for one in named - TO_BE_WRITTEN - made_by_runs if not (ROOT / one).exists()} == set()
