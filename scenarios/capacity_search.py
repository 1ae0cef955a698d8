"""The search for the highest rate that a network keeps: which rate to try next, from what was seen of those before.

It climbs in large steps until one is bad, then closes in between the highest good and the lowest bad rate, and
confirms what it has found for longer. Pure: it knows no clock, no Locust and no network, and is given what a step
showed (`StepSeen`). A step is good where all gates hold (`Gates`); one that does not hold says who was at the limit.

A network that turns away what is too much shows its capacity in the step that overloads it: what succeeded there, per
second. The next rate is taken just below that, which saves most of the halving; halving is for those that do not show
it. A throttle with a burst lets more pass at first (a node's bucket, `localnet/throttles/bucket.py`), so steps close to
the limit are longer than those far from it, and the found rate is held longest of all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal

By = Literal["network", "generator"]
Purpose = Literal["climb", "narrow", "close", "confirm", "again"]

GROWN: Final = 1.2
"""A p95 that grows by so much from the first to the second half of a step has not settled: a queue grows somewhere."""

GROWN_MS: Final = 100.0
"""Smaller growth is no sign of a queue."""

BELOW_SEEN: Final = 0.98
"""Part of the throughput of an overloaded step that is tried next."""

SEVERE: Final = 3.0
"""Times a gate beyond which a step is not repeated before it is believed."""

NEAR: Final = 1.35
"""A bracket as narrow as this (bad over good) takes longer steps: a throttle's burst hides a small excess for long."""

LEAST_RATE: Final = 0.5
"""Operations per second below which the search gives up."""

REST_S: Final = 2.0
RETRIES_S: Final = 3.0
"""Seconds more where attempts were turned away: made again, they come on top of the next rate."""
LONGEST_REST_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Gates:
    """What has to hold in a step.

    Attributes:
        kept_percent: Least part of the due operations that are started, and not late for want of a free user.
        errors_percent: Of those that ended, those that failed, were rejected or stayed unknown: fewer than this.
        turned_away_percent: Attempts that the network turned away (BUSY) and that were made again: fewer than this.
        p95_ms: Longest p95 of the operations that succeeded, from their start; 0: no limit.
    """

    kept_percent: float = 95.0
    errors_percent: float = 1.0
    turned_away_percent: float = 2.0
    p95_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class StepSeen:
    """What was seen in a step, after its settle time.

    Attributes:
        seconds: How long it was measured.
        due: Operations that were due.
        started: Of these, those that were started, and not late for want of a free user.
        succeeded: Operations that ended so in this time; the next three likewise.
        failed: They got an answer that was no success, or none.
        rejected: They were never sent.
        unknown: What became of them is not known.
        turned_away: Attempts that the network turned away and that were made again.
        p50_ms: Median of what succeeded; None where nothing did. The next three likewise.
        p95_ms: 95 of 100 were faster.
        early_p95_ms: The same in the first half of the step.
        late_p95_ms: The same in the second half.
        late_starts: Operations that started late although a user was free: the process was busy.
        no_user: Operations that started late because no user was free.
        cpu_percent: Of one core, of the busiest process that makes load; None where it is not known.
    """

    seconds: float
    due: int
    started: int
    succeeded: int
    failed: int = 0
    rejected: int = 0
    unknown: int = 0
    turned_away: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    early_p95_ms: float | None = None
    late_p95_ms: float | None = None
    late_starts: int = 0
    no_user: int = 0
    cpu_percent: float | None = None

    @property
    def ended(self) -> int:
        """Operations that ended in it."""
        return self.succeeded + self.failed + self.rejected + self.unknown

    @property
    def kept_percent(self) -> float:
        """Percent of the due operations that were started."""
        return 100 * self.started / self.due if self.due else 0.0

    @property
    def errors_percent(self) -> float:
        """Percent of the ended ones that did not succeed."""
        return 100 * (self.ended - self.succeeded) / self.ended if self.ended else 0.0

    @property
    def turned_away_percent(self) -> float:
        """Percent of the attempts that were turned away, and made again."""
        attempts = self.ended + self.turned_away
        return 100 * self.turned_away / attempts if attempts else 0.0

    @property
    def succeeded_per_s(self) -> float:
        """Operations that succeeded, per second."""
        return self.succeeded / self.seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """A gate that did not hold: who was at the limit, in words, and whether there is no doubt of it."""

    by: By
    words: str
    severe: bool = False


