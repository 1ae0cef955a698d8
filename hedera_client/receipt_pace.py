"""When to look for a receipt: a process's experience of how long receipts take, and one wait's schedule made of it.

A receipt is there at some moment between the last look that said "not yet" and the look that found it. That gap is
ours, not the network's: what is measured can be too long by as much. Three schedules:

* `adaptive`: looks lie close around the time after which receipts have come so far in this process, with a few before
  it, which notice when the network has become faster. A wait pays for as many looks as `fixed` would have made in it:
  one per begun `interval`. What one wait leaves another may make, so that over all waits nodes are asked no more often.
* `fixed`: every `interval`.
* `sdk`: as an application waits that uses a Hedera SDK: at once, then after 0.25 s, 0.5 s, 1 s, … at most 8 s
  (hiero-sdk-java Client.java: DEFAULT_MIN_BACKOFF 250 ms, DEFAULT_MAX_BACKOFF 8 s; each wait is twice the one before).
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import deque
from typing import Final, Literal, get_args

from grpc_http2.client.greenlets import make_lock

Schedule = Literal["adaptive", "fixed", "sdk"]
SCHEDULES: Final[tuple[Schedule, ...]] = get_args(Schedule)

STEP: Final = 0.04
"""Time between two looks as a share of the time that has passed since the acknowledgement."""

SHORTEST_STEP_S: Final = 0.005
SDK_BACKOFF_S: Final = 0.25
SDK_LONGEST_BACKOFF_S: Final = 8.0

_REMEMBERED: Final = 32
_ENOUGH: Final = 3
_FIRST_SPARE: Final = 4.0  # looks that may be made before the waits that pay for them are over
_MOST_SPARE: Final = 200.0
_PROBES: Final = (0.44, 0.76, 0.92)  # looks before the expected moment, as shares of it
_LOOKS_FOR_EVEN_PROBES: Final = 8
_FIRST_PROBE, _PROBE_EVERY = 2, 4  # intervals; after a stall everything is faster at once
_LOOKS_FOR_PROBES: Final = 4  # what a wait has to afford so that it makes one of its own
_SPARE_FOR_PROBE: Final = 3.0
_PROBING_SHARE: Final = 1 / 12
_MANY_LOOKS: Final = 6  # from here on steps behind the expected moment need no plan
_LATE_SHARE, _EARLY_SHARE, _LAST_SHARE = 0.85, 0.15, 0.97
_CLOSEST: Final = 0.015  # between two planned looks, as a share of the time that has passed
_LEAST_OF_EXPECTED: Final = 0.75
_DITHER: Final = 0.02  # so that many who wait at once do not all look at the same moment, too early or too late
_ONLY_LATER: Final = (0.01, 0.04)  # the same where a wait affords one look: too early costs another one


class ReceiptPace:
    """What one process knows about how long receipts take, and how many looks are left. Safe for threads and greenlets.

    Args:
        schedule: Which.
        interval: Seconds of waiting that one look costs at least, over all waits; with `fixed`, between two looks.
        chance: Spreads looks.

    Raises:
        ValueError: there is no such schedule.
    """

    def __init__(
        self, schedule: Schedule = "adaptive", interval: float = 0.25, chance: random.Random | None = None
    ) -> None:
        if schedule not in SCHEDULES:
            raise ValueError(f"receipt schedule {schedule!r}: use one of {', '.join(SCHEDULES)}")
        self.schedule = schedule
        self.interval = interval
        self._took: deque[float] = deque(maxlen=_REMEMBERED)
        self._pending_at: deque[float] = deque(maxlen=_REMEMBERED)
        self._spare = _FIRST_SPARE
        self._chance = chance or random.Random()
        self._lock = make_lock()

    def begin(self, timeout: float, waited: float = 0.0) -> Looks:
        """The schedule of a wait of at most `timeout` seconds that begins now; there is always time for one look.

        Args:
            timeout: Seconds from now.
            waited: Seconds that have passed since the acknowledgement.
        """
        return Looks(self, self._plan(), waited + timeout / 2)

    def _plan(self) -> list[float]:
        """Seconds after which to look, as far as that is known beforehand.

        Where a wait affords many looks, the expected moment is taken early, and the steps behind it find the receipt;
        before it no gap is longer than four intervals, so that what a stall has taught costs no wait more than that.
        Where it affords few, they are spread evenly over when receipts have come so far; where only one, that is late
        enough to find it most times. One wait in some looks earlier too, as soon as others have left looks for that.
        """
        if self.schedule == "sdk":
            return [0.0]
        with self._lock:
            if self.schedule == "fixed" or len(self._took) < _ENOUGH:
                return [self.interval]
            took = sorted(self._took)
            median = took[len(took) // 2]
            # A stall is no reason to look for the next ones that late: what is behind is found by the steps at the end.
            took = took[: bisect_right(took, median + self.interval)]
            affordable = _looks_paid(median, self.interval)
            dither = 1 + self._chance.uniform(*(_ONLY_LATER if affordable == 1 else (-_DITHER, _DITHER)))
            expected = [took[round(share * (len(took) - 1))] * dither for share in _shares(affordable)]
            spare = self._spare >= _SPARE_FOR_PROBE and self._chance.random() < _PROBING_SHARE
        plan = [expected[0] * probe for probe in _probes(affordable, spare=spare)]
        if affordable >= _LOOKS_FOR_EVEN_PROBES:
            plan[0:1] = _evenly(self.interval, plan[1])
        for at in expected:
            if not plan or at >= plan[-1] * (1 + _CLOSEST):
                plan.append(at)
        return [max(SHORTEST_STEP_S, at) for at in plan]

    def _borrow(self) -> bool:
        """Take a look that other waits have not used; False where there is none."""
        with self._lock:
            if self._spare < 1:
                return False
            self._spare -= 1
            return True

    def _not_before(self, first: float) -> float:
        """When receipts are usually not there yet, before a first look at this moment."""
        with self._lock:
            while self._pending_at and self._pending_at[0] >= first:
                self._pending_at.popleft()  # they have become faster since
            earlier = sorted(at for at in self._pending_at if at < first)
        return earlier[len(earlier) // 2] if earlier else 0.0

    def _learn(self, low: float, high: float, *, seen_pending: bool) -> None:
        """Remember a receipt that came between these moments."""
        with self._lock:
            # Where nothing is known of before, it was hardly much earlier; if it was, the next ones will show it.
            self._took.append(max((low + high) / 2, _LEAST_OF_EXPECTED * high))
            if seen_pending:
                self._pending_at.append(low)

    def _give_back(self, unused: float) -> None:
        """Let other waits have the looks that one has paid for by waiting and not made."""
        with self._lock:
            self._spare = min(_MOST_SPARE, self._spare + unused)


class Looks:
    """The looks of one wait. Times are seconds since the acknowledgement.

    Attributes:
        next_at: When the next look is due.
    """

    def __init__(self, pace: ReceiptPace, plan: list[float], first_by: float) -> None:
        self._pace = pace
        self._made = 0
        self._borrowed = 0
        self._pending_at: float | None = None
        self._plan = plan[1:]
        self.next_at = min(plan[0], first_by)

    def pending(self, at: float) -> None:
        """A look that began at this moment found nothing; `next_at` is the next one's."""
        self._made += 1
        self._pending_at = at
        self._schedule(at)

    def failed(self, at: float) -> None:
        """A look that began at this moment brought no answer, so nothing is known of that moment."""
        self._made += 1
        self._schedule(at)

    def found(self, at: float) -> float:
        """The look that began at this moment found the receipt.

        Returns:
            Seconds by which it may have been there earlier: since the last look that found nothing; after a first look
            that found it, since when receipts are usually not there yet.
        """
        self._made += 1
        seen_pending = self._pending_at is not None
        low = min(at, self._pending_at if self._pending_at is not None else self._pace._not_before(at))
        self._pace._learn(low, at, seen_pending=seen_pending)
        self._end((low + at) / 2)  # of what is late, half is not paid for
        return at - low

    def given_up(self, at: float) -> None:
        """The wait is over without a receipt."""
        self._end(at)

    def _schedule(self, at: float) -> None:
        pace = self._pace
        if pace.schedule == "sdk":
            self.next_at = at + min(SDK_BACKOFF_S * 2 ** (self._made - 1), SDK_LONGEST_BACKOFF_S)
        elif pace.schedule == "fixed":
            self.next_at = at + pace.interval
        else:
            while self._plan and self._plan[0] <= at:
                del self._plan[0]
            soon = self._plan.pop(0) if self._plan else at + max(SHORTEST_STEP_S, STEP * at)
            if not self._affords(soon):
                if pace._borrow():
                    self._borrowed += 1
                else:
                    soon = max(soon, (self._made + 1 - self._borrowed) * pace.interval)
            self.next_at = soon

    def _affords(self, at: float) -> bool:
        """Whether one more look at that moment is paid for by this wait itself."""
        return self._made + 1 - self._borrowed <= at / self._pace.interval

    def _end(self, at: float) -> None:
        paid = _looks_paid(at, self._pace.interval)
        self._pace._give_back(paid - (self._made - self._borrowed))


