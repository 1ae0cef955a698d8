"""The line before a guard: what waits in it, why, and in which order it is sent."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from resilience import (
    BoundedQueue,
    BreakerPolicy,
    CircuitOpenError,
    ConcurrencyLimit,
    DeadlinePassedError,
    Pool,
    QueueExpiredError,
    QueueFullError,
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
    assert isinstance(cut_short_by(error), QueueExpiredError)
    assert isinstance(users.greenlets["new"].exception, QueueExpiredError)
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
    assert isinstance(users.greenlets["short"].exception, DeadlinePassedError)
    users.pass_time(30)
    assert told == [pytest.approx(40)]
    assert "short" not in users.sent


def test_a_full_line_rejects_the_next_new_operation(make_users, trip):
    users = make_users(capacity=3)
    trip(users.guard)
    for name in range(4):
        users.start(name)
    assert isinstance(users.greenlets[3].exception, QueueFullError)
    users.start("continuing", continuing=True)
    assert users.guard.queue.depth == 4


def test_without_a_queue_the_open_circuit_is_met_at_once(make_guard, trip, script):
    guard = make_guard()
    trip(guard)
    with pytest.raises(CircuitOpenError):
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
