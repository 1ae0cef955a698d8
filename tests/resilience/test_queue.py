"""The bounded line: who waits, who goes first, who is turned away, and what becomes of those who are left."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from resilience import (
    BoundedQueue,
    BreakerPolicy,
    CircuitOpen,
    ConcurrencyLimit,
    DeadlinePassed,
    Pool,
    QueueExpired,
    QueueFull,
    QueueLeft,
    RetryBudget,
    RetryPolicy,
    TokenBucket,
    cut_short_by,
)

ONCE = RetryPolicy(attempts=1)


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
    assert isinstance(refusal, QueueFull)
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
        assert isinstance(line.callers[name].exception, QueueExpired)
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
    assert isinstance(line.callers["hasty"].exception, DeadlinePassed)
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
    with pytest.raises(QueueFull):
        line.queue.put(lambda refusal: told.setdefault("full", refusal))
    assert line.queue.close() == 5
    settle_down()
    assert {name: type(refusal) for name, refusal in told.items()} == {"expired": QueueExpired, "left": QueueLeft}


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
    assert all(isinstance(line.callers[name].exception, QueueLeft) for name in (1, 2))
    assert line.queue.drain(0.01) is True
    line.wait("late")
    assert isinstance(line.callers["late"].exception, QueueLeft)
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


# Behind a guard.


class Users:
    """Operations in greenlets behind a guard on a fake clock."""

    def __init__(self, guard: Any, clock: Any) -> None:
        self.guard, self.clock = guard, clock
        self.sent: list[Any] = []
        self.waited: list[tuple[Any, str, float]] = []
        self.greenlets: dict[Any, gevent.Greenlet] = {}

    def start(self, name: Any, answer: Any = "ok", **options: Any) -> None:
        def attempt(told: Any) -> Any:
            self.sent.append(name)
            result = answer(told) if callable(answer) else answer
            if isinstance(result, Exception):
                raise result
            return result

        def waited(what: str, seconds: float) -> None:
            self.waited.append((name, what, seconds))

        self.greenlets[name] = gevent.spawn(self.guard.run, attempt, on_wait=waited, **options)
        settle_down()

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.guard.queue.wake()
        settle_down()


@pytest.fixture
def make_users(make_guard, clock) -> Any:
    made: list[Users] = []

    def make(capacity: int = 1_000, max_age_s: float = 600.0, **options: Any) -> Users:
        queue = BoundedQueue(capacity, max_age_s, name="svc", clock=clock)
        made.append(Users(make_guard(queue=queue, **options), clock))
        return made[-1]

    yield make
    for users in made:
        gevent.killall(list(users.greenlets.values()), timeout=1)
        assert users.guard.pool.in_flight == 0
        assert identity(users.guard.queue)


def test_an_open_circuit_lets_wait_and_drains_in_order_when_it_closes(make_users, trip):
    """Operations that meet an open circuit wait; after the recovery one tries, and then all go, in order."""
    users = make_users(retry=ONCE)
    trip(users.guard)
    for name in range(20):
        users.start(name)
    assert users.sent == []
    users.pass_time(59)
    assert users.sent == []
    users.pass_time(1)
    assert users.sent == list(range(20))
    assert {what for _, what, _ in users.waited} == {"circuit"}
    assert all(seconds == 60 for _, _, seconds in users.waited)
    assert users.guard.breaker.snapshot()["rejected"] == 0
    assert users.guard.stats.snapshot()["waits"]["circuit"] == {"count": 20, "seconds": 1_200, "max_s": 60}


def test_while_half_open_only_the_free_trials_go(make_users, trip, errors):
    """One trial at a time is sent; a failed one leaves the line waiting, and its error is its operation's own."""
    users = make_users(retry=ONCE)
    trip(users.guard)
    hold = gevent.event.Event()
    failure = errors.lost()
    users.start("trial", lambda told: hold.wait() and failure)
    for name in range(5):
        users.start(name)
    users.pass_time(60)
    assert users.sent == ["trial"]
    users.pass_time(30)
    assert users.sent == ["trial"]
    hold.set()
    settle_down()
    assert users.greenlets["trial"].exception is failure
    users.pass_time(59)
    assert users.sent == ["trial"]
    users.pass_time(1)
    assert users.sent == ["trial", 0, 1, 2, 3, 4]


def test_a_killed_trial_hands_its_turn_to_the_next_in_line(make_users, trip):
    users = make_users(retry=ONCE)
    trip(users.guard)
    users.start("killed", lambda told: gevent.sleep(30))
    users.start("next")
    users.pass_time(60)
    assert users.sent == ["killed"]
    users.greenlets["killed"].kill(timeout=1)
    settle_down()
    assert users.sent == ["killed", "next"]
    assert users.guard.breaker.state == "closed"


