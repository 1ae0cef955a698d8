"""From a process's recording to the master's collection: deltas, counts of users, the handshake, errors, resources."""

from __future__ import annotations

from locust import User, constant, task
from locust.env import Environment
from locust.runners import MasterRunner

import logging
from argparse import Namespace
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.operation import OperationRecord, Outcome
from records.sources import publish
from reports.collect.collector import Collector
from reports.collect.facts import Facts
from reports.collect.handshake import GONE_MARGIN_S, Handshake
from reports.collect.recording import Recording, Totals
from reports.collect.user_counts import UserCounts
from reports.measure.errors import MAX_GROUPS, MAX_LENGTH, OTHER, Errors, normalised
from reports.measure.keys import OperationKey
from reports.measure.resources import MAX_SAMPLES, ResourceMonitor
from tests.e2e.locust_command import free_port
from tests.reports.ledger import run


class Idle(User):
    """Somebody who does nothing."""

    wait_time = constant(60)

    @task
    def nothing(self) -> None: ...


def operation(outcome: Outcome = Outcome.SUCCEEDED, error: str = "") -> OperationRecord:
    """A closed operation."""
    status = "SUCCESS" if outcome is Outcome.SUCCEEDED else "BUSY"
    return OperationRecord(
        "hcs.submit", confirm="receipt", started_at=1.0, latency_s=0.1, outcome=outcome, status=status, error=error
    )


def fire(environment: Environment, record: OperationRecord) -> None:
    """Tell Locust of an operation, as operations do."""
    events: Any = environment.events
    events.request.fire(
        request_type="HCS", name="hcs.submit", response_time=1, response_length=0, context={"record": record}
    )


def test_deltas_add_up_to_what_was_recorded() -> None:
    """Each has what is new, and what the process counts itself; the last one is the same however often it is asked."""
    environment = Environment()
    publish(environment, "operation_counts", lambda: {"hcs.submit|": {"started": 3}})
    described = run()
    recording = Recording(environment, described)
    recording.start()
    collector = Collector(described, None)
    fire(environment, operation())
    fire(environment, operation(Outcome.FAILED, "no"))
    first = msgpack.unpackb(msgpack.packb(recording.delta()))
    assert (first["sequence"], first["final"]) == (1, False)
    assert first["sources"]["operation_counts"]["hcs.submit|"]["started"] == 3
    collector.merge("local", first)
    fire(environment, operation())
    last = recording.finish()
    assert recording.finished
    fire(environment, operation())
    assert recording.finish() is last
    assert collector.silent == ["local"]
    for delta in (last, last, first):
        collector.merge("local", msgpack.unpackb(msgpack.packb(delta)))
    assert collector.silent == []
    (measured,) = collector.measurements.operations.values()
    assert {name: count for name, count in measured.counts.items() if count} == {"succeeded": 2, "failed": 1}


def test_totals_are_of_all_deltas() -> None:
    """By operation and outcome."""
    totals = Totals({})
    totals.add("a|", {"succeeded": 2})
    totals.add("a|", {"succeeded": 1, "failed": 1})
    assert {name: count for name, count in totals.closed["a|"].items() if count} == {"succeeded": 3, "failed": 1}


@pytest.fixture
def master() -> Iterator[MasterRunner]:
    """A master without workers."""
    environment = Environment(user_classes=[Idle])
    environment.parsed_options = Namespace(enable_rebalancing=False, headless=True)
    runner = environment.create_master_runner("127.0.0.1", int(free_port()))
    yield runner
    runner.quit()


def test_a_master_waits_for_who_has_not_said_all(master: MasterRunner, caplog: pytest.LogCaptureFixture) -> None:
    """As long as an answer may still come, and no longer; who stays silent is named."""
    described = run()
    collector = Collector(described, None)
    collector.expect(["gone", "late"])
    environment = Environment()
    recording = Recording(environment, described)
    recording.start()
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if now > 1.0 and "late" in collector.silent:
            collector.merge("late", recording.finish())

    with caplog.at_level(logging.ERROR):
        Handshake(master, collector, clock=lambda: now, sleep=sleep).collect(stop_timeout=10.0)
    assert GONE_MARGIN_S <= now < GONE_MARGIN_S + 0.1, "Locust has lost both, so neither is waited for longer"
    assert collector.silent == ["gone"]
    assert [record.getMessage().split(";")[0] for record in caplog.records if record.name.startswith("reports")] == [
        "Worker gone did not send its last data"
    ]
    Handshake(master, Collector(described, None), clock=lambda: now, sleep=sleep).collect(stop_timeout=10.0)
    assert now < GONE_MARGIN_S + 0.1, "where nobody is expected nobody is waited for"


