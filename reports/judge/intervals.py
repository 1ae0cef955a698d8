"""Confidence intervals of the difference between two paired arms, by bootstrap over pairs and over blocks of pairs.

Pairs of one run are not independent: what slows one down slows its neighbours down, and an interval over single pairs
is then too narrow. So every interval is computed twice: over pairs, counted as the independent ones that they are
worth, and over blocks of consecutive pairs; the reported one holds both. How often they hold the truth is measured in
docs/decisions/0043 (`python -m benchmarks.coverage`).

Time and memory are bounded whatever the number of pairs: see MAX_UNITS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Bounds = tuple[float, float]

Estimator = Callable[[Array, Array], tuple[Array, Array]]
"""Takes both arms with pairs along the last axis; returns the estimate and what each pair contributes to its error."""

RESAMPLES: Final = 2_000
"""Bootstrap repetitions; the ends of an interval move by about 2 % of its width from seed to seed."""

MAX_UNITS: Final = 1_000
"""Beyond so many pairs, they are dealt at random into this many groups of one size, and the groups are resampled: their
means tell as much about the mean as the pairs do."""

MAX_QUANTILE_UNITS: Final = 400
"""The same for quantiles, whose groups keep all their values."""

MIN_BLOCKS: Final = 12
"""Fewer blocks say nothing about how much blocks differ. Long runs have as many blocks as blocks have pairs."""

GRID: Final = 512
"""Steps between which a quantile is looked for; see `_Counts`."""

MOST_CORRELATION: Final = 0.95
"""Neighbours that correlate more than this are a trend; pairs are worth a 39th of their number at least."""

MOST_BLOCK_CORRELATION: Final = 0.9
"""The same for blocks."""

DOUBT: Final = 0.5
"""Standard errors that a correlation is taken to be larger than it looks: believing too little of it is the worse
mistake."""

FEWEST_DRAWN: Final = 3
"""Units of a resample at least: fewer have no standard error to speak of."""

BATCH_VALUES: Final = 1_000_000
"""Values of an arm that are resampled at a time: 8 MB."""

_LARGEST_LOG: Final = 50.0  # a ratio of 5e21: what is beyond says no more

CONFIDENT: Final = 0.95
SURE: Final = 0.99


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and what is known of its error.

    Attributes:
        estimate: The figure itself, from all pairs.
        pairs: 95 % interval over pairs, as many as they are worth.
        blocks: 95 % interval over blocks of consecutive pairs; None where there are too few pairs for blocks.
        sure: 99 % interval, the hull of both kinds.
        error: Standard error, the larger of both kinds; nan for quantiles.
        worth: Number of independent pairs that would tell as much as these.
    """

    estimate: float
    pairs: Bounds
    blocks: Bounds | None
    sure: Bounds
    error: float
    worth: float

    @property
    def ci95(self) -> Bounds:
        """The interval that is reported: it holds both kinds."""
        return _hull([self.pairs, *([self.blocks] if self.blocks else [])])


def holds_zero(bounds: Bounds) -> bool:
    """Whether an interval leaves it open on which side of 0 the truth lies."""
    return bounds[0] <= 0 <= bounds[1]


def agreeing(absolute: Interval | None, relative: Interval | None) -> tuple[Interval | None, Interval | None]:
    """Both intervals of one difference, neither telling a sign that the other leaves open.

    They are made by different ways, of the difference and of the ratio, and few or skewed pairs let them disagree:
    then the one that is surer reaches to 0 as well, so neither covers the truth less often than before.
    """
    if absolute is None or relative is None or holds_zero(absolute.ci95) is holds_zero(relative.ci95):
        return absolute, relative
    if holds_zero(absolute.ci95):
        return absolute, _to_zero(relative)
    return _to_zero(absolute), relative


