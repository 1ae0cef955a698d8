"""What tests share stands in modules beside them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_imported_from_a_conftest() -> None:
    """That holds fixtures, which come by their names; also what is imported for its types alone counts."""
    imported = re.compile(r"^ *(?:from|import) .*\bconftest\b", re.MULTILINE)
    files = [file for place in ("tests", "benchmarks") for file in (ROOT / place).rglob("*.py")]
    assert [str(file.relative_to(ROOT)) for file in files if imported.search(file.read_text())] == []