def test_users_are_counted_where_locust_knows_them() -> None:
    """Asked for and there, the most of each; what a shape or nobody says is none."""
    options = Namespace(spawn_rate=5.0, run_time=30)
    environment = Environment(user_classes=[Idle], parsed_options=options)
    runner = environment.create_local_runner()
    counts = UserCounts(environment)
    assert (counts.told()["users"], counts.told()["users_there"]) == (0, 0)
    runner.start(3, spawn_rate=100)
    assert runner.spawning_greenlet is not None
    runner.spawning_greenlet.join(10)
    runner.stop()
    counts.look()
    told = counts.told()
    assert (told["users"], told["users_there"], told["spawn_rate_per_s"], told["run_time_s"]) == (3, 3, 5.0, 30.0)
    assert told["user_classes"] == [{"name": "Idle", "weight": 1, "fixed_count": 0, "users": 3}]
    runner.quit()


def test_facts_are_values_that_a_journal_keeps() -> None:
    """As they were told."""
    facts: dict[str, Any] = {
        "arguments": ["locust", "--headless"],
        "project": {"number": "0.1.0"},
        "versions": {"Python": "3.11"},
        "machine": {"cores": 2},
        "load": {"users": 3},
    }
    assert Facts(**msgpack.unpackb(msgpack.packb(Facts(**facts).dump()))) == Facts(**facts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BUSY: 0.0.2@1700000000.000000001 at node 3", "BUSY: 0.0.5@1800000000.000000009 at node 3"),
        ("took 123456789 ns", "took 987654321.5 ns"),
        ("two\n lines", "two lines"),
    ],
)
def test_what_differs_every_time_tells_no_errors_apart(one: str, other: str) -> None:
    """Ids, long numbers and line ends."""
    assert normalised(one) == normalised(other)


@given(st.text())
def test_a_message_is_one_line_of_bounded_length(text: str) -> None:
    """Without secrets of URLs."""
    assert len(normalised(text)) <= MAX_LENGTH
    assert len(normalised(text).splitlines()) <= 1
    assert "secret" not in normalised("GET https://user:secret@host/path")


def test_errors_are_grouped_and_merged() -> None:
    """How often, first and last; a server that says something new every time fills no memory."""
    key = OperationKey.load("hcs.submit||receipt")
    here, there = Errors(), Errors()
    for errors, at in ((here, 1.0), (here, 3.0), (there, 2.0)):
        record = operation(Outcome.FAILED, "no room")
        record.started_at = at
        errors.record(key, record)
    here.merge_dump(msgpack.unpackb(msgpack.packb(there.dump())))
    (group,) = here.groups.values()
    assert (group.count, group.first_at, group.last_at) == (3, 1.1, 3.1)
    for number in range(2 * MAX_GROUPS):
        here.record(key, operation(Outcome.FAILED, "x" * number))
    assert len(here.groups) <= MAX_GROUPS + 1
    assert sum(group.count for group in here.groups.values()) == 3 + 2 * MAX_GROUPS
    assert any(message == OTHER for _, _, _, message, _ in here.groups)


def test_a_process_knows_what_it_used() -> None:
    """The samples of a long run grow no further: every second one is kept, then every fourth."""
    now = 100.0
    monitor = ResourceMonitor(origin=100.0, clock=lambda: now)
    looks = 2 * MAX_SAMPLES + 10
    for _ in range(looks):
        monitor.look()
        now += 1.0
    summary = monitor.summary(with_samples=True)
    moments = [t for t, _, _ in summary["samples"]]
    assert len(moments) <= MAX_SAMPLES
    assert (moments[0], moments[-1]) == (0.0, looks - looks % 4 - (0 if looks % 4 else 4))
    assert {later - earlier for earlier, later in pairwise(moments)} == {4.0}
    assert 0 <= summary["cpu_percent"]["mean"] <= summary["cpu_percent"]["max"]
    assert summary["rss_mb"]["max"] > 1
    assert monitor.summary(with_samples=False)["samples"] == []
    assert msgpack.unpackb(msgpack.packb(summary)) == summary
