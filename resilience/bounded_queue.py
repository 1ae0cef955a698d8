"""Where operations wait, in order, while the circuit is open or the limiter says wait.

There are two lines. New operations stand in the one that is bounded; when it is full the next is turned away at once.
Operations that were admitted once and go on (a retry, a later transaction) stand in the other: it goes first, and is
bounded by the operations there are. Each line is first in, first out.

A gate says when the next may go; it is only asked and takes nothing. Whoever is released goes through it himself before
anybody else is released. So nothing is held for somebody who waits, and one who is killed leaves nothing behind but
his place. One greenlet drains the lines. It exists only while somebody waits, sleeps for as long as the gate says, and
is woken (`wake`) when the gate may have changed.

Every entry ends once, so at any time

    enqueued = drained + expired + left + withdrawn + depth

The queue serves the greenlets of one thread.
"""

from __future__ import annotations

import heapq
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent.event import Event

from resilience.depth import DepthHistory
from resilience.errors import DeadlinePassedError, QueueExpiredError, QueueFullError, QueueLeftError, RejectedError
from resilience.policies import fault, refuse

Release = Callable[[RejectedError | None], object]
"""Told once how the waiting ended: None for "your turn", else the reason why it will never come."""

_SHORTEST_SLEEP_S: Final = 0.001
_LONGEST_SLEEP_S: Final = 1.0  # of a drainer: a circuit that processes share may close without anybody being told
_STALE_KEPT: Final = 64  # alarms of entries that have gone, beyond as many as there are entries


class Entry:
    """A place in the line; `BoundedQueue.put` gives it out."""

    __slots__ = ("continuing", "deadline", "entered_at", "expires_at", "number", "release", "waiting")

    def __init__(self, number: int, release: Release, entered_at: float, expires_at: float, deadline: float) -> None:
        self.number = number
        self.release = release
        self.entered_at = entered_at
        self.expires_at = expires_at
        self.deadline = deadline
        self.continuing = False
        self.waiting = True
        """Whether it still stands in the line."""

    @property
    def until(self) -> float:
        """When its waiting ends at the latest."""
        return min(self.expires_at, self.deadline)