def block_length(pairs: int) -> int:
    """Consecutive pairs in a block; 1 where that many pairs make no blocks."""
    return max(1, pairs // max(MIN_BLOCKS, math.isqrt(pairs)))


def difference(baseline: Array, hedera: Array) -> tuple[Array, Array]:
    """Difference of the means."""
    differences = hedera - baseline
    return differences.mean(axis=-1), differences


def log_ratio(baseline: Array, hedera: Array) -> tuple[Array, Array]:
    """Logarithm of how many times the baseline's mean Hedera's mean is (contributions by the delta method)."""
    first, second = baseline.mean(axis=-1), hedera.mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(second / first), hedera / second[..., None] - baseline / first[..., None]


def rate_difference(baseline: Array, hedera: Array) -> tuple[Array, Array]:
    """Difference of what one caller gets done per second, one operation after another; latencies in milliseconds."""
    first, second = baseline.mean(axis=-1), hedera.mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = baseline / (first**2)[..., None] - hedera / (second**2)[..., None]
        return 1000 / second - 1000 / first, 1000 * residuals


def mean_interval(estimator: Estimator, baseline: Array, hedera: Array, seed: int) -> Interval | None:
    """The interval of a figure that is made of means; arms in the order of time, at least 2 pairs.

    Over pairs it is studentised (bootstrap-t): resampled is by how many of its own standard errors a resample's figure
    is off. Latencies are skewed, and a mean that lacks the rare long ones also looks too sure of itself; this accounts
    for it. Resamples are as large as the number of independent pairs that these are worth. Over blocks, which are few,
    bootstrap-t would let one odd block (a stall, a fault) throw an end far beyond anything seen; there it is the
    percentile bootstrap, widened as Student's t is for few values.

    Returns:
        None where the figure is not finite, e.g. relative to a baseline that takes no time.
    """
    value, contributions = estimator(baseline, hedera)
    estimate, error = float(value), float(_error(contributions))
    if not (math.isfinite(estimate) and math.isfinite(error)):
        return None
    rng = np.random.default_rng(seed)
    length = block_length(len(baseline))
    share = 1 / variance_inflation(contributions)
    kinds = [_studentised(estimator, *_groups(baseline, hedera, rng), estimate, share, rng)]
    if length > 1:
        widened = _widened(estimator, _blocks(baseline, length), _blocks(hedera, length), estimate, rng)
        kinds.append(_stretched(widened, estimate, _block_stretch(_blocks(contributions, length))))
    return Interval(
        estimate=estimate,
        pairs=kinds[0][0],
        blocks=kinds[1][0] if length > 1 else None,
        sure=_hull([sure for _, sure, _ in kinds]),
        error=max(error for _, _, error in kinds),
        worth=share * len(baseline),
    )


def relative_interval(baseline: Array, hedera: Array, seed: int) -> Interval | None:
    """The interval of the difference of the means in percent of the baseline's; see `mean_interval`.

    It is made on the logarithm of the ratio: a ratio is never negative, and a baseline that is short and skewed leaves
    it far less certain on one side than on the other.

    Returns:
        None where an arm takes no time.
    """
    logarithm = mean_interval(log_ratio, baseline, hedera, seed)
    if logarithm is None:
        return None

    def percent(bounds: Bounds) -> Bounds:
        low, high = (100 * math.expm1(min(end, _LARGEST_LOG)) for end in bounds)
        return low, high

    return Interval(
        estimate=100 * math.expm1(logarithm.estimate),
        pairs=percent(logarithm.pairs),
        blocks=percent(logarithm.blocks) if logarithm.blocks else None,
        sure=percent(logarithm.sure),
        error=100 * math.exp(logarithm.estimate) * logarithm.error,
        worth=logarithm.worth,
    )


def variance_inflation(values: Array) -> float:
    """By how much correlation between neighbours inflates the variance of the mean of values in the order of time.

    If values correlate by r with the next one, and each step further by p times less, the mean varies
    1 + 2 r / (1 - p) times as much as that of independent ones: p is r for an autoregression, and larger for a slow
    drift that noise hides. Both are estimated on the values and on their ranks, because a few long latencies hide them,
    and the larger result is taken. The bias of r in short series is made up for (Kendall 1954), and r is taken to be
    DOUBT standard errors larger. One that chance produces in five of six series of independent values, below one
    standard error, is not believed.
    """
    return max(_inflation(values), _inflation(stats.rankdata(values)))


def _inflation(values: Array) -> float:
    count = len(values)
    first, second, third = (_correlation(values, lag) for lag in (1, 2, 3))
    first += (1 + 3 * first) / count
    if first <= 1 / math.sqrt(count):
        return 1.0
    # Further away the bias is about 2/n; two ratios together are steadier than one.
    further = [max(0.0, found + 2 / count) for found in (second, third)]
    believed = first + DOUBT * math.sqrt(max(0.0, 1 - first**2) / count)
    lasting = max(believed, sum(further) / (believed + further[0]))
    return 1 + 2 * min(believed, MOST_CORRELATION) / (1 - min(lasting, MOST_CORRELATION))


def _correlation(values: Array, lag: int) -> float:
    """Correlation of each value with the one `lag` further on; 0 where all are the same, or there are too few."""
    centred = values - values.mean()
    total = float(centred @ centred)
    return float(centred[lag:] @ centred[:-lag]) / total if total > 0 else 0.0


def quantile_intervals(baseline: Array, hedera: Array, share: float, seed: int) -> tuple[Interval, Interval | None]:
    """The interval of the difference of a quantile, absolute and in percent of the baseline's; percentile bootstrap.

    Over pairs it is stretched as far as they are worth less than independent ones, and both are widened as Student's t
    is for few values.

    Args:
        baseline: Latencies in the order of time.
        hedera: Those of the same pairs.
        share: Which quantile, 0 to 1.
        seed: Of the resampling.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(baseline))
    lengths = {"pairs": math.ceil(len(baseline) / MAX_QUANTILE_UNITS), "blocks": block_length(len(baseline))}
    points = [quantile(arm, share) for arm in (baseline, hedera)]
    estimate, own = points[1] - points[0], math.log(points[1] / points[0]) if min(points) > 0 else math.nan
    # Whether values lie beyond a quantile tells little of how alike neighbours are; the differences may tell more.
    inflation = max(
        variance_inflation(_beyond(hedera, share) - _beyond(baseline, share)), variance_inflation(hedera - baseline)
    )
    worth = len(baseline) / inflation
    beyond = max(2.0, worth * min(share, 1 - share))  # a quantile is known by the values on its far side
    stretch = {
        "pairs": math.sqrt(inflation) * _few(beyond),
        "blocks": _few(max(2, len(baseline) // lengths["blocks"] - 1)),
    }
    absolute: dict[str, Array] = {}
    relative: dict[str, Array] = {}
    for kind, length in lengths.items():
        if kind == "blocks" and length == 1:
            continue
        arms = (baseline[order], hedera[order]) if kind == "pairs" else (baseline, hedera)
        units = len(baseline) // length
        weights = rng.multinomial(units, np.full(units, 1 / units), size=RESAMPLES).astype(np.float64)
        first, second = (_Counts(arm, length, share).quantiles(weights) for arm in arms)
        absolute[kind] = estimate + stretch[kind] * (second - first - estimate)
        with np.errstate(divide="ignore", invalid="ignore"):  # on the logarithm, as in `relative_interval`
            drawn = own + stretch[kind] * (np.log(second / first) - own)
            relative[kind] = 100 * np.expm1(np.minimum(drawn, _LARGEST_LOG))
    return (
        _percentile(estimate, absolute, worth),
        _percentile(100 * math.expm1(own), relative, worth) if math.isfinite(own) else None,
    )


def _few(freedom: float) -> float:
    """How many times further Student's t reaches than the normal distribution, at 95 %."""
    tail = (1 - CONFIDENT) / 2
    return float(stats.t.isf(tail, freedom) / stats.norm.isf(tail))


def _beyond(values: Array, share: float) -> Array:
    """What each value contributes to the error of a quantile: whether it lies beyond, times the slope there."""
    reach = min(share / 2, (1 - share) / 2, max(0.02, len(values) ** (-1 / 3)))
    low, middle, high = np.quantile(values, [share - reach, share, share + reach])
    contributions: Array = (values > middle) * ((high - low) / (2 * reach))
    return contributions


def quantile(values: Array, share: float) -> float:
    """The nearest-rank quantile: the smallest value that at least `share` of all do not exceed."""
    return float(np.quantile(values, share, method="inverted_cdf"))


class _Counts:
    """How many values of each unit lie below each step of a grid around a quantile, to read resampled quantiles off.

    Up to 512 values every value is a step, and quantiles are exact; beyond, steps are 0.1 % of the values apart or
    less, which is finer than the quantile is known.
    """

    def __init__(self, values: Array, length: int, share: float) -> None:
        kept = values[: len(values) // length * length].reshape(-1, length)
        ordered = np.sort(kept, axis=None)
        reach = max(0.05, 4 * share * (1 - share))
        last = len(ordered) - 1
        low, high = int(max(0.0, share - reach) * last), int(min(1.0, share + reach) * last)
        picked = np.unique(np.linspace(low, high, GRID).round().astype(np.int64))
        self._steps = ordered[np.union1d(picked, [0, last])]
        self._share = share
        self._length = length
        within = np.sort(kept, axis=1)
        self._below = np.stack([np.searchsorted(unit, self._steps, side="right") for unit in within]).astype(np.float64)

    def quantiles(self, weights: Array) -> Array:
        """The quantile of each resample, given how often it drew each unit."""
        counted = weights @ self._below
        wanted = self._share * self._length * weights.sum(axis=1)
        found: Array = self._steps[np.argmax(counted >= wanted[:, None] - 1e-9, axis=1)]
        return found


def _studentised(
    estimator: Estimator, baseline: Array, hedera: Array, centre: float, share: float, rng: np.random.Generator
) -> tuple[Bounds, Bounds, float]:
    """95 % and 99 % bounds around `centre`, and the standard error, by resampling `share` of the units."""
    own, contributions = estimator(baseline, hedera)
    worth = max(FEWEST_DRAWN, round(share * len(baseline)))
    error = float(_error(contributions)) * math.sqrt(len(baseline) / worth)
    if not error > 1e-12 * max(1.0, abs(centre)):
        return (centre, centre), (centre, centre), 0.0  # every unit says the same, and so does every resample
    drawn = []
    batch = max(1, BATCH_VALUES // worth)
    for first in range(0, RESAMPLES, batch):
        picked = rng.integers(0, len(baseline), (min(batch, RESAMPLES - first), worth))
        estimates, resampled = estimator(baseline[picked], hedera[picked])
        drawn.append((estimates - own) / np.maximum(_error(resampled), 1e-3 * error))
    off_by = np.concatenate(drawn)
    bounds = []
    for level in (CONFIDENT, SURE):
        low, high = np.quantile(off_by, [(1 - level) / 2, (1 + level) / 2])
        bounds.append((centre - float(high) * error, centre - float(low) * error))
    return bounds[0], bounds[1], error


def _widened(
    estimator: Estimator, baseline: Array, hedera: Array, centre: float, rng: np.random.Generator
) -> tuple[Bounds, Bounds, float]:
    """The same by the percentile bootstrap, widened for few units."""
    value, contributions = estimator(baseline, hedera)
    own, error = float(value), float(_error(contributions))
    units = len(baseline)

    def figure(first: Array, second: Array, axis: int) -> Any:  # noqa: ARG001 (as above)
        return estimator(first, second)[0]

    drawn = _drawn(figure, baseline, hedera, rng)
    bounds = []
    for level in (CONFIDENT, SURE):
        tail = (1 - level) / 2
        factor = float(stats.t.isf(tail, units - 1) / stats.norm.isf(tail)) * math.sqrt(units / (units - 1))
        low, high = (centre + factor * (float(end) - own) for end in np.quantile(drawn, [tail, 1 - tail]))
        bounds.append((low, high))
    return bounds[0], bounds[1], error


def _block_stretch(units: Array) -> float:
    """By how much to stretch an interval over blocks, in the order of time, that still resemble their neighbours.

    There are few of them, so only their plain correlation is believed, without doubt on top.
    """
    count = len(units)
    found = _correlation(units, 1) + 1 / count  # its estimate is low by about that
    if found <= 1 / math.sqrt(count):
        return 1.0
    believed = min(found, MOST_BLOCK_CORRELATION)
    return math.sqrt((1 + believed) / (1 - believed))


def _stretched(kind: tuple[Bounds, Bounds, float], centre: float, factor: float) -> tuple[Bounds, Bounds, float]:
    confident, sure, error = kind
    wider = [(centre + (low - centre) * factor, centre + (high - centre) * factor) for low, high in (confident, sure)]
    return wider[0], wider[1], error * factor


def _drawn(statistic: Callable[..., Any], baseline: Array, hedera: Array, rng: np.random.Generator) -> Array:
    """The statistic of every resample."""
    result = stats.bootstrap(
        (baseline, hedera),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        method="percentile",
        batch=max(1, 2_000_000 // len(baseline)),  # 16 MB at a time
        rng=rng,
    )
    drawn: Array = result.bootstrap_distribution
    return drawn


def _percentile(estimate: float, drawn: dict[str, Array], worth: float) -> Interval:
    def bounds(values: Array, level: float) -> Bounds:
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    return Interval(
        estimate=estimate,
        pairs=bounds(drawn["pairs"], CONFIDENT),
        blocks=bounds(drawn["blocks"], CONFIDENT) if "blocks" in drawn else None,
        sure=_hull([bounds(values, SURE) for values in drawn.values()]),
        error=math.nan,
        worth=worth,
    )


def _groups(baseline: Array, hedera: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The pairs themselves, or means of equal groups of them, dealt at random."""
    length = math.ceil(len(baseline) / MAX_UNITS)
    if length == 1:
        return baseline, hedera
    order = rng.permutation(len(baseline))
    return _blocks(baseline[order], length), _blocks(hedera[order], length)


def _blocks(values: Array, length: int) -> Array:
    """Means of consecutive values; a rest that fills no block is left out."""
    means: Array = values[: len(values) // length * length].reshape(-1, length).mean(axis=1)
    return means


def _error(values: Array) -> Array:
    """Standard error of the mean along the last axis."""
    error: Array = values.std(axis=-1, ddof=1) / math.sqrt(values.shape[-1])
    return error


def _hull(bounds: Sequence[Bounds]) -> Bounds:
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def _to_zero(interval: Interval) -> Interval:
    nothing = (0.0, 0.0)
    return replace(interval, pairs=_hull([interval.pairs, nothing]), sure=_hull([interval.sure, nothing]))