def test_the_limiter_lets_wait_and_sets_the_pace(make_users, clock):
    """One a second: operations beyond it wait in order, and a newcomer does not overtake them."""
    users = make_users(limiter=TokenBucket(1, burst=1, clock=clock))
    for name in range(4):
        users.start(name)
    assert users.sent == [0]
    clock.sleep(1)
    users.start("newcomer")
    users.pass_time(0)
    assert users.sent == [0, 1]
    users.pass_time(1)
    users.pass_time(1)
    users.pass_time(1)
    assert users.sent == [0, 1, 2, 3, "newcomer"]
    assert [(name, what) for name, what, _ in users.waited] == [
        (1, "limiter"), (2, "limiter"), (3, "limiter"), ("newcomer", "queue"),
    ]  # fmt: skip


def test_a_place_that_becomes_free_wakes_the_line(make_users):
    """With a limit on calls at once, the end of a call lets the next one go, without anybody asking again and again."""
    users = make_users(limiter=ConcurrencyLimit(2))
    holds = [gevent.event.Event() for _ in range(2)]
    for name in range(2):
        users.start(name, lambda told, hold=holds[name]: hold.wait() and "ok")
    users.start(2)
    assert users.sent == [0, 1]
    holds[1].set()
    settle_down()
    assert users.sent == [0, 1, 2]
    holds[0].set()


def test_a_retry_waits_at_the_front_and_is_sent_when_the_circuit_closes(make_users, errors, clock):
    """The circuit opens between two attempts: with a queue the operation is not given up but waits, before new ones."""
    answers = iter([errors.unavailable(), "ok"])
    users = make_users(breaker=BreakerPolicy(failures=1), budget=RetryBudget())
    users.start("retried", lambda told: next(answers))  # fails, opens the circuit, backs off, meets it open
    users.start("new")
    assert users.sent == ["retried"]
    users.pass_time(60)
    assert users.sent == ["retried", "retried", "new"]
    assert users.greenlets["retried"].value == "ok"
    assert [what for name, what, _ in users.waited if name == "retried"] == ["retry", "circuit"]


def test_a_retry_that_expires_in_the_line_raises_its_real_error(make_users, errors):
    """What was sent and failed is no rejection: the mark says that it expired, and its retry is paid back."""
    users = make_users(breaker=BreakerPolicy(failures=1), max_age_s=10, budget=RetryBudget())
    users.start("retried", errors.unavailable("down"))
    users.start("new")
    users.pass_time(10)
    error = users.greenlets["retried"].exception
    assert isinstance(error, errors.unavailable)
    assert isinstance(cut_short_by(error), QueueExpired)
    assert isinstance(users.greenlets["new"].exception, QueueExpired)
    assert users.guard.budget.left == 500
    assert users.guard.stats.snapshot()["rejected"] == {"QUEUE_EXPIRED": 1}
    assert users.guard.stats.snapshot()["cut_short"] == {"QUEUE_EXPIRED": 1}


def test_queue_time_counts_against_the_deadline(make_users, trip, clock):
    """An operation whose time is up is not sent; one that still has time is told how much."""
    users = make_users()
    trip(users.guard)
    told: list[Any] = []
    users.start("short", deadline=clock() + 30)
    users.start("long", lambda attempt: told.append(attempt.timeout), deadline=clock() + 100)
    users.pass_time(30)
    assert isinstance(users.greenlets["short"].exception, DeadlinePassed)
    users.pass_time(30)
    assert told == [pytest.approx(40)]
    assert "short" not in users.sent


def test_a_full_line_rejects_the_next_new_operation(make_users, trip):
    users = make_users(capacity=3)
    trip(users.guard)
    for name in range(4):
        users.start(name)
    assert isinstance(users.greenlets[3].exception, QueueFull)
    users.start("continuing", continuing=True)
    assert users.guard.queue.depth == 4


def test_without_a_queue_the_open_circuit_is_met_at_once(make_guard, trip, script):
    guard = make_guard()
    trip(guard)
    with pytest.raises(CircuitOpen):
        guard.run(script("never reached"), continuing=True)


def test_an_empty_line_is_not_entered(make_users):
    """While nobody waits and the gate is open, operations pass by the queue."""
    users = make_users(pool=Pool("svc", ["3", "4"]))
    for name in range(10):
        users.start(name)
    assert users.sent == list(range(10))
    counts = users.guard.queue.snapshot()
    assert (counts["enqueued"], counts["max_depth"]) == (0, 0)
    assert users.waited == []


def test_stopping_users_in_the_line_leaves_nothing(make_users, trip):
    """Anchor 3, in the queue: a hundred killed waiters leave an empty line and an unchanged circuit."""
    users = make_users()
    trip(users.guard)
    for name in range(100):
        users.start(name)
    gevent.killall(list(users.greenlets.values()), timeout=1)
    assert users.guard.queue.depth == 0
    settle_down()
    assert users.guard.queue.busy is False
    assert users.guard.breaker.state == "open"
    assert users.guard.stats.snapshot()["queue"]["withdrawn"] == 100
