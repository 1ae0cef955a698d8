"""The scenario `overhead`: what is asked of its comparisons; and what others ask too, that everything arrived."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.arrived import all_arrived
from scenarios.catalogue.overhead import has_conclusions, later_costs_more
from tests.reports.sample import sample_report


def compared(operation: str, confirm: str, low: float, high: float, conclusion: str = "costs") -> dict[str, Any]:
    """One comparison of a report, as far as it is looked at."""
    interval = {"estimate": (low + high) / 2, "ci95": [low, high]}
    return {"operation": operation, "confirm": confirm, "absolute_ms": interval, "conclusion": conclusion}


def report_of(*overhead: dict[str, Any], confirm: str = "ack, receipt", with_hedera: str = "") -> Any:
    """A report with these comparisons."""
    return {"overhead": list(overhead), "run": {"confirm": confirm, "with_hedera": with_hedera}}


EVENTS = (compared("audit-event", "ack", 5, 9), compared("audit-event", "receipt", 2_000, 2_100))


def test_every_comparison_has_to_have_a_conclusion() -> None:
    """All that were asked for, of every operation that ran; what is missing is named, and cannot be told."""
    assert has_conclusions(report_of(*EVENTS)) == ("2 of 2 comparisons have a conclusion", True)
    vague = compared("store-model", "receipt", -9, 9, "cannot tell")
    told, passed = has_conclusions(report_of(*EVENTS, vague))
    assert (told, passed) == (
        "2 of 4 comparisons have a conclusion; none for store-model (ack) and store-model (receipt)",
        None,
    )
    assert has_conclusions(report_of()) == ("nothing was compared", None)


def test_an_application_has_one_level() -> None:
    """Whatever `--confirm` says."""
    entry = compared("audit-event", "application", 80, 90)
    report = report_of(entry, with_hedera="http://h/with")
    assert has_conclusions(report).passed
    assert later_costs_more(report) == ("one level was asked for, so there is no order", True)


def test_one_level_leaves_the_order_open() -> None:
    """There is nothing to compare."""
    assert later_costs_more(report_of(EVENTS[0])) == ("no two levels have a figure", None)
    assert later_costs_more(report_of(EVENTS[0], confirm="ack")).passed is True
    assert later_costs_more(report_of()).passed is None


@pytest.mark.parametrize(("receipt", "passed"), [((8, 20), True), ((6, 8), True), ((1, 4), False)])
def test_a_later_level_is_not_shown_to_cost_less(receipt: tuple[float, float], passed: bool) -> None:
    """Intervals that overlap show nothing; the order in the report does not matter."""
    judged = later_costs_more(report_of(compared("audit-event", "receipt", *receipt), EVENTS[0]))
    assert judged.passed is passed
    if not passed:
        assert judged.observed == "audit events cost less at receipt than at ack"


@pytest.mark.parametrize(
    ("changes", "passed", "words"),
    [
        ({"delivered": 7, "acknowledged": 7}, True, "7 of 7 acknowledged messages arrived exactly once"),
        ({"lost": 2}, False, "2 lost"),
        ({"delivered": 7, "acknowledged": 7, "doubt": "the mirror is behind"}, None, "once; the mirror is behind"),
        ({"delivered": 1, "acknowledged": 2, "collided": 1}, False, "1 of 2 acknowledged"),
        ({"acknowledged": 0, "delivered": 0}, None, "no message was acknowledged"),
    ],
)
def test_everything_has_to_arrive(changes: dict[str, Any], passed: bool | None, words: str, tmp_path: Path) -> None:
    """By the report's audit."""
    report = sample_report(tmp_path)
    report["audit"].update({"doubt": None, "error": None, **changes})  # type: ignore[typeddict-item]
    judged = all_arrived(report)
    assert judged.passed is passed
    assert words in judged.observed
