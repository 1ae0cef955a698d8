"""Open-model arrivals: operations are due by a schedule, not by when the one before ended.

Users that wait for their next operation form a queue; each moment of the schedule goes to the first of them. Without a
free user the moment waits, and the operation starts late: its response time counts from the moment it was due. One that
has waited longer than the patience is shed: it is counted, and never started. So are moments that a process was too
busy to reach before the run ended.

    due = started + shed + waiting

A closed model (each user begins when it has ended) slows down together with the network that it measures, and so
leaves out what would have been slow: coordinated omission. See docs/decisions/0040.
"""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any, Final

import gevent
from gevent.event import AsyncResult, Event

LATE_S: Final = 0.02
"""A start that is later than this counts as missed. A process with time to spare is within a few milliseconds."""


class Turn:
    """The right, and the duty, to start one operation that was due at a moment.

    Attributes:
        due_at: Unix time in seconds when it was due.
        due: The same by the clock of `Arrivals`.
        unmanned: No user was free then.
    """

    __slots__ = ("_arrivals", "due", "due_at", "unmanned")

    def __init__(self, arrivals: Arrivals, due: float, due_at: float) -> None:
        self._arrivals = arrivals
        self.due = due
        self.due_at = due_at
        self.unmanned = False

    def start(self) -> float:
        """Note that the operation starts now; return how many seconds it is late."""
        return self._arrivals.note_start(self)


class Arrivals:
    """One process's part of the schedule, and its users that wait for their turn.

    Args:
        moments: Unix times in seconds, ascending, given when `begin` is called.
        patience: Seconds that a due operation waits for a free user.
        shed: Counts an operation as due and never started, by its key `<name>|<arm>`.
        seed: Of the lot that decides which kind of operation a shed one would have been.
        seconds: Seconds, monotonic.
    """

    def __init__(
        self,
        moments: Callable[[], Iterator[float]],
        patience: float,
        shed: Callable[[str], None],
        seed: str = "",
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._moments = moments
        self._patience = patience
        self._shed_one = shed
        self._lots = random.Random(seed)
        self._line: tuple[deque[AsyncResult], deque[AsyncResult]] = (deque(), deque())  # those in a hurry, the others
        self._waiting: deque[Turn] = deque()
        self._asked: Counter[str] = Counter()
        self._somebody = Event()
        self._clock: gevent.Greenlet | None = None
        self._ended = False
        self._due = self._started = self._shed = self._behind = 0
        self._coming: Iterator[float] = iter(())
        self._next: float | None = None
        self._late = {"no_user": 0, "process": 0}
        self._most_s = 0.0
        self._since: float | None = None
        self._until: float | None = None

    def begin(self) -> None:
        """Let moments come, from now on; called again, it changes nothing."""
        if self._clock is None:
            self._clock = gevent.spawn(self._run)

    def end(self) -> None:
        """End the schedule; moments without a user are shed, and later requests for a turn return None."""
        self._ended = True
        self._until = self._until or time.time()
        if self._clock is not None:
            self._clock.kill()
            self._catch_up(self._until)
        while self._waiting:
            self._waiting.popleft()
            self._shed_a_turn()

    def wait(self, key: str, place: AsyncResult, hurry: bool = False) -> Turn | None:
        """Wait for a turn; None where `leave` was called meanwhile, or `end` before.

        Args:
            key: The operation that it is for, `<name>|<arm>`.
            place: The user's place in line, new each time.
            hurry: Go before those who are not: what the user has begun (a pair, a round) is not done yet.
        """
        self._asked[key] += 1
        self._somebody.set()
        self._drop_impatient()
        if self._waiting or self._ended:
            return self._waiting.popleft() if self._waiting else None
        line = self._line[0 if hurry else 1]
        line.append(place)
        try:
            turn: Turn | None = place.get()
        except BaseException:  # killed: the turn that it was just given, or the place in line, is nobody's
            if place.ready() and place.value is not None:
                self._shed_a_turn()
            elif place in line:
                line.remove(place)
            raise
        return turn

    def leave(self, place: AsyncResult) -> None:
        """Let a user leave the line; one that was just given its turn keeps it."""
        for line in self._line:
            if place in line:
                line.remove(place)
                place.set(None)

    def arrive(self, moment: float) -> None:
        """Let one operation be due, at a moment in Unix seconds that is now or has just passed."""
        self._due += 1
        turn = Turn(self, self.seconds() - (time.time() - moment), moment)
        for line in self._line:
            if line:
                line.popleft().set(turn)
                return
        turn.unmanned = True
        self._waiting.append(turn)
        self._drop_impatient()

    def note_start(self, turn: Turn) -> float:
        """Count a start and return how late it is; beyond LATE_S it is missed, for want of a user or processor."""
        delay = max(0.0, self.seconds() - turn.due)
        self._started += 1
        self._most_s = max(self._most_s, delay)
        if delay > LATE_S:
            self._late["no_user" if turn.unmanned else "process"] += 1
        return delay

    def snapshot(self) -> dict[str, Any]:
        """Counts so far: `due` = `started` + `shed` + `waiting`; `late` starts by reason, and the latest in seconds.

        `behind` of the shed ones are moments that the process had not come to at the end.

        They cover the time from `since` (None before the first moment could come) to `until`, both Unix seconds: the
        schedule makes known what they leave out, where no later snapshot ever comes.
        """
        return {
            "due": self._due,
            "started": self._started,
            "shed": self._shed,
            "waiting": self._due - self._started - self._shed,
            "behind": self._behind,
            "late": dict(self._late),
            "latest_s": self._most_s,
            "since": self._since,
            "until": self._until or self._reached(),
        }

    def _run(self) -> None:
        self._somebody.wait()  # a process without users has nobody to miss a start
        self._since = time.time()
        self._coming = self._moments()
        for moment in self._coming:
            self._next = moment
            gevent.sleep(max(0.0, moment - time.time()))  # also when it is late: the users have to run
            self._next = None
            self.arrive(moment)

    def _reached(self) -> float:
        """Until when moments have come: now, or where a busy process is behind, its next one."""
        return time.time() if self._next is None else min(self._next, time.time())

    def _catch_up(self, until: float) -> None:
        """Count the moments that were due by then and not reached; waiting users get no turn."""
        upcoming = () if self._next is None else (self._next,)
        for moment in itertools.chain(upcoming, self._coming):
            if moment > until - LATE_S:
                return  # it would have been in time
            self._due += 1
            self._behind += 1
            self._shed_a_turn()

    def _drop_impatient(self) -> None:
        last = self.seconds() - self._patience
        while self._waiting and self._waiting[0].due <= last:
            self._waiting.popleft()
            self._shed_a_turn()

    def _shed_a_turn(self) -> None:
        """Count a turn as shed. Which operation it would have been, a lot decides, by how often each was asked for."""
        self._shed += 1
        kinds = list(self._asked)
        self._shed_one(kinds[0] if len(kinds) == 1 else self._lots.choices(kinds, list(self._asked.values()))[0])