CPU_PERCENT: Final = 90.0
"""Of one core: above it a process that makes load has no room left, and its latencies are its own (as in `limits`)."""

LATE_PERCENT: Final = 5.0
"""Late starts for want of processor time from which on a latency is the generator's."""


LEAST_ENDED: Final = 0.95
"""Part of the started operations as many as which have to end in the same time, give or take what chance does."""

SEVERE_MS: Final = 2_000.0
"""A p95 that grew beyond this is no hiccup."""

FAR_SLOWER: Final = 5.0
"""Times the usual p95 beyond which a step is bad: there is a queue, whether or not it still grows."""

SLOWER: Final = 2.0
"""Times the usual p95 from which on the network is slower than usual, and keeps users busy that would be free."""


def faults(seen: StepSeen, gates: Gates, usual_p95_ms: float | None = None) -> list[Fault]:
    """Return the gates that did not hold in a step; empty where it was good.

    What the network turned away, or answered with an error, is its doing. Operations that were not started, and times
    that grew, are the generator's where its processes were busy, or where it had no user free although the network was
    no slower than usual; else the network's.

    Args:
        seen: What was seen in the step.
        gates: What had to hold.
        usual_p95_ms: The lowest p95 of the good steps; None while there is none.
    """
    found: list[Fault] = []
    if seen.turned_away_percent >= gates.turned_away_percent:
        # A network that says that it is too much is believed: after the rest before another try it would take it again,
        # for as long as its burst lasts.
        found.append(
            Fault("network", f"{seen.turned_away_percent:.3g} % of the attempts were turned away", severe=True)
        )
    if seen.errors_percent >= gates.errors_percent:
        by: By = "generator" if not found and seen.rejected == seen.ended - seen.succeeded else "network"
        words = f"{seen.errors_percent:.3g} % of the operations did not succeed"
        found.append(Fault(by, words, seen.errors_percent >= SEVERE * gates.errors_percent))
    if not seen.ended:
        found.append(Fault("network", "nothing ended"))
    strained = _strained(seen)
    grown = _grown(seen.early_p95_ms, seen.late_p95_ms, GROWN)
    slow = grown or _grown(usual_p95_ms, seen.p95_ms, SLOWER)
    far_slower = _grown(usual_p95_ms, seen.p95_ms, FAR_SLOWER)
    if seen.kept_percent < gates.kept_percent:
        lost = 100 - seen.kept_percent
        by = "network" if found or (slow and not strained) else "generator"
        why = f" ({strained})" if by == "generator" and strained else ", for no user was free" if seen.no_user else ""
        severe = lost >= SEVERE * (100 - gates.kept_percent)
        found.append(Fault(by, f"{seen.kept_percent:.3g} % of the rate was kept{why}", severe))
    by = "generator" if strained and not found else "network"
    if seen.ended < LEAST_ENDED * seen.started - 3 * math.sqrt(seen.started):
        found.append(Fault(by, f"{seen.started:,} operations were started, and {seen.ended:,} ended"))
    because = f" ({strained})" if by == "generator" else ""
    if gates.p95_ms and (seen.p95_ms or 0.0) > gates.p95_ms:
        found.append(Fault(by, f"p95 {seen.p95_ms:,.0f} ms, over {gates.p95_ms:,.0f} ms{because}"))
    if grown:
        words = f"p95 grew from {seen.early_p95_ms:,.0f} to {seen.late_p95_ms:,.0f} ms within the step{because}"
        found.append(Fault(by, words, far_slower and (seen.p95_ms or 0.0) > SEVERE_MS))
    elif far_slower:
        words = f"p95 {seen.p95_ms:,.0f} ms, more than {FAR_SLOWER:g} times the {usual_p95_ms:,.0f} ms of a good step"
        found.append(Fault(by, f"{words}{because}"))
    return found


def _strained(seen: StepSeen) -> str:
    """Why the generator's processes may be the limit, in words; "" where nothing says so."""
    if seen.cpu_percent is not None and seen.cpu_percent > CPU_PERCENT:
        return f"a process of the generator used {seen.cpu_percent:.0f} % of a core"
    if seen.due and 100 * seen.late_starts / seen.due > LATE_PERCENT:
        return f"{100 * seen.late_starts / seen.due:.0f} % started late for want of processor time"
    return ""


