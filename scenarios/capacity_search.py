"""The search for the highest rate that a network keeps: which rate to try next, from what was seen of those before.

It climbs in large steps until one is bad, then closes in between the highest good and the lowest bad rate, and
confirms what it has found for longer. Pure: it knows no clock, no Locust and no network, and is given what a step
showed. A step is good where all gates hold; one that does not hold says who was at the limit (`capacity_gates`).

A network that turns away what is too much shows its capacity in the step that overloads it: what succeeded there, per
second. The next rate is taken just below that, which saves most of the halving; halving is for those that do not show
it. A throttle with a burst lets more pass at first (a node's bucket, `localnet/throttles/bucket.py`), so steps close to
the limit are longer than those far from it, and the found rate is held longest of all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal

from scenarios.capacity_gates import By, Fault, Gates, StepSeen, faults

Purpose = Literal["climb", "narrow", "close", "confirm", "again"]

BELOW_SEEN: Final = 0.98
"""Part of the throughput of an overloaded step that is tried next."""

NEAR: Final = 1.35
"""A bracket as narrow as this (bad over good) takes longer steps: a throttle's burst hides a small excess for long."""

LEAST_RATE: Final = 0.5
"""Operations per second below which the search gives up."""

REST_S: Final = 2.0
RETRIES_S: Final = 3.0
"""Seconds more where attempts were turned away: made again, they come on top of the next rate."""
LONGEST_REST_S: Final = 20.0


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