def _looks_paid(waited: float, interval: float) -> float:
    """Looks that a wait of so many seconds pays for: those of `fixed`, less a part of one where there are many."""
    intervals = waited / interval
    return intervals if intervals >= _MANY_LOOKS else max(1, math.ceil(intervals))


def _shares(affordable: float) -> list[float]:
    """Where to look, as shares of how long receipts took so far, for a wait that affords so many looks."""
    if affordable >= _MANY_LOOKS:
        return [_EARLY_SHARE]
    if affordable == 1:
        return [_LATE_SHARE]
    return [look / affordable for look in range(1, int(affordable))] + [_LAST_SHARE]


def _probes(affordable: float, *, spare: bool) -> tuple[float, ...]:
    """Looks before the expected moment, as shares of it; at least one where there are `spare` looks."""
    count = int(min(len(_PROBES), max(spare, affordable - _LOOKS_FOR_PROBES + 1)))
    return _PROBES[len(_PROBES) - count :]


def _evenly(interval: float, until: float) -> list[float]:
    """Moments of looks before `until` that leave no gap of more than a few intervals."""
    count = math.ceil((until / interval - _FIRST_PROBE) / _PROBE_EVERY)
    return [interval * (_FIRST_PROBE + _PROBE_EVERY * number) for number in range(count)]
