"""What no user waits for: every handed-over operation closes once, in its stream's order, and none is forgotten."""

from __future__ import annotations

from locust.env import Environment

from typing import Any

import gevent
import pytest
from gevent.event import Event

from hedera_users.background import Background
from hedera_users.operation import Operation
from hedera_users.operation_counts import OperationCounts
from records.operation import Outcome
from resilience import QueueExpiredError, QueueFullError


class Bench:
    """A background and the operations that closed."""

    def __init__(self, capacity: int = 10) -> None:
        self.environment = Environment()
        self.operation_counts = OperationCounts()
        self.background = Background(self.environment, "deliveries", capacity)
        self.closed: list[tuple[str, str, str]] = []
        self.faults: list[Exception] = []
        self.environment.events.request.add_listener(
            lambda context, **_: self.closed.append(
                (context["record"].name, context["record"].outcome.value, context["record"].status)
            )
        )
        self.environment.events.user_error.add_listener(lambda exception, **_: self.faults.append(exception))

    def hand_over(self, name: str, work: Any, after: str = "") -> Operation:
        """One operation that is handed over."""
        with Operation(self.environment, self.operation_counts, name, confirm="queued") as operation:
            self.background.hand_over(operation, lambda: work(operation), after=after)
        return operation


def test_its_time_ends_at_the_hand_over_and_its_outcome_comes_later() -> None:
    """The record stays open while the delivery is under way; its latency does not grow."""
    bench, gate = Bench(), Event()
    operation = bench.hand_over("one", lambda _: gate.wait())
    latency = operation.record.latency_s
    gevent.sleep(0.02)
    assert bench.closed == []
    assert operation.accepted
    assert bench.operation_counts.snapshot()["one|"]["in_flight"] == 1
    gate.set()
    assert bench.background.join(1)
    assert bench.closed == [("one", "succeeded", "SUCCESS")]
    assert operation.record.latency_s == latency < 0.02
    assert bench.operation_counts.snapshot()["one|"]["in_flight"] == 0


def test_a_full_background_refuses_at_once() -> None:
    """The one too many is told so, closes as rejected, and is not delivered."""
    bench, gate = Bench(capacity=2), Event()
    for name in ("one", "two"):
        bench.hand_over(name, lambda _: gate.wait())
    operation = bench.hand_over("three", lambda _: pytest.fail("it was refused"))
    assert operation.record.outcome is Outcome.REJECTED
    assert bench.closed == [("three", "rejected", QueueFullError.kind)]
    gate.set()
    assert bench.background.join(1)
    assert len(bench.closed) == 3


def test_one_stream_keeps_its_order_and_others_do_not_wait() -> None:
    """The next of a stream begins when all of the one before has been sent, or that has ended."""
    bench, gate, began = Bench(), Event(), []

    def slow(operation: Operation) -> None:
        began.append("first")
        gate.wait()
        operation.all_sent()
        gevent.sleep(0.01)
        began.append("first ended")

    bench.hand_over("first", slow, after="s")
    bench.hand_over("second", lambda _: began.append("second"), after="s")
    bench.hand_over("other", lambda _: began.append("other"), after="t")
    gevent.sleep(0.01)
    assert began == ["first", "other"]
    gate.set()
    assert bench.background.join(1)
    assert began == ["first", "other", "second", "first ended"], "the second waits for the sending, not for the receipt"


def test_a_failed_delivery_lets_the_next_of_its_stream_begin() -> None:
    """It closes with its error, and nobody waits for ever."""
    bench = Bench()

    def fail(_: Operation) -> None:
        raise QueueExpiredError("hcs", 1.0)

    bench.hand_over("first", fail, after="s")
    bench.hand_over("second", lambda _: None, after="s")
    assert bench.background.join(1)
    assert bench.closed == [("first", "rejected", "QUEUE_EXPIRED"), ("second", "succeeded", "SUCCESS")]
    assert bench.faults == []


def test_what_is_killed_closes_all_the_same() -> None:
    """Also what waits for its turn in a stream, and what never had a turn of the event loop."""
    bench = Bench()
    bench.hand_over("sent", lambda operation: (operation.sending("0.0.2@1.000000001"), gevent.sleep(30)), after="s")
    bench.hand_over("waiting", lambda _: None, after="s")
    bench.background.kill()
    assert bench.background.pending == 0
    assert sorted(bench.closed) == [("sent", "unknown", "STOPPED"), ("waiting", "rejected", "STOPPED")]


def test_who_clears_away_closes_what_was_cut_off() -> None:
    """A delivery that is killed hands its operation on: it closes once, behind the clearing, with what cut it off."""
    bench, cleared = Bench(), []

    def store(operation: Operation) -> None:
        operation.sending("0.0.2@1.000000001")
        try:
            gevent.sleep(30)
        except BaseException as cut_off:
            bench.background.clear_away(operation, cut_off, lambda: (gevent.sleep(0.02), cleared.append(True)))
            raise

    bench.hand_over("store", store, after="s")
    bench.hand_over("next", lambda _: None, after="s")
    gevent.sleep(0.01)
    bench.background.kill(1.0)
    assert cleared == [True]
    assert bench.background.pending == 0
    assert sorted(bench.closed) == [("next", "rejected", "STOPPED"), ("store", "unknown", "STOPPED")]
    assert {counts["in_flight"] for counts in bench.operation_counts.snapshot().values()} == {0}


def test_clearing_that_takes_too_long_is_ended() -> None:
    """The end of a run does not wait for a network that is gone; the operation closes all the same."""
    bench = Bench()
    with Operation(bench.environment, bench.operation_counts, "store") as operation:
        operation.sending("0.0.2@1.000000001")
        bench.background.clear_away(operation, gevent.GreenletExit(), lambda: gevent.sleep(30))
    bench.background.kill(0.01)
    assert bench.closed == [("store", "unknown", "STOPPED")]


def test_a_fault_in_somebodys_code_is_told_to_locust() -> None:
    """It closes the operation as failed and is listed among the exceptions, as one in a task would be."""
    bench = Bench()
    fault = KeyError("typo")

    def wrong(_: Operation) -> None:
        raise fault

    bench.hand_over("one", wrong)
    assert bench.background.join(1)
    assert bench.closed == [("one", "failed", "KeyError")]
    assert bench.faults == [fault]
