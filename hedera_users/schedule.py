"""When operations are due under `--arrival-rate`: moments that are independent of earlier operations.

The rate is a curve, which all processes have alike. Operation number k is due when the curve has added up to k, so
that no process needs to speak of single operations, and the rate may change at any time that is still to come.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator

from config.curve import NOTHING, Curve

Counts = Callable[[float], Iterator[float]]
"""From a total on: the totals of the curve at which an operation of one process is due, ascending."""


def evenly(worker: int, workers: int) -> Counts:
    """Every `workers`-th operation, so that those of all processes interleave evenly where their clocks agree.

    Args:
        worker: Index of this process; one that joined late may have an index beyond `workers`.
        workers: Processes that share the rate.
    """
    share = worker % workers

    def counts(total: float) -> Iterator[float]:
        first = max(0, math.ceil((total - share) / workers))
        return (float(share + number * workers) for number in itertools.count(first))

    return counts


def by_chance(workers: int, source: random.Random) -> Counts:
    """Exponential gaps; those of all processes together are a Poisson process of the curve's rate.

    Args:
        workers: Processes that share the rate.
        source: Of the gaps; another one in each process.
    """

    def counts(total: float) -> Iterator[float]:
        while True:
            total += source.expovariate(1 / workers)
            yield total

    return counts


class Moments:
    """One process's moments, one after the other, by a curve that may be replaced while they come.

    Args:
        counts: Which of the run's operations are its own.
        curve: Unix time in seconds, and operations per second over all processes.
    """

    def __init__(self, counts: Counts, curve: Curve = NOTHING) -> None:
        self.curve = curve
        self._count_from = counts
        self._counts: Iterator[float] | None = None
        self._count = 0.0
        self._begun_at: float | None = None
        self.upcoming = math.inf
        """Unix time in seconds of the next moment; infinity where none comes as the curve is now."""

    def begin(self, now: float) -> None:
        """Let moments come from now on; those before, in Unix seconds, are left out."""
        self._begun_at = now
        self._start()

    def follow(self, curve: Curve) -> None:
        """Go on by another curve, which has to agree with the present one in what is past.

        Where it comes late, what it makes due since `begin` is due all the same.
        """
        self.curve = curve
        if self._counts is None:
            self._start()
        else:
            self.upcoming = curve.reached(self._count)

    def advance(self) -> None:
        """Go on to the moment after the upcoming one."""
        assert self._counts is not None, "there is no upcoming moment yet"
        self._count = next(self._counts)
        self.upcoming = self.curve.reached(self._count)

    def _start(self) -> None:
        if self._begun_at is not None and self.curve:
            self._counts = self._count_from(self.curve.total(self._begun_at))
            self.advance()
