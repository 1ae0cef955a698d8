"""The scenario `retrieve`: what it says of reads, and of how far the mirror is behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hedera_users.model_finder import SHOWS
from reports.schema.report import Report
from scenarios.catalogue import retrieve
from tests.reports.sample import sample_report


def report_of(folder: Path, **changes: Any) -> Report:
    """A report in which every read went well; `changes` by the name of an operation."""
    report = sample_report(folder)
    sample = report["operations"][0]
    report["operations"] = []
    for name in (*retrieve.READS, SHOWS):
        entry = sample | {"name": name, "started": 9, "succeeded": 9}
        entry["latency_ms"] = sample["latency_ms"] | {"p50": 600.0, "p95": 9_000.0}  # type: ignore[operator]
        report["operations"].append(entry | changes.get(name, {}))  # type: ignore[arg-type]
    return report


def test_reads_that_succeed(tmp_path: Path) -> None:
    """With the times of half of them and of nearly all."""
    report = report_of(tmp_path)
    for operation in retrieve.READS:
        judged = retrieve.succeeded(operation, report)
        assert judged == ("9 of 9 succeeded, half of them within 600 ms and 95 % within 9.00 s", True)
    assert retrieve.consistency(report).passed


@pytest.mark.parametrize("name", retrieve.READS)
def test_one_that_fails_fails_its_expectation(tmp_path: Path, name: str) -> None:
    """And no other."""
    report = report_of(tmp_path, **{name: {"succeeded": 8}})
    assert [one for one in retrieve.READS if not retrieve.succeeded(one, report).passed] == [name]


def test_a_mirror_far_behind_fails(tmp_path: Path) -> None:
    """So does one that does not show all; where nothing was asked, nothing can be told."""
    slow = {"p50": 600.0, "p95": 10_001.0}
    assert retrieve.consistency(report_of(tmp_path / "a", **{SHOWS: {"latency_ms": slow}})).passed is False
    assert retrieve.consistency(report_of(tmp_path / "b", **{SHOWS: {"succeeded": 8}})).passed is False
    none = report_of(tmp_path / "c", **{SHOWS: {"started": 0, "succeeded": 0, "latency_ms": None}})
    assert retrieve.consistency(none).passed is None
    assert (
        retrieve.consistency(report_of(tmp_path / "d", **{SHOWS: {"succeeded": 0, "latency_ms": None}})).passed is False
    )
