"""Every report is of the published form, and what it says in one place agrees with what it says in another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.schema.published import FILE, generate, published, violations
from tests.reports.sample import LEVELS, sample_report


@pytest.mark.parametrize("pairs", [0, 3, 90, 900])
def test_reports_are_of_the_published_form(pairs: int, tmp_path: Path) -> None:
    """Nothing, too little, and enough: each is a valid report."""
    assert violations(sample_report(tmp_path, pairs=pairs)) == []


def test_the_published_file_is_what_the_types_say() -> None:
    """`python -m reports.schema` writes it after the types have changed."""
    assert FILE.read_text(encoding="utf-8") == generate()


@pytest.mark.parametrize("room", ["schema", "audit", "wording", "judge", "render"])
def test_what_crosses_from_the_audit_to_the_page_is_typed(room: str) -> None:
    """A dictionary of anything is what the types are instead of."""
    files = sorted((FILE.parents[1] / room).glob("*.py"))
    assert files
    untyped = re.compile(r"(dict|Mapping)\[str, Any\]")
    assert [file.name for file in files if untyped.search(file.read_text(encoding="utf-8"))] == []


def test_the_schema_is_one() -> None:
    """The published schema is a schema, and names every key of the contract."""
    jsonschema.Draft202012Validator.check_schema(published())
    assert set(published()["required"]) == {
        *("schema", "run", "operations", "overhead", "resilience", "accounting", "audit"),
        *("cost", "resources", "gates", "drills", "errors", "timeline"),
    }


def test_departures_are_named(tmp_path: Path) -> None:
    """A wrong type and a missing key are told with their place."""
    report: dict[str, Any] = sample_report(tmp_path, pairs=3)
    report["overhead"][0]["pairs"] = "many"
    del report["run"]["seed"]
    found = "\n".join(violations(report))
    assert "overhead/0/pairs" in found
    assert "'seed' is a required property" in found


def test_keys_of_the_contract_hold(tmp_path: Path) -> None:
    """Scripts of others read these; they mean what the contract says."""
    report = sample_report(tmp_path, pairs=900)
    assert [entry["confirm"] for entry in report["overhead"]] == list(LEVELS)
    for entry in report["overhead"]:
        assert entry["operation"] == "audit-event"
        assert entry["pairs"] == 300
        difference = entry["hedera_ms"]["mean"] - entry["baseline_ms"]["mean"]
        assert entry["absolute_ms"]["estimate"] == pytest.approx(difference)
        assert entry["relative_pct"]["estimate"] == pytest.approx(100 * difference / entry["baseline_ms"]["mean"])
    assert report["run"]["headline"].startswith("Hedera adds, per audit event: ")
    assert report["run"]["limit"]["by"] == "network"