def _grown(before_ms: float | None, after_ms: float | None, times: float) -> bool:
    """Whether a time has grown by so much that it is no chance."""
    if before_ms is None or after_ms is None:
        return False
    return after_ms > times * before_ms and after_ms - before_ms > GROWN_MS


@dataclass(frozen=True, slots=True)
class Plan:
    """How to search; rates in operations per second, times in seconds.

    Attributes:
        start: First rate.
        most: Highest rate that is tried.
        climb: Times by which the rate grows while all is well.
        step_s: How long a step is measured.
        settle_s: How long it runs before that.
        confirm_s: How long the found rate is held.
        tolerance: Largest distance between the highest good and the lowest bad rate, as a part of the good one.
        margin: The operating point, as a part of the found rate.
        limit_s: Longest time of the whole search.
        gates: What has to hold.
    """

    start: float = 10.0
    most: float = 10_000.0
    climb: float = 2.0
    step_s: float = 6.0
    settle_s: float = 2.0
    confirm_s: float = 30.0
    tolerance: float = 0.05
    margin: float = 0.8
    limit_s: float = 600.0
    gates: Gates = field(default_factory=Gates)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: rest, let the rate settle, and measure.

    Attributes:
        rate: Operations due per second.
        purpose: Why.
        settle_s: Seconds at the rate before it is measured.
        seconds: Seconds to measure.
        rest_s: Seconds at `rest_rate` before that, in which what was left over of a bad step ends.
        rest_rate: Operations due per second in this time.
    """

    rate: float
    purpose: Purpose
    settle_s: float
    seconds: float
    rest_s: float = 0.0
    rest_rate: float = 0.0

    @property
    def takes_s(self) -> float:
        """How long all of it takes."""
        return self.rest_s + self.settle_s + self.seconds


@dataclass(frozen=True, slots=True)
class Tried:
    """A step that is over."""

    step: Step
    seen: StepSeen
    faults: list[Fault]

    @property
    def good(self) -> bool:
        """Whether all gates held."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Found:
    """What the search came to.

    Attributes:
        rate: The highest rate that was good, operations per second; 0 where none was.
        below: The lowest rate that was bad; None where none was.
        by: Who was at the limit there; None where nobody was: the highest allowed rate was kept.
        confirmed: Whether the rate was held for the time of a confirmation.
        operating: The rate with the margin taken off.
        why: What happened at `below`, or why the search ended early, in words.
    """

    rate: float
    below: float | None
    by: By | None
    confirmed: bool
    operating: float
    why: str


