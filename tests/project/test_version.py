"""The version stands in one place, and the changelog tells of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_newest_version_in_the_changelog_is_this_one() -> None:
    """Below what is not released yet."""
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    (unreleased, _), (newest, date), *_ = headings
    assert unreleased == "Unreleased"
    assert date
    assert newest == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
