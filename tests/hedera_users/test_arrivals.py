"""Due operations go to whoever is free, start late and say so where nobody is, and are counted whatever happens."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import gevent
import pytest
from gevent.event import AsyncResult
from hypothesis import given
from hypothesis import strategies as st

from hedera_users.arrivals import LATE_S, Arrivals, Turn
from hedera_users.operation_counts import OperationCounts


class Line:
    """Users who ask for turns, on a clock that the test advances."""

    def __init__(self, patience: float = 5.0, moments: list[float] | None = None) -> None:
        self.now = 100.0
        self.operation_counts = OperationCounts()
        shed = self.operation_counts.shed
        self.arrivals = Arrivals(lambda: self._moments(moments), patience, shed, "1", lambda: self.now)
        self.users: list[gevent.Greenlet] = []
        self.places: list[AsyncResult] = []
        self.delays: list[float] = []
        self.order: list[str] = []

    def _moments(self, moments: list[float] | None) -> Iterator[float]:
        yield from moments or []

    def ask(self, name: str = "hcs.submit", hurry: bool = False) -> None:
        """Let one more user stand in line, who starts his operation at once when it is his turn."""
        place = AsyncResult()

        def user() -> None:
            turn = self.arrivals.wait(f"{name}|", place, hurry)
            if turn is not None:
                self.delays.append(turn.start())
                self.operation_counts.opened(name, None)
                self.order.append(name)

        self.users.append(gevent.spawn(user))
        self.places.append(place)
        gevent.sleep(0)

    def due(self) -> None:
        """Let one operation be due now."""
        self.arrivals.arrive(time.time())

    def totals(self) -> Counter[str]:
        """The counts over all operations."""
        total: Counter[str] = Counter()
        for counts in self.operation_counts.snapshot().values():
            total.update(counts)
        return total


def test_a_moment_goes_to_the_first_in_line() -> None:
    """Users that wait start at the moment, in the order in which they came; nothing is late."""
    line = Line()
    for name in ("a", "b", "c"):
        line.ask(name)
    line.due()
    line.due()
    gevent.sleep(0)
    assert line.order == ["a", "b"]
    assert line.delays == pytest.approx([0, 0], abs=0.001)
    assert line.arrivals.snapshot()["late"] == {"no_user": 0, "process": 0}


def test_who_has_begun_something_goes_first() -> None:
    """The second side of a pair does not queue behind pairs that have not begun."""
    line = Line()
    line.ask("new")
    line.ask("second", hurry=True)
    line.due()
    gevent.sleep(0)
    assert line.order == ["second"]


def test_without_a_free_user_the_start_is_late_and_counted() -> None:
    """The delay is what passed since the operation was due, which is when nobody was free."""
    line = Line()
    line.ask()
    line.due()
    gevent.sleep(0)
    line.due()
    line.now += 1.5
    line.ask()
    assert line.delays == pytest.approx([0, 1.5], abs=0.001)
    found = line.arrivals.snapshot()
    assert (found["late"], found["latest_s"]) == ({"no_user": 1, "process": 0}, pytest.approx(1.5, abs=0.001))


def test_a_process_that_was_busy_is_told_apart() -> None:
    """A user was free, and yet the start is late: the process had something else to do."""
    line = Line()
    line.ask()
    line.arrivals.arrive(time.time() - 0.3)
    gevent.sleep(0)
    assert line.delays == pytest.approx([0.3], abs=0.01)
    assert line.arrivals.snapshot()["late"] == {"no_user": 0, "process": 1}


@pytest.mark.parametrize(("patience", "waited", "started"), [(2.0, 1.9, 2), (2.0, 2.1, 1), (0.0, 0.0, 1)])
def test_beyond_the_patience_it_is_shed(patience: float, waited: float, started: int) -> None:
    """What nobody took in time is never started, and is scheduled all the same; without patience that is at once."""
    line = Line(patience)
    line.ask()
    line.due()
    gevent.sleep(0)
    line.due()
    line.now += waited
    line.ask()
    gevent.sleep(0)
    totals = line.totals()
    assert (totals["scheduled"], totals["started"], totals["shed"]) == (2, started, 2 - started)
    gevent.killall(line.users)


def test_the_end_sheds_what_nobody_took_and_sends_everybody_away() -> None:
    """A run that ends leaves nothing scheduled that is neither started nor shed; who asks later is not kept waiting."""
    line = Line()
    line.ask()
    line.due()
    gevent.sleep(0)
    line.due()
    line.arrivals.end()
    line.ask()
    gevent.joinall(line.users, timeout=1, raise_error=True)
    assert line.arrivals.snapshot() | {"latest_s": 0, "since": None, "until": 0} == {
        "due": 2,
        "started": 1,
        "shed": 1,
        "waiting": 0,
        "behind": 0,
        "latest_s": 0,
        "since": None,
        "until": 0,
        "late": {"no_user": 0, "process": 0},
    }
    assert line.totals() == Counter(scheduled=2, started=1, shed=1, in_flight=1)


def test_moments_come_by_the_clock_once_all_users_are_there() -> None:
    """Nothing is due before `begin`; then each moment comes when it is there, and those that are over come at once."""
    began = time.time()
    line = Line(moments=[began - 0.1, began + 0.05, began + 0.1])
    line.now = time.monotonic()
    line.arrivals.seconds = time.monotonic
    for _ in range(3):
        line.ask()
    gevent.sleep(0.01)
    assert line.order == []
    line.arrivals.begin()
    gevent.joinall(line.users, timeout=5, raise_error=True)
    assert time.time() >= began + 0.1
    assert line.delays[0] >= 0.1
    assert line.arrivals.snapshot()["due"] == 3


def test_what_a_busy_process_never_came_to_was_due_all_the_same() -> None:
    """8,000 a second asked, and the process hands out a sixth of them: the others are no less missing."""
    began = time.time()
    line = Line(moments=[began - 0.5 + number / 1000 for number in range(10_000)])
    line.arrivals.arrive = lambda moment: time.sleep(0.01)  # type: ignore[method-assign]
    line.ask()
    line.arrivals.begin()
    gevent.sleep(0.05)
    until = line.arrivals.snapshot()["until"]
    assert began - 0.5 < until < began, "of a process that is behind, what it covers is told, not the time of day"
    line.arrivals.end()
    found = line.arrivals.snapshot()
    handed_out = 1000 * (until - began + 0.5)
    assert found["behind"] == pytest.approx(1000 * (found["until"] - LATE_S - began + 0.5) - handed_out, abs=20)
    assert (found["shed"], line.totals()["shed"]) == (found["behind"], found["behind"])


def test_moments_after_the_end_were_not_due() -> None:
    """A process that keeps up leaves none behind, whatever the schedule holds for later."""
    line = Line(moments=[time.time() + 0.01, time.time() + 60])
    line.ask()
    line.arrivals.begin()
    gevent.sleep(0.05)
    line.arrivals.end()
    found = line.arrivals.snapshot()
    assert (found["due"], found["behind"], found["started"]) == (1, 0, 1)


def test_a_turn_that_a_killed_user_was_given_is_shed() -> None:
    """The kill comes between the moment and the user's next breath: the operation was due and did not start."""
    line = Line()
    line.ask()
    line.users[0].kill(block=False)
    line.due()
    gevent.joinall(line.users, timeout=1)
    assert line.totals() == Counter(scheduled=1, shed=1)
    assert line.arrivals.snapshot()["waiting"] == 0


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.booleans()),
            st.tuples(st.just("due"), st.booleans()),
            st.tuples(st.just("pass"), st.floats(0, 3)),
            st.tuples(st.sampled_from(["kill", "leave"]), st.integers(0, 20)),
        ),
        max_size=60,
    )
)
def test_the_books_balance_whatever_happens(steps: list[tuple[str, float]]) -> None:
    """Due = started + shed in the schedule's count, and scheduled = started + shed = due in the users' counts."""
    line = Line(patience=2.0)
    line.ask()
    for what, value in steps:
        if what == "ask":
            line.ask("a" if value else "b", bool(value))
        elif what == "due":
            line.due()
            gevent.sleep(0) if value else None
        elif what == "pass":
            gevent.sleep(0)
            line.now += value
        elif what == "kill":
            line.users[int(value) % len(line.users)].kill(block=False)
        else:
            line.arrivals.leave(line.places[int(value) % len(line.places)])
    line.arrivals.end()
    gevent.sleep(0)
    for place in line.places:
        line.arrivals.leave(place)
    gevent.joinall(line.users, timeout=1, raise_error=True)
    found, totals = line.arrivals.snapshot(), line.totals()
    assert found["due"] == sum(what == "due" for what, _ in steps)
    assert found["waiting"] == 0
    assert totals["scheduled"] == found["due"] == totals["started"] + totals["shed"]
    assert totals["started"] == found["started"] == len(line.delays)
    assert all(delay < 2.01 for delay in line.delays)


def test_a_turn_says_when_it_was_due() -> None:
    """What the message of the operation carries as its intended time."""
    line = Line()
    turn: list[Turn | None] = []
    user = gevent.spawn(lambda: turn.append(line.arrivals.wait("a|", AsyncResult())))
    gevent.sleep(0)
    line.arrivals.arrive(1234.5)
    user.join()
    assert turn[0] is not None
    assert turn[0].due_at == 1234.5
