"""The bounded line: who waits, who goes first, who is turned away, and what becomes of those who are left."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from resilience import (
    BoundedQueue,
    DeadlinePassedError,
    QueueExpiredError,
    QueueFullError,
    QueueLeftError,
)


def settle_down() -> None:
    """Let every greenlet run until it waits."""
    for _ in range(30):
        gevent.sleep(0)


def identity(queue: BoundedQueue) -> bool:
    """Whether every entry that was accepted is accounted for."""
    counts = queue.snapshot()
    ends = sum(counts[key] for key in ("drained", "expired", "left", "withdrawn", "depth"))
    return counts["enqueued"] == ends


class Gate:
    """A gate that is opened by hand, for so many."""

    def __init__(self, queue: BoundedQueue) -> None:
        self.free = 0
        self._queue = queue
        queue.attach(lambda: 0.0 if self.free > 0 else float("inf"))

    def go_through(self) -> None:
        """What a released one does."""
        assert self.free > 0, "released while the gate was shut"
        self.free -= 1

    def open_for(self, count: int) -> None:
        """Let so many through."""
        self.free += count
        self._queue.wake()
        settle_down()


@pytest.fixture
def line(clock) -> Any:
    """A queue of capacity 5 and 60 s, its gate, and a way to let numbered callers wait in it."""

    class Line:
        def __init__(self) -> None:
            self.queue = BoundedQueue(5, 60, clock=clock)
            self.gate = Gate(self.queue)
            self.order: list[Any] = []
            self.callers: dict[Any, gevent.Greenlet] = {}

        def wait(self, name: Any, **options: Any) -> None:
            def caller() -> None:
                self.queue.enter(**options)
                self.gate.go_through()
                self.order.append(name)

            self.callers[name] = gevent.spawn(caller)
            settle_down()

        def pass_time(self, seconds: float) -> None:
            clock.sleep(seconds)
            self.queue.wake()
            settle_down()

    line = Line()
    yield line
    gevent.killall(list(line.callers.values()), timeout=1)
    assert identity(line.queue)


def test_it_fills_to_its_capacity_and_rejects_the_next_at_once(line):
    """Five wait; the sixth is told so at once, and nobody is disturbed."""
    for name in range(6):
        line.wait(name)
    refusal = line.callers[5].exception
    assert isinstance(refusal, QueueFullError)
    assert str(refusal) == "queue 'queue' is full with 5 operations"
    assert refusal.kind == "QUEUE_FULL"
    assert repr(line.queue) == "<BoundedQueue 'queue': 5/5, continuing=0>"
    assert (line.queue.snapshot()["rejected"], line.queue.snapshot()["max_depth"]) == (1, 5)
    line.gate.open_for(1)
    line.wait(6)
    assert line.queue.depth == 5


def test_it_drains_in_order_and_at_the_pace_of_the_gate(line):
    """First in, first out, as many as the gate lets, and not one more."""
    for name in range(5):
        line.wait(name)
    line.gate.open_for(2)
    assert line.order == [0, 1]
    line.gate.open_for(1)
    assert line.order == [0, 1, 2]
    line.gate.open_for(10)
    assert line.order == [0, 1, 2, 3, 4]
    assert line.queue.busy is False


def test_who_was_admitted_before_goes_first_and_needs_no_capacity(line):
    """Retries and later transactions go before new operations, in their own order, also when the line is full."""
    for name in range(5):
        line.wait(name)
    for name in "abc":
        line.wait(name, continuing=True)
    assert line.queue.depth == 8
    line.gate.open_for(4)
    assert line.order == ["a", "b", "c", 0]
    counts = line.queue.snapshot()
    assert (counts["max_depth"], counts["max_continuing"]) == (5, 3)


def test_old_entries_expire_each_at_its_time_and_are_counted(line):
    """An entry that waited for 60 s is told so; younger ones stay, and go on in order."""
    line.wait("old")
    line.wait("old too", continuing=True)
    line.pass_time(30)
    line.wait("young")
    line.pass_time(29.9)
    assert line.queue.depth == 3
    line.pass_time(0.1)
    for name in ("old", "old too"):
        assert isinstance(line.callers[name].exception, QueueExpiredError)
    assert str(line.callers["old"].exception) == "waited 60 s in queue 'queue' in vain"
    line.gate.open_for(9)
    assert line.order == ["young"]
    counts = line.queue.snapshot()
    assert (counts["expired"], counts["drained"]) == (2, 1)
    assert (counts["waited_s"], counts["waited_max_s"]) == (30.0, 30.0)


def test_a_deadline_ends_the_wait_before_the_age_does(line):
    """Who has less time than the queue allows is told that his own time is up, whatever stands before him."""
    line.wait("patient")
    line.wait("hasty", deadline=1_000.0 + 5)
    line.pass_time(5)
    assert isinstance(line.callers["hasty"].exception, DeadlinePassedError)
    assert not line.callers["patient"].dead


def test_a_killed_waiter_leaves_the_line(line):
    """His place is free at once, and the order of the others is as it was."""
    for name in range(5):
        line.wait(name)
    line.callers[1].kill(timeout=1)
    line.callers[4].kill(timeout=1)
    assert line.queue.depth == 3
    line.wait(5)
    line.gate.open_for(9)
    assert line.order == [0, 2, 3, 5]
    assert line.queue.snapshot()["withdrawn"] == 2


def test_a_waiter_killed_at_the_moment_of_his_release_holds_up_nobody():
    """Released, and killed before he went through: he counts as drained, and the next one has his turn."""
    queue = BoundedQueue()
    through: list[str] = []

    def caller(name: str) -> None:
        queue.enter()
        through.append(name)

    callers = [gevent.spawn(caller, name) for name in ("killed", "next")]

    def gate() -> float:
        callers[0].kill(block=False)  # takes effect when the drainer waits, and he is released before that
        return 0.0

    queue.attach(gate)
    settle_down()
    assert through == ["next"]
    assert queue.snapshot()["drained"] == 2
    assert queue.busy is False


def test_work_that_is_handed_over_starts_when_its_turn_comes(line):
    """`put` goes on at once; the work starts in a greenlet of its own, in line with those who wait."""
    started: list[Any] = []

    def work(refusal: Any) -> None:
        started.append(refusal)
        line.gate.go_through()
        line.order.append("work")

    line.wait("before")
    line.queue.put(work)
    line.wait("after")
    assert started == []
    line.gate.open_for(1)
    line.gate.open_for(2)
    assert started == [None]
    assert line.order == ["before", "work", "after"]


def test_work_that_is_handed_over_is_told_its_refusal(line):
    """Expired, left at the end, withdrawn by its caller, or turned away: each end is told or asked for, once."""
    told: dict[str, Any] = {}
    line.queue.put(lambda refusal: told.setdefault("expired", refusal))
    line.pass_time(60)
    withdrawn = line.queue.put(lambda refusal: told.setdefault("withdrawn", refusal))
    assert line.queue.withdraw(withdrawn) is True
    assert line.queue.withdraw(withdrawn) is False
    for _ in range(5):
        line.queue.put(lambda refusal: told.setdefault("left", refusal))
    with pytest.raises(QueueFullError):
        line.queue.put(lambda refusal: told.setdefault("full", refusal))
    assert line.queue.close() == 5
    settle_down()
    assert {name: type(refusal) for name, refusal in told.items()} == {
        "expired": QueueExpiredError,
        "left": QueueLeftError,
    }


def test_a_fault_in_what_is_told_hurts_nobody_else(line, capsys):
    """Work that raises does so in its own greenlet; the line goes on."""

    def faulty(refusal: Any) -> None:
        line.gate.go_through()
        raise LookupError("a bug in the work")

    line.queue.put(faulty)
    line.wait("next")
    line.gate.open_for(1)
    line.gate.open_for(1)
    assert line.order == ["next"]


def test_a_run_that_ends_drains_and_reports_what_is_left(line):
    """`drain` waits for the line to empty, at most so long; `close` tells those that are left, and newcomers."""
    for name in range(3):
        line.wait(name)
    line.wait("retry", continuing=True)
    assert line.queue.drain(0.01) is False
    line.gate.open_for(2)
    assert line.queue.close() == 2
    settle_down()
    assert line.order == ["retry", 0]
    assert all(isinstance(line.callers[name].exception, QueueLeftError) for name in (1, 2))
    assert line.queue.drain(0.01) is True
    line.wait("late")
    assert isinstance(line.callers["late"].exception, QueueLeftError)
    assert line.queue.snapshot()["left"] == 2


def test_a_killed_drainer_is_replaced(line):
    """Whatever kills every greenlet it finds does not leave the line without somebody who drains it."""
    spawned: list[gevent.Greenlet] = []
    queue = BoundedQueue(5, 60, spawn=lambda *call: spawned.append(gevent.spawn(*call)) or spawned[-1])
    gate = Gate(queue)
    through: list[str] = []
    queue.put(lambda refusal: (gate.go_through(), through.append("work")))
    settle_down()
    spawned[0].kill(timeout=1)
    gate.open_for(1)
    assert through == ["work"]


def test_memory_does_not_grow_with_those_that_have_gone(line):
    """Ten thousand that came and went leave no trace but counts."""
    line.gate.free = 20_000
    line.wait("opener")
    for _ in range(10_000):
        line.queue.put(lambda refusal: line.gate.go_through())
        if line.queue.depth == 5:
            settle_down()
    settle_down()
    assert line.queue.snapshot()["drained"] == 10_001
    assert len(vars(line.queue)["_alarms"]) <= 2 * 5 + 64 + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capacity": 0}, "BoundedQueue: capacity=0 must be at least 1"),
        ({"capacity": 0, "max_age_s": 0},
         "BoundedQueue: capacity=0 must be at least 1; max_age_s=0 must be more than 0 seconds"),
    ],
)  # fmt: skip
def test_impossible_queues_are_refused(options, message):
    with pytest.raises(ValueError) as raised:
        BoundedQueue(**options)
    assert str(raised.value) == message


def test_a_queue_belongs_to_one_guard(make_guard):
    queue = BoundedQueue()
    make_guard(queue=queue)
    with pytest.raises(ValueError, match="belongs to a guard already"):
        make_guard(queue=queue)