class BoundedQueue:
    """The line before one guard.

    Args:
        capacity: New operations that may wait; at least 1.
        max_age_s: Seconds after which an entry expires; more than 0.
        name: Appears in its refusals.
        clock: Seconds of a clock that never goes back.
        now: Unix time in seconds; only dates how deep it was.
        spawn: Starts a greenlet.

    Raises:
        ValueError: a value is out of range.
    """

    def __init__(
        self,
        capacity: int = 1_000,
        max_age_s: float = 60.0,
        *,
        name: str = "queue",
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        spawn: Callable[..., Any] = gevent.spawn,
    ) -> None:
        refuse(
            "BoundedQueue",
            [
                fault("capacity", capacity, capacity >= 1, "at least 1"),
                fault("max_age_s", max_age_s, 0 < max_age_s < math.inf, "more than 0 seconds"),
            ],
        )
        self.name = name
        self.capacity = capacity
        self.max_age_s = max_age_s
        self.busy = False
        """Whether somebody waits, or has just been released and not yet gone through: newcomers must stand in line."""
        self._clock = clock
        self._spawn = spawn
        self._gate: Callable[[], float] | None = None
        self._new: OrderedDict[int, Entry] = OrderedDict()
        self._continuing: OrderedDict[int, Entry] = OrderedDict()
        self._alarms: list[tuple[float, int, Entry]] = []  # a heap of when entries end; those of gone ones are dropped
        self._numbers = 0
        self._bell = Event()
        self._empty = Event()
        self._empty.set()
        self._drainer: Any = None
        self._closed = False
        self._counts = dict.fromkeys(("enqueued", "drained", "expired", "rejected", "left", "withdrawn"), 0)
        self._max_depth = self._max_continuing = 0
        self._last_gone = {False: 0, True: 0}  # number of the entry that was let go last, of either line
        self._overtaken = 0
        self._waited_s = self._waited_max_s = 0.0
        self._history = DepthHistory(now)

    @property
    def depth(self) -> int:
        """Entries that wait."""
        return len(self._new) + len(self._continuing)

    def attach(self, gate: Callable[[], float]) -> None:
        """Say what the line waits for; a `Guard` does.

        Args:
            gate: Returns 0.0 when the next may go, else seconds until it is worth asking again; infinity if `wake` will
                tell. It takes nothing.

        Raises:
            ValueError: it stands before another gate already.
        """
        if self._gate is not None:
            raise ValueError(f"queue {self.name!r} belongs to a guard already; make one queue for each")
        self._gate = gate

    def enter(self, deadline: float | None = None, *, continuing: bool = False) -> None:
        """Wait for one's turn. The caller then goes through the gate at once, without letting another greenlet run.

        Args:
            deadline: Seconds of the queue's clock after which waiting is in vain; None for no limit of one's own.
            continuing: The operation was admitted before: it goes before new ones and is not bounded by the capacity.

        Raises:
            QueueFullError: there is no place.
            QueueExpiredError: it waited for `max_age_s`.
            DeadlinePassedError: its deadline has passed.
            QueueLeftError: the queue was closed.
        """
        turn = Event()
        refusals: list[RejectedError | None] = []

        def release(refusal: RejectedError | None) -> None:
            refusals.append(refusal)
            turn.set()

        entry = self._add(release, deadline, continuing=continuing)
        try:
            turn.wait()
        finally:
            self.withdraw(entry)  # does nothing unless the waiter was killed
        if refusals[0] is not None:
            raise refusals[0]

    def put(self, release: Release, deadline: float | None = None) -> Entry:
        """Hand a new operation over and go on.

        Args:
            release: Called once, in a greenlet of its own: with None when its turn has come, or with the refusal. It
                may do the work itself. The work should ask its guard for its first attempt (`continuing=True`) before
                it waits for anything else: the next in line is let go as soon as it waits.
            deadline: As for `enter`.

        Raises:
            QueueFullError: there is no place.
            QueueLeftError: the queue is closed.
        """
        return self._add(lambda refusal: self._spawn(release, refusal), deadline, continuing=False)

    def withdraw(self, entry: Entry) -> bool:
        """Leave the line. Returns False when the entry is no longer in it; its `release` was or will be called."""
        if not entry.waiting:
            return False
        self._remove(entry)
        self._counts["withdrawn"] += 1
        return True

    def wake(self) -> None:
        """The gate may have opened. Cheap; it only wakes the drainer, if somebody waits."""
        if self.busy:
            self._bell.set()

    def drain(self, timeout: float) -> bool:
        """Wait until nobody waits any more, for at most `timeout` seconds. Returns whether that came true."""
        return bool(self._empty.wait(timeout)) or self.depth == 0

    def close(self) -> int:
        """Refuse everybody from now on; who still waits ends with `QueueLeftError`. Returns how many those were."""
        self._closed = True
        left = [*self._continuing.values(), *self._new.values()]
        for entry in left:
            self._remove(entry)
            self._counts["left"] += 1
            entry.release(QueueLeftError(self.name))
        return len(left)

    def snapshot(self) -> dict[str, Any]:
        """What happened so far, in the form of report.json's `resilience.queue`.

        `max_depth` is of the bounded line, `max_continuing` of the other. `expired` are entries that grew too old or
        whose deadline passed, `rejected` those turned away because it was full (they never entered), `left` those that
        waited when it was closed, `withdrawn` those whose caller was killed. Times are those of drained entries;
        `overtaken` are those of them that came before one of their line that had already been let go.
        `histories` says how deep it was when (`resilience.depth.add_up` reads it).
        """
        return {
            "capacity": self.capacity,
            "max_depth": self._max_depth,
            **self._counts,
            "depth": self.depth,
            "max_continuing": self._max_continuing,
            "overtaken": self._overtaken,
            "waited_s": round(self._waited_s, 6),
            "waited_max_s": round(self._waited_max_s, 6),
            "histories": [self._history.snapshot()],
        }

    def __repr__(self) -> str:
        return f"<BoundedQueue {self.name!r}: {len(self._new)}/{self.capacity}, continuing={len(self._continuing)}>"

    def _add(self, release: Release, deadline: float | None, *, continuing: bool) -> Entry:
        if self._closed:
            raise QueueLeftError(self.name)
        if not continuing and len(self._new) >= self.capacity:
            self._counts["rejected"] += 1
            raise QueueFullError(self.name, self.capacity)
        now = self._clock()
        self._numbers += 1
        entry = Entry(self._numbers, release, now, now + self.max_age_s, math.inf if deadline is None else deadline)
        entry.continuing = continuing
        self._line_of(entry)[entry.number] = entry
        self._counts["enqueued"] += 1
        self._max_depth = max(self._max_depth, len(self._new))
        self._max_continuing = max(self._max_continuing, len(self._continuing))
        self.busy = True
        self._empty.clear()
        self._history.note(self.depth)
        self._set_alarm(entry)
        if self._drainer is None:
            self._drainer = self._spawn(self._drain)
        return entry

    def _line_of(self, entry: Entry) -> OrderedDict[int, Entry]:
        return self._continuing if entry.continuing else self._new

    def _remove(self, entry: Entry) -> None:
        del self._line_of(entry)[entry.number]
        entry.waiting = False
        self._history.note(self.depth)
        if self.depth == 0:
            self._empty.set()
            self._bell.set()  # so that the drainer ends

    def _set_alarm(self, entry: Entry) -> None:
        heapq.heappush(self._alarms, (entry.until, entry.number, entry))
        if len(self._alarms) > 2 * self.depth + _STALE_KEPT:
            self._alarms = [alarm for alarm in self._alarms if alarm[2].waiting]
            heapq.heapify(self._alarms)
        if self._alarms[0][2] is entry:
            self._bell.set()  # the drainer may sleep for too long

    def _drain(self) -> None:
        """Let them go one by one, until nobody waits."""
        try:
            while self.depth:
                self._bell.clear()
                next_end = self._expire()
                if not self.depth:
                    break
                wait = self._gate() if self._gate is not None else math.inf
                if wait <= 0:
                    self._let_go()
                else:
                    wait = min(wait, next_end - self._clock(), _LONGEST_SLEEP_S)
                    self._bell.wait(max(_SHORTEST_SLEEP_S, wait))
        finally:
            self._drainer = None
            self.busy = self.depth > 0
            if self.busy:  # killed, or the gate raised: somebody else must go on
                self._drainer = self._spawn(self._drain)

    def _let_go(self) -> None:
        """Release whoever is first, and let him go through the gate before anybody else may."""
        line = self._continuing or self._new
        entry = next(iter(line.values()))
        waited = self._clock() - entry.entered_at
        self._remove(entry)
        self._counts["drained"] += 1
        self._overtaken += entry.number < self._last_gone[entry.continuing]
        self._last_gone[entry.continuing] = max(entry.number, self._last_gone[entry.continuing])
        self._waited_s += waited
        self._waited_max_s = max(self._waited_max_s, waited)
        entry.release(None)
        gevent.sleep(0)

    def _expire(self) -> float:
        """Release those whose time is over; return when the next one's will be."""
        now = self._clock()
        while self._alarms:
            until, _, entry = self._alarms[0]
            if entry.waiting and until > now:
                return until
            heapq.heappop(self._alarms)
            if entry.waiting:
                self._remove(entry)
                self._counts["expired"] += 1
                too_old = entry.expires_at <= entry.deadline
                entry.release(
                    QueueExpiredError(self.name, self.max_age_s) if too_old else DeadlinePassedError(self.name)
                )
        return math.inf
