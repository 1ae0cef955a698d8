"""The slope of a time series with a confidence interval: whether something grows, and how fast at least and at most.

What a process uses is no sample of independent values: memory is a sum of what was taken and given back, so that each
value is the one before with a little on top (a random walk with a drift), and above it lies what happens to be in use
or waits for a garbage collector. Ordinary regression takes such wandering for a slope (Granger and Newbold 1974). So
each block of consecutive values is taken as one, its median, and the interval is the hull of two:

- of the least-squares line through the blocks, its standard error inflated for the autocorrelation of the
  residuals (right where values scatter around a line);
- of the mean growth from block to block, with the long-run variance of these growths (Newey and West 1987; right where
  values wander). One jump, however large, is one growth among many here, and no drift.

The measured coverage, and what was ruled out, is in docs/decisions/0134.

Literature:
    Granger, Newbold 1974. Spurious regressions in econometrics. Journal of Econometrics 2.
    Newey, West 1987. A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance
        matrix. Econometrica 55.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from reports.judge.intervals import CONFIDENCE, Bounds

Array = npt.NDArray[np.float64]

WARM_UP_SHARE: Final = 1 / 3
"""Part of a series that is left out at its beginning: caches fill, connections open, the allocator takes what it
needs."""

WARM_UP_LEAST_S: Final = 20.0
WARM_UP_MOST_S: Final = 900.0

LEAST_LENGTH_S: Final = 60.0
"""A series has to go on for that long after its warm-up."""

BLOCK_S: Final = 18.0
"""Length of a block, where MOST_BLOCKS of these suffice. In so much time, a collector comes by and a connection ends (a
node ends one after 15 s), so that one block is like the other."""

LEAST_BLOCKS: Final = 4
MOST_BLOCKS: Final = 60
POINTS_PER_BLOCK: Final = 3
"""At least."""

MOST_AUTOCORRELATION: Final = 0.9

OF_BLOCKS: Final = 1.2
"""Makes up for what few lags miss of a walk: the means of its blocks have growths of 2/3 of its variance, and half of
that again in the growths beside each (2/3 + 1/6 of it at one lag)."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How a series goes on after its warm-up.

    Attributes:
        from_s: Where it begins, in seconds since the start of the run.
        to_s: Where it ends.
        level: Of the line through it, where that begins.
        per_s: Its slope, per second.
        bounds: The slope's 95 % confidence interval.
        late_per_s: The slope of its later half.
        late_bounds: The interval of that.
    """

    from_s: float
    to_s: float
    level: float
    per_s: float
    bounds: Bounds
    late_per_s: float
    late_bounds: Bounds


def warm_up_s(length_s: float) -> float:
    """How much of a run of this length is left out at its beginning, in seconds."""
    return min(WARM_UP_MOST_S, max(WARM_UP_LEAST_S, WARM_UP_SHARE * length_s))


def trend(t: Array, values: Array) -> Trend | None:
    """The trend of a series; None where it is too short to tell.

    Args:
        t: Seconds since the start of the run, ascending.
        values: One for each.
    """
    if not len(t):
        return None
    kept = t >= t[0] + warm_up_s(float(t[-1] - t[0]))
    t, values = t[kept], values[kept]
    if len(t) < 2 * LEAST_BLOCKS * POINTS_PER_BLOCK or t[-1] - t[0] < LEAST_LENGTH_S:
        return None
    whole = slope(t, values)
    late = t >= (t[0] + t[-1]) / 2
    half = slope(t[late], values[late])
    at, parts = _blocks(t, values)
    level = float(parts.mean()) + whole[0] * float(t[0] - at.mean())
    return Trend(float(t[0]), float(t[-1]), level, *whole, *half)


def slope(t: Array, values: Array) -> tuple[float, Bounds]:
    """The slope per second, and its 95 % confidence interval."""
    at, parts = _blocks(t, values)
    line, around_line = _of_line(at, parts)
    drift, of_drift = _of_growth(at, parts)
    low = min(line - around_line, drift - of_drift)
    high = max(line + around_line, drift + of_drift)
    return line, (low, high)


def _blocks(t: Array, values: Array) -> tuple[Array, Array]:
    """The middles and the medians of the blocks, which are of one length: the first few values may belong to none."""
    blocks = int(np.clip((t[-1] - t[0]) / BLOCK_S, LEAST_BLOCKS, min(MOST_BLOCKS, len(t) // POINTS_PER_BLOCK)))
    first = len(t) % blocks
    return t[first:].reshape(blocks, -1).mean(axis=1), np.median(values[first:].reshape(blocks, -1), axis=1)


def _of_line(at: Array, means: Array) -> tuple[float, float]:
    """The slope of the least-squares line, and how far its interval reaches."""
    centred = at - at.mean()
    spread = float(centred @ centred)
    found = float(centred @ means) / spread
    rest = means - means.mean() - found * centred
    squares = float(rest @ rest)
    freedom = len(means) - 2
    lagged = float(rest[1:] @ rest[:-1]) / squares if squares > 0 else 0.0
    # Residuals of a line have a negative bias, of about -(1 + 4 r) / n at lag 1 (Kendall 1954, with one slope more).
    r = float(np.clip(lagged + (1 + 4 * max(0.0, lagged)) / len(means), 0.0, MOST_AUTOCORRELATION))
    error = math.sqrt(squares / freedom / spread * (1 + r) / (1 - r))
    return found, _critical(freedom) * error


def _of_growth(at: Array, means: Array) -> tuple[float, float]:
    """The mean growth per second from block to block, and how far its interval reaches."""
    growth = np.diff(means) / np.diff(at)
    count = len(growth)
    mean = float(growth.mean())
    rest = growth - mean
    lags = max(1, count // 6)
    variance = float(rest @ rest)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(rest[lag:] @ rest[:-lag])
    return mean, _critical(count - 1) * math.sqrt(OF_BLOCKS * max(0.0, variance) / (count - 1) / count)


def _critical(freedom: int) -> float:
    """The two-sided critical value of Student's t."""
    from scipy import stats  # as in `intervals`: not needed for a start of `locust`

    return float(stats.t.isf((1 - CONFIDENCE) / 2, max(1, freedom)))
