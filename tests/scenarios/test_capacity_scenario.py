"""What is expected of a search: a confirmed rate, and that it was the network that would not take more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.catalogue import capacity
from tests.reports.sample import sample_report
from tests.reports.test_capacity import searched


def report_of(folder: Path, section: Any) -> Any:
    """A report of a run with a search."""
    report = sample_report(folder, pairs=4)
    report["capacity"] = section
    return report


@pytest.mark.parametrize(
    ("changes", "observed", "found", "network"),
    [
        ({}, "49 operations per second, confirmed", True, True),
        ({"confirmed": False, "why": "late"}, "49 operations per second, not confirmed: late", None, True),
        ({"confirmed": False, "rate_per_s": 0.0}, "0 operations per second, not confirmed: 3.93 % of", False, True),
        ({"limit_by": "generator"}, "49 operations per second, confirmed", True, None),
        ({"limit_by": None, "bad_per_s": None}, "49 operations per second, confirmed", True, None),
        ({"steps": []}, "nothing was tried", None, None),
    ],
)
def test_a_search_is_judged_by_what_it_found(
    tmp_path: Path, changes: Any, observed: str, found: bool | None, network: bool | None
) -> None:
    """What the generator could not make, it cannot tell of."""
    report = report_of(tmp_path, searched(**changes))
    judged = capacity.found_and_confirmed(report)
    assert (judged.observed[: len(observed)], judged.passed) == (observed, found)
    assert capacity.by_the_network(report).passed is network


def test_a_run_without_a_search_cannot_tell(tmp_path: Path) -> None:
    """It was given another shape."""
    report = report_of(tmp_path, None)
    assert (capacity.found_and_confirmed(report).passed, capacity.by_the_network(report).passed) == (None, None)
