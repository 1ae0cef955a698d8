"""What is seen of a run while it goes on: counts of a moment, and what ended between two."""

from __future__ import annotations

from locust.env import Environment

from collections import Counter
from typing import Any

import pytest

from records.operation import Arm, OperationRecord, Outcome
from reports.collect.collector import Collector, Sender
from reports.collect.live import Live, Look, cpu_percent, due_between, live_of, publish_live
from reports.measure.recorder import Recorder
from tests.reports.ledger import run


def closed(
    at: float, latency_s: float, outcome: Outcome = Outcome.SUCCEEDED, arm: Arm | None = None
) -> OperationRecord:
    """An operation that ended `latency_s` after it started."""
    return OperationRecord(
        "hcs.submit", confirm="ack", arm=arm, started_at=at, latency_s=latency_s, outcome=outcome, status="SUCCESS"
    )


def sender(name: str, at: float, cpu_s: float, **arrivals: Any) -> Sender:
    """A process that makes load."""
    one = Sender(name, last_at=at, cpu_s=cpu_s)
    one.sources = {"arrivals": {"due": 0, "started": 0, "late": {"no_user": 0, "process": 0}, "until": at, **arrivals}}
    return one


def live(*records: OperationRecord) -> tuple[Live, Collector]:
    """A run in which these operations ended."""
    collector = Collector(run(), None)
    recorder = Recorder(collector.run.started_at)
    for record in records:
        recorder.on_request(context={"record": record})
    measured, _ = recorder.take()
    collector.measurements.merge_dump(measured.dump())
    asked: list[int] = []
    return Live(collector, lambda: asked.append(1), lambda: 100.0), collector


def test_what_ended_between_two_moments_is_counted_by_whole_points() -> None:
    """Where operations ended, not where they started; the baseline's side is left out."""
    began = run().started_at
    seen, _ = live(
        *(closed(began + 4.2, 0.010) for _ in range(95)),
        *(closed(began + 3.1, 2.0) for _ in range(5)),
        closed(began + 5.5, 0.010, Outcome.FAILED),
        *(closed(began + 4.5, 0.010, arm=Arm.BASELINE) for _ in range(50)),
        *(closed(began + 9.5, 0.010) for _ in range(7)),
    )
    found = seen.between(began + 4.0, began + 6.0)
    assert (found.counts["succeeded"], found.counts["failed"], found.counts["rejected"]) == (100, 1, 0)
    assert found.p50_ms == pytest.approx(10, rel=0.02)
    assert seen.between(began + 5.0, began + 6.0).p95_ms == pytest.approx(2_000, rel=0.02)
    assert seen.between(began + 4.4, began + 5.9).counts["succeeded"] == 0, "no whole point lies within"
    assert seen.between(began + 6.0, began + 9.0).p95_ms is None
    assert (seen.whole_second(began + 2.3), seen.whole_second(began + 3.0)) == (began + 3.0, began + 3.0)
    assert seen.mean_s("ack") is None


def test_a_look_adds_up_what_all_processes_tell() -> None:
    """After they were asked to."""
    seen, collector = live()
    mine = sender("a", 100.0, 4.0, due=50, started=48, late={"no_user": 2, "process": 1})
    other = sender("b", 102.0, 9.0, due=50, started=50, until=98.0)
    mine.sources["resilience"] = {"retries": {"by_status": {"BUSY": 3}}}
    other.sources["resilience"] = {"retries": {"by_status": {"BUSY": 4, "UNAVAILABLE": 1}}}
    collector.senders.update(a=mine, b=other)
    look = seen.look()
    assert (look.due, look.started, look.late_no_user, look.late_process) == (100, 98, 2, 1)
    assert look.retried == Counter(BUSY=7, UNAVAILABLE=1)
    assert (look.reached, look.told_at, look.cpu_s) == (99.0, 101.0, {"a": (100.0, 4.0), "b": (102.0, 9.0)})
    assert (seen.processes, seen.nodes) == (2, len(run().network.nodes))


def test_what_a_busy_process_has_not_come_to_was_due() -> None:
    """One that comes to half of the moments leaves as many; of processor time the busiest process counts."""
    before = Look(0.0, 0, 100.0, 100.0, 0, 0, 0, Counter(), {"a": (100.0, 5.0), "b": (100.0, 5.0)})
    after = Look(10.0, 400, 105.0, 110.0, 390, 0, 0, Counter(), {"a": (110.0, 14.5), "b": (110.0, 6.0)})
    assert due_between(before, after) == 800
    assert cpu_percent(before, after) == pytest.approx(95.0)
    assert due_between(before, before) == 0
    assert cpu_percent(before, before) is None


def test_it_can_be_seen_where_the_data_come_together_and_while_they_do() -> None:
    """Nowhere else."""
    environment = Environment()
    assert live_of(environment) is None
    seen, _ = live()
    publish_live(environment, seen)
    assert live_of(environment) is seen
    publish_live(environment, None)
    assert live_of(environment) is None
