"""The scenario `monitor-events`: a subscription that misses, repeats or disorders an event, or stays away, fails it."""

from __future__ import annotations

from typing import Any

import pytest

from hedera_users.event_monitor import EVENT
from scenarios.catalogue.monitor_events import OUTAGE, SHORT_BREAK, lags, once_and_in_order, outage, short_break

BREAK = {"from_s": 12.0, "lasted_s": 8.5, "caught_up": 160, "catch_up_s": 0.2}


def stream(*breaks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A subscription that brought a hundred events."""
    counted = dict.fromkeys(("ended", "silent", "skipped", "disordered", "repeated"), 0)
    return {
        "topic": "0.0.9",
        "delivered": 100,
        "last_sequence": 100,
        "opened": 1,
        **counted,
        "breaks": breaks,
    } | changes


def report_of(*streams: dict[str, Any], last: int = 100, p50: float = 2_200.0) -> Any:
    """A report of a run of 40 s with both faults."""
    faults = [
        {"name": SHORT_BREAK, "from_s": 5.0, "to_s": 5.3},
        {"name": OUTAGE, "from_s": 12.0, "to_s": 20.0},
    ]
    latency = {"p50": p50, "p99": 10_000.0, "max": 10_500.0}
    return {
        "run": {"duration_s": 40.0},
        "resilience": {"event_streams": list(streams)},
        "audit": {"topics": [{"topic_id": "0.0.9", "last_sequence_number": last}]},
        "operations": [{"name": EVENT, "latency_ms": latency, "throughput_per_s": 20.0}],
        "timeline": {"faults": faults},
    }


@pytest.mark.parametrize(
    ("changes", "last", "passed", "words"),
    [
        ({}, 100, True, "100 events came; 0 never came, 0 came out of order, 0 came twice"),
        ({"delivered": 99, "skipped": 1}, 100, False, "99 events came; 1 never came"),
        ({}, 102, False, "2 never came"),
        ({"skipped": 1, "disordered": 1}, 100, False, "1 came out of order"),
        ({"repeated": 3}, 100, False, "3 came twice"),
        ({"delivered": 0, "last_sequence": 0}, 0, False, "no event came"),
    ],
)
def test_every_event_once_and_in_order(changes: dict[str, int], last: int, passed: bool, words: str) -> None:
    """By the subscription's own counts, and by how long the topic is that the audit read."""
    judged = once_and_in_order(report_of(stream(**changes), last=last))
    assert judged.passed is passed
    assert words in judged.observed


def test_without_a_subscription_nothing_can_be_told() -> None:
    """E.g. where the monitor could not start."""
    assert once_and_in_order(report_of()) == ("nobody was subscribed", None)


@pytest.mark.parametrize(
    ("broken", "passed"),
    [
        ([BREAK], True),
        ([], False),
        ([BREAK | {"lasted_s": 12.0}], False),
        ([BREAK | {"catch_up_s": 2.5}], False),
        ([BREAK | {"from_s": 25.0, "lasted_s": 0.5}], False),
        ([BREAK, BREAK | {"lasted_s": 12.0}], False),
    ],
)
def test_an_outage_is_survived(broken: list[dict[str, Any]], passed: bool) -> None:
    """An interruption at its time, over soon after it, and caught up; one that never interrupted shows nothing."""
    judged = outage(report_of(stream(*broken)))
    assert judged.passed is passed
    if passed:
        assert judged.observed == "interrupted for 8.5 s; 160 events caught up in 0.20 s"


def test_a_short_break_is_its_own() -> None:
    """The outage's interruption is not the short break's."""
    assert short_break(report_of(stream(BREAK))) == ("no subscription was interrupted", False)
    short = {"from_s": 5.0, "lasted_s": 0.5, "caught_up": 11, "catch_up_s": 0.1}
    assert short_break(report_of(stream(short, BREAK))).passed is True


def test_a_fault_that_was_not_injected_tells_nothing() -> None:
    """On a network that cannot be broken."""
    report = report_of(stream())
    report["timeline"]["faults"] = []
    assert outage(report).passed is None


@pytest.mark.parametrize(("p50", "passed"), [(2_200.0, True), (10_001.0, False)])
def test_half_of_the_events_come_soon(p50: float, passed: bool) -> None:
    """All figures are told; none where nothing came."""
    judged = lags(report_of(stream(), p50=p50))
    assert judged.passed is passed
    assert "99 % within" in judged.observed
    assert "20 events per second" in judged.observed
    empty = report_of(stream())
    empty["operations"] = []
    assert lags(empty) == ("no event came", None)
