"""When operations are due under `--arrival-rate`: infinite moments, independent of earlier operations."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator


def constant(rate: float, worker: int, workers: int, origin: float, now: float) -> Iterator[float]:
    """Moments that lie 1/rate apart over all processes together.

    Each process takes every `workers`-th, beginning with its own index, so that those of all interleave evenly where
    their clocks agree.

    Args:
        rate: Moments per second over all processes.
        worker: Index of this process; one that joined late may have an index beyond `workers`.
        workers: Processes that share the rate.
        origin: Unix time in seconds that all of them count from.
        now: Unix time in seconds; moments before it are left out.
    """
    share = worker % workers
    first = max(0, math.ceil(((now - origin) * rate - share) / workers))
    for number in itertools.count(first):
        yield origin + (share + number * workers) / rate


def poisson(rate: float, workers: int, now: float, source: random.Random) -> Iterator[float]:
    """Moments at random with exponential gaps; those of all processes together are a Poisson process of `rate`.

    Args:
        rate: Moments per second over all processes, in the mean.
        workers: Processes that share the rate.
        now: Unix time in seconds that the first gap begins at.
        source: Of the gaps; another one in each process.
    """
    moment = now
    while True:
        moment += source.expovariate(rate / workers)
        yield moment