class Search:
    """One search. Ask `next_step`, do it, tell `observe` what was seen, until there is no next step.

    Args:
        plan: How to search.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tried: list[Tried] = []
        self._good = 0.0
        self._confirmed = 0.0
        self._bad = math.inf
        self._bad_because: Fault | None = None
        self._seen_capacity: float | None = None
        self._near = False
        self._doubted: Step | None = None
        self._passed_s = 0.0
        self._early = ""

    def next_step(self) -> Step | None:
        """Return what to do next; None when the search is over."""
        step = self._choose()
        if step is not None and self._passed_s + step.takes_s > self.plan.limit_s:
            self._early = f"the search may last {self.plan.limit_s:g} s"
            return None
        return step

    def observe(self, step: Step, seen: StepSeen) -> Tried:
        """Take in what a step showed; returns how it was judged."""
        usual = min((one.seen.p95_ms for one in self.tried if one.good and one.seen.p95_ms), default=None)
        tried = Tried(step, seen, faults(seen, self.plan.gates, usual))
        self.tried.append(tried)
        self._passed_s += step.takes_s
        first_time = step.purpose != "again"
        self._doubted = None
        if tried.good:
            self._good = max(self._good, step.rate)
            if step.seconds >= self.plan.confirm_s:
                self._confirmed = max(self._confirmed, step.rate)
        elif first_time and not any(fault.severe for fault in tried.faults):
            self._doubted = step
        else:
            self._take_bad(tried)
        return tried

    @property
    def found(self) -> Found:
        """What it has come to so far."""
        rate = self._good
        because = self._bad_because
        why = self._early or ("" if because is None else because.words)
        return Found(
            rate=rate,
            below=None if math.isinf(self._bad) else self._bad,
            by=None if because is None else because.by,
            confirmed=rate > 0 and self._confirmed >= rate,
            operating=rate * self.plan.margin,
            why=why,
        )

    def _take_bad(self, tried: Tried) -> None:
        """Believe that a rate is too high."""
        rate = tried.step.rate
        if rate <= self._bad:
            self._bad, self._bad_because = rate, tried.faults[0]
        if self._good >= rate:  # it was good for a shorter time
            near = self._confirmed if self._confirmed * (1 + self.plan.tolerance) ** 2 > rate > self._confirmed else 0.0
            self._good = near or self._highest_good(rate)
            self._confirmed = min(self._confirmed, self._good)
        self._seen_capacity = tried.seen.succeeded_per_s if tried.faults[0].by == "network" else None

    def _highest_good(self, below: float) -> float:
        """The highest rate below another that was good in a step; 0 where none was."""
        return max((one.step.rate for one in self.tried if one.good and one.step.rate < below), default=0.0)

    def _choose(self) -> Step | None:
        plan = self.plan
        if self._doubted is not None:
            step = self._doubted
            return self._step(step.rate, "again", step.seconds)
        if math.isinf(self._bad):
            if self._good >= plan.most:
                return self._confirmation()
            rate = min(plan.most, self._good * plan.climb) if self._good else min(plan.start, plan.most)
            return self._step(rate, "climb", plan.step_s)
        if not self._good:
            rate = self._between(0.0)
            return self._step(rate, "narrow", plan.step_s) if rate >= LEAST_RATE else None
        if self._bad <= self._good * (1 + plan.tolerance) * 1.0001:
            return self._confirmation()
        guess = self._guess()
        if guess is not None:
            return self._step(guess, "confirm", plan.confirm_s)
        rate = self._between(self._good)
        if rate <= self._good * (1 + plan.tolerance) * 1.0001:
            return self._step(rate, "close", max(plan.step_s, 2 * plan.confirm_s / 3))
        near = self._bad < NEAR * self._good
        return self._step(rate, "narrow", plan.step_s * (1.5 if near else 1.0))

    def _confirmation(self) -> Step | None:
        if self._confirmed >= self._good:
            return None
        return self._step(self._good, "confirm", self.plan.confirm_s)

    def _guess(self) -> float | None:
        """A rate just below what an overloaded step let through, once after each; None where that is no news."""
        seen, self._seen_capacity = self._seen_capacity, None
        if seen is None:
            return None
        rate = seen * BELOW_SEEN
        if rate <= self._good and self._confirmed < self._good:
            # It was good for a short time, as long as a burst lasted or a queue was short.
            self._good = self._highest_good(rate)
            return rate if self._good else None
        if rate <= self._good * (1 + self.plan.tolerance):
            self._near = True
            return None
        return rate if rate < self._bad else None

    def _between(self, good: float) -> float:
        """A rate between a good one (0: none is known) and the lowest bad one."""
        if not good:
            return self._bad / self.plan.climb
        # What was held for long is probably close to the limit: the next rates are as close as need be.
        near = self._near or self._confirmed >= good or self.tried[-1].step.purpose == "close"
        self._near = False
        return min(good * (1 + self.plan.tolerance), self._bad) if near else math.sqrt(good * self._bad)

    def _step(self, rate: float, purpose: Purpose, seconds: float) -> Step:
        """A step, after a rest where the one before was bad."""
        rest_s = 0.0
        if self.tried and not self.tried[-1].good:
            waiting_s = (self.tried[-1].seen.late_p95_ms or 0.0) / 1000
            retries_s = RETRIES_S if self.tried[-1].seen.turned_away else 0.0
            rest_s = min(LONGEST_REST_S, REST_S + retries_s + 1.2 * waiting_s)
        # A queue has to be worked off; a throttle's bucket is to stay full, or its burst hides what follows.
        share = 0.5 if self.tried and self.tried[-1].seen.turned_away else 0.15
        rest_rate = share * (min(self._good, rate) if self._good else rate / 2)
        return Step(rate, purpose, self.plan.settle_s, seconds, rest_s, rest_rate if rest_s else 0.0)
