"""Confidence intervals for the difference between two paired arms: a case bootstrap and a block bootstrap of the pairs.

Pairs of one run are autocorrelated: what slows one down slows its neighbours down, and a case bootstrap that takes them
for independent gives intervals that are too narrow. So every interval is computed twice, and the reported one is the
hull of both:

- over pairs, with the effective sample size in the place of their number: bootstrap-t for means, the percentile
  bootstrap for quantiles;
- over non-overlapping blocks of consecutive pairs (Carlstein 1986): the percentile bootstrap, expanded for few blocks.

The effective sample size is the number of pairs divided by the design effect of autocorrelation. The measured coverage
is in docs/decisions/0043 (`python -m benchmarks.coverage`); its choices, and those that were ruled out, are in
decisions 10 and 43. Time and memory are bounded whatever the number of pairs: see MAX_UNITS.

Literature:
    Bayley, Hammersley 1946. The "effective" number of independent observations in an autocorrelated time series.
        Supplement to the Journal of the Royal Statistical Society 8.
    Bickel, Götze, van Zwet 1997. Resampling fewer than n observations. Statistica Sinica 7.
    Carlstein 1986. The use of subseries values for estimating the variance of a general statistic from a stationary
        sequence. Annals of Statistics 14.
    Efron, Tibshirani 1993. An Introduction to the Bootstrap. Chapters 12 (bootstrap-t) and 13 (percentile).
    Hesterberg 2015. What teachers should know about the bootstrap. The American Statistician 69.
    Hyndman, Fan 1996. Sample quantiles in statistical packages. The American Statistician 50.
    Kendall 1954. Note on bias in the estimation of autocorrelation. Biometrika 41.
    Kish 1965. Survey Sampling (design effect).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Bounds = tuple[float, float]

Estimator = Callable[[Array, Array], tuple[Array, Array]]
"""Takes both arms with pairs along the last axis; returns the estimate and the influence values of the pairs: the
standard error of the estimate is that of their mean (the delta method)."""

RESAMPLES: Final = 2_000
"""Bootstrap resamples; the bounds of an interval vary by about 2 % of its width from seed to seed."""

MAX_UNITS: Final = 1_000
"""Above this number of pairs, they are split at random into this many groups of equal size, and group means are
resampled: they carry the same information about the mean as the pairs do."""

MAX_QUANTILE_UNITS: Final = 400
"""The same for quantiles, whose groups keep all their values."""

MIN_BLOCKS: Final = 12
"""Fewer blocks do not show the variance between blocks. Long runs have as many blocks as blocks have pairs."""

GRID: Final = 512
"""Steps between which a quantile is looked for; see `_CumulativeCounts`."""

MAX_AUTOCORRELATION: Final = 0.95
"""Above it a series is a trend, and the estimate is cut off here; so the design effect is 39 at most."""

MAX_BLOCK_AUTOCORRELATION: Final = 0.9
"""The same for blocks."""

STANDARD_ERRORS_ADDED: Final = 0.5
"""Standard errors that are added to an estimated autocorrelation: to underestimate it is the worse mistake."""

MIN_RESAMPLE_SIZE: Final = 3
"""Units of a resample at least: the standard error of fewer says nothing."""

BATCH_VALUES: Final = 1_000_000
"""Values of an arm that are resampled at a time: 8 MB."""

_LARGEST_LOG: Final = 50.0  # a ratio of 5e21: what is beyond says no more

CONFIDENCE: Final = 0.95
HIGH_CONFIDENCE: Final = 0.99


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate with its confidence intervals.

    Attributes:
        estimate: The point estimate, from all pairs.
        pairs: 95 % confidence interval of the bootstrap over pairs.
        blocks: 95 % confidence interval of the block bootstrap; None where there are too few pairs for blocks.
        ci99: 99 % confidence interval, the hull of both kinds.
        standard_error: The larger of both kinds; nan for quantiles.
        effective_pairs: Effective sample size: how many independent pairs would carry as much information.
    """

    estimate: float
    pairs: Bounds
    blocks: Bounds | None
    ci99: Bounds
    standard_error: float
    effective_pairs: float

    @property
    def ci95(self) -> Bounds:
        """The 95 % confidence interval that is reported: the hull of both kinds."""
        return _hull([self.pairs, *([self.blocks] if self.blocks else [])])


def contains_zero(bounds: Bounds) -> bool:
    """Whether an interval leaves the sign of the difference open."""
    return bounds[0] <= 0 <= bounds[1]


def with_consistent_sign(
    absolute: Interval | None, relative: Interval | None
) -> tuple[Interval | None, Interval | None]:
    """Both intervals of one difference, neither with a sign that the other leaves open.

    They are estimated separately, from the difference and from the ratio, and with few or skewed pairs they can
    disagree. The sign of both is that of one parameter, and the difference decides on it: where it leaves the sign
    open, the ratio's interval is extended to 0; where it does not, the ratio's interval is cut off at 0. That takes the
    truth out of the latter only where the former has missed it too.
    """
    if absolute is None or relative is None or contains_zero(absolute.ci95) is contains_zero(relative.ci95):
        return absolute, relative
    if contains_zero(absolute.ci95):
        return absolute, _extended_to_zero(relative)
    return absolute, _cut_off_at_zero(relative, positive=absolute.ci95[0] > 0)


def block_length(pairs: int) -> int:
    """Consecutive pairs in a block: about the square root of their number; 1 where there are too few for blocks."""
    return max(1, pairs // max(MIN_BLOCKS, math.isqrt(pairs)))


def mean_difference(baseline: Array, hedera: Array) -> tuple[Array, Array]:
    """Difference of the means."""
    differences = hedera - baseline
    return differences.mean(axis=-1), differences


def log_ratio_of_means(baseline: Array, hedera: Array) -> tuple[Array, Array]:
    """Logarithm of the ratio of Hedera's mean to the baseline's."""
    first, second = baseline.mean(axis=-1), hedera.mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(second / first), hedera / second[..., None] - baseline / first[..., None]


def throughput_difference(baseline: Array, hedera: Array) -> tuple[Array, Array]:
    """Difference of the throughputs of one sequential caller, per second: 1,000 over the mean latency in ms."""
    first, second = baseline.mean(axis=-1), hedera.mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        influence = baseline / (first**2)[..., None] - hedera / (second**2)[..., None]
        return 1000 / second - 1000 / first, 1000 * influence


def mean_interval(estimator: Estimator, baseline: Array, hedera: Array, seed: int) -> Interval | None:
    """The confidence interval of a smooth function of the arms' means.

    Over pairs it is the bootstrap-t (studentised bootstrap), because latencies are skewed: a sample that lacks the rare
    long ones has a low mean and a low standard error too, which studentising accounts for. The size of a resample is
    the effective sample size (m out of n, Bickel et al. 1997). Over blocks, which are few, one outlying block (a stall,
    a fault) would make the bootstrap-t very wide; there it is the percentile bootstrap, expanded by Student's t.

    Args:
        estimator: The function and its influence values.
        baseline: Latencies in the order of time, at least 2.
        hedera: Those of the same pairs.
        seed: Of the resampling.

    Returns:
        None where the estimate is not finite, e.g. relative to a baseline that takes no time.
    """
    value, influence = estimator(baseline, hedera)
    estimate, standard_error = float(value), float(_standard_error(influence))
    if not (math.isfinite(estimate) and math.isfinite(standard_error)):
        return None
    rng = np.random.default_rng(seed)
    length = block_length(len(baseline))
    effective_share = 1 / design_effect(influence)
    kinds = [_bootstrap_t(estimator, *_random_groups(baseline, hedera, rng), estimate, effective_share, rng)]
    if length > 1:
        expanded = _expanded_percentile(
            estimator, _block_means(baseline, length), _block_means(hedera, length), estimate, rng
        )
        kinds.append(_scaled(expanded, estimate, _block_error_ratio(_block_means(influence, length))))
    return Interval(
        estimate=estimate,
        pairs=kinds[0][0],
        blocks=kinds[1][0] if length > 1 else None,
        ci99=_hull([ci99 for _, ci99, _ in kinds]),
        standard_error=max(error for _, _, error in kinds),
        effective_pairs=effective_share * len(baseline),
    )


def relative_interval(baseline: Array, hedera: Array, seed: int) -> Interval | None:
    """The confidence interval of the difference of the means in percent of the baseline's; see `mean_interval`.

    It is computed on the logarithm of the ratio and transformed back: a ratio is never negative, and with a short and
    skewed baseline its sampling distribution is asymmetric.

    Returns:
        None where an arm takes no time.
    """
    logarithm = mean_interval(log_ratio_of_means, baseline, hedera, seed)
    if logarithm is None:
        return None

    def percent(bounds: Bounds) -> Bounds:
        low, high = (100 * math.expm1(min(end, _LARGEST_LOG)) for end in bounds)
        return low, high

    return Interval(
        estimate=100 * math.expm1(logarithm.estimate),
        pairs=percent(logarithm.pairs),
        blocks=percent(logarithm.blocks) if logarithm.blocks else None,
        ci99=percent(logarithm.ci99),
        standard_error=100 * math.exp(logarithm.estimate) * logarithm.standard_error,
        effective_pairs=logarithm.effective_pairs,
    )


def design_effect(values: Array) -> float:
    """The factor by which autocorrelation inflates the variance of the mean of a time series; 1 without any.

    The variance of the mean of n values is (1 + 2 Σ ρ_k) σ²/n (Bayley and Hammersley 1946). With ρ_k = r p^(k-1), r at
    lag 1 and a decay p per further lag, the factor is 1 + 2 r / (1 - p): p is r for a first-order autoregression, and
    larger for a slow drift under independent noise.

    It is estimated on the values and on their ranks, because a few long latencies hide autocorrelation from the first,
    and the larger estimate is taken. The negative bias of r in short series is corrected (Kendall 1954), and
    STANDARD_ERRORS_ADDED standard errors are added. An r below one standard error, which five of six series of
    independent values have, counts as 0.
    """
    return max(_design_effect(values), _design_effect(_stats().rankdata(values)))


def _design_effect(values: Array) -> float:
    count = len(values)
    first, second, third = (_autocorrelation(values, lag) for lag in (1, 2, 3))
    first += (1 + 3 * first) / count
    if first <= 1 / math.sqrt(count):
        return 1.0
    # At lags 2 and 3 the bias is about 2/n; the decay from two lags together has less variance than from one.
    further = [max(0.0, found + 2 / count) for found in (second, third)]
    upper = first + STANDARD_ERRORS_ADDED * math.sqrt(max(0.0, 1 - first**2) / count)
    decay = max(upper, sum(further) / (upper + further[0]))
    return 1 + 2 * min(upper, MAX_AUTOCORRELATION) / (1 - min(decay, MAX_AUTOCORRELATION))


def _autocorrelation(values: Array, lag: int) -> float:
    """The sample autocorrelation at a lag; 0 where all values are the same, or there are too few."""
    centred = values - values.mean()
    total = float(centred @ centred)
    return float(centred[lag:] @ centred[:-lag]) / total if total > 0 else 0.0


def quantile_intervals(
    baseline: Array, hedera: Array, probability: float, seed: int
) -> tuple[Interval, Interval | None]:
    """The confidence intervals of the difference of a quantile, absolute and in percent of the baseline's.

    Percentile bootstrap. The interval over pairs is scaled by the square root of the design effect, and both kinds are
    expanded by Student's t.

    Args:
        baseline: Latencies in the order of time.
        hedera: Those of the same pairs.
        probability: Which quantile, between 0 and 1.
        seed: Of the resampling.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(baseline))
    lengths = {"pairs": math.ceil(len(baseline) / MAX_QUANTILE_UNITS), "blocks": block_length(len(baseline))}
    points = [quantile(arm, probability) for arm in (baseline, hedera)]
    estimate, log_ratio = points[1] - points[0], math.log(points[1] / points[0]) if min(points) > 0 else math.nan
    # The influence values of a quantile take two values, and show little of the autocorrelation; the differences may
    # show more.
    effect = max(
        design_effect(_quantile_influence(hedera, probability) - _quantile_influence(baseline, probability)),
        design_effect(hedera - baseline),
    )
    effective_pairs = len(baseline) / effect
    in_tail = max(2.0, effective_pairs * min(probability, 1 - probability))  # these determine a quantile
    factors = {
        "pairs": math.sqrt(effect) * _t_to_normal(in_tail),
        "blocks": _t_to_normal(max(2, len(baseline) // lengths["blocks"] - 1)),
    }
    absolute: dict[str, Array] = {}
    relative: dict[str, Array] = {}
    for kind, length in lengths.items():
        if kind == "blocks" and length == 1:
            continue
        arms = (baseline[order], hedera[order]) if kind == "pairs" else (baseline, hedera)
        units = len(baseline) // length
        weights = rng.multinomial(units, np.full(units, 1 / units), size=RESAMPLES).astype(np.float64)
        first, second = (_CumulativeCounts(arm, length, probability).quantiles(weights) for arm in arms)
        absolute[kind] = estimate + factors[kind] * (second - first - estimate)
        with np.errstate(divide="ignore", invalid="ignore"):  # on the logarithm, as in `relative_interval`
            resampled = log_ratio + factors[kind] * (np.log(second / first) - log_ratio)
            relative[kind] = 100 * np.expm1(np.minimum(resampled, _LARGEST_LOG))
    return (
        _percentile_interval(estimate, absolute, effective_pairs),
        _percentile_interval(100 * math.expm1(log_ratio), relative, effective_pairs)
        if math.isfinite(log_ratio)
        else None,
    )


def _t_to_normal(degrees_of_freedom: float) -> float:
    """Ratio of the two-sided 95 % critical values of Student's t and of the normal distribution."""
    tail = (1 - CONFIDENCE) / 2
    return float(_stats().t.isf(tail, degrees_of_freedom) / _stats().norm.isf(tail))


def _quantile_influence(values: Array, probability: float) -> Array:
    """The influence values of a quantile, up to a constant: whether a value exceeds it, times the sparsity there.

    The sparsity, one over the density at the quantile, is a difference quotient of the empirical quantile function.
    """
    bandwidth = min(probability / 2, (1 - probability) / 2, max(0.02, len(values) ** (-1 / 3)))
    low, middle, high = np.quantile(values, [probability - bandwidth, probability, probability + bandwidth])
    influence: Array = (values > middle) * ((high - low) / (2 * bandwidth))
    return influence


def quantile(values: Array, probability: float) -> float:
    """The nearest-rank quantile (definition 1 of Hyndman and Fan 1996): the inverse of the empirical distribution."""
    return float(np.quantile(values, probability, method="inverted_cdf"))


class _CumulativeCounts:
    """Cumulative counts of each unit's values on a grid around a quantile; resampled quantiles are read off their sums.

    Up to 512 values each is a grid point, and quantiles are exact; above that, grid points are 0.1 % of the values
    apart or less, which is finer than the sampling error of the quantile.
    """

    def __init__(self, values: Array, length: int, probability: float) -> None:
        kept = values[: len(values) // length * length].reshape(-1, length)
        ordered = np.sort(kept, axis=None)
        reach = max(0.05, 4 * probability * (1 - probability))
        last = len(ordered) - 1
        low, high = int(max(0.0, probability - reach) * last), int(min(1.0, probability + reach) * last)
        picked = np.unique(np.linspace(low, high, GRID).round().astype(np.int64))
        self._grid = ordered[np.union1d(picked, [0, last])]
        self._probability = probability
        self._length = length
        within = np.sort(kept, axis=1)
        self._counts = np.stack([np.searchsorted(unit, self._grid, side="right") for unit in within]).astype(np.float64)

    def quantiles(self, weights: Array) -> Array:
        """The quantile of each resample, given how often it contains each unit."""
        cumulative = weights @ self._counts
        rank = self._probability * self._length * weights.sum(axis=1)
        found: Array = self._grid[np.argmax(cumulative >= rank[:, None] - 1e-9, axis=1)]
        return found


def _bootstrap_t(
    estimator: Estimator, baseline: Array, hedera: Array, centre: float, share: float, rng: np.random.Generator
) -> tuple[Bounds, Bounds, float]:
    """95 % and 99 % intervals around `centre`, and the standard error, by bootstrap-t; `share` of n is resampled."""
    own, influence = estimator(baseline, hedera)
    size = max(MIN_RESAMPLE_SIZE, round(share * len(baseline)))
    error = float(_standard_error(influence)) * math.sqrt(len(baseline) / size)
    if not error > 1e-12 * max(1.0, abs(centre)):
        return (centre, centre), (centre, centre), 0.0  # all units are equal, and so are all resamples
    batches = []
    batch = max(1, BATCH_VALUES // size)
    for first in range(0, RESAMPLES, batch):
        picked = rng.integers(0, len(baseline), (min(batch, RESAMPLES - first), size))
        estimates, resampled = estimator(baseline[picked], hedera[picked])
        batches.append((estimates - own) / np.maximum(_standard_error(resampled), 1e-3 * error))
    t_statistics = np.concatenate(batches)
    bounds = []
    for level in (CONFIDENCE, HIGH_CONFIDENCE):
        low, high = np.quantile(t_statistics, [(1 - level) / 2, (1 + level) / 2])
        bounds.append((centre - float(high) * error, centre - float(low) * error))
    return bounds[0], bounds[1], error


def _expanded_percentile(
    estimator: Estimator, baseline: Array, hedera: Array, centre: float, rng: np.random.Generator
) -> tuple[Bounds, Bounds, float]:
    """The same by the percentile bootstrap, expanded for few units.

    The percentile interval is too narrow by the factor sqrt((n - 1) / n) and by normal in the place of Student's t
    quantiles (Hesterberg 2015, who moves the percentiles; here the distances from the estimate are scaled).
    """
    value, influence = estimator(baseline, hedera)
    own, error = float(value), float(_standard_error(influence))
    units = len(baseline)

    def statistic(first: Array, second: Array, axis: int) -> Any:  # noqa: ARG001 (as above)
        return estimator(first, second)[0]

    distribution = _bootstrap_distribution(statistic, baseline, hedera, rng)
    bounds = []
    for level in (CONFIDENCE, HIGH_CONFIDENCE):
        tail = (1 - level) / 2
        factor = float(_stats().t.isf(tail, units - 1) / _stats().norm.isf(tail)) * math.sqrt(units / (units - 1))
        low, high = (centre + factor * (float(end) - own) for end in np.quantile(distribution, [tail, 1 - tail]))
        bounds.append((low, high))
    return bounds[0], bounds[1], error


def _block_error_ratio(units: Array) -> float:
    """By how much autocorrelation between blocks inflates the standard error: sqrt((1 + r) / (1 - r)), as in AR(1).

    There are few blocks, so nothing is added to r for its uncertainty.
    """
    count = len(units)
    found = _autocorrelation(units, 1) + 1 / count  # its bias is about -1/n
    if found <= 1 / math.sqrt(count):
        return 1.0
    r = min(found, MAX_BLOCK_AUTOCORRELATION)
    return math.sqrt((1 + r) / (1 - r))


def _scaled(kind: tuple[Bounds, Bounds, float], centre: float, factor: float) -> tuple[Bounds, Bounds, float]:
    """Both intervals and the standard error, with all distances from `centre` multiplied by `factor`."""
    ci95, ci99, error = kind
    wider = [(centre + (low - centre) * factor, centre + (high - centre) * factor) for low, high in (ci95, ci99)]
    return wider[0], wider[1], error * factor


def _stats() -> Any:
    """`scipy.stats`, imported at the first call: it is a third of a start of `locust`, for one process at the end."""
    from scipy import stats

    return stats


def _bootstrap_distribution(
    statistic: Callable[..., Any], baseline: Array, hedera: Array, rng: np.random.Generator
) -> Array:
    """The statistic of every resample."""
    result = _stats().bootstrap(
        (baseline, hedera),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        method="percentile",
        batch=max(1, 2_000_000 // len(baseline)),  # 16 MB at a time
        rng=rng,
    )
    distribution: Array = result.bootstrap_distribution
    return distribution


def _percentile_interval(estimate: float, distributions: dict[str, Array], effective_pairs: float) -> Interval:
    def bounds(values: Array, level: float) -> Bounds:
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    return Interval(
        estimate=estimate,
        pairs=bounds(distributions["pairs"], CONFIDENCE),
        blocks=bounds(distributions["blocks"], CONFIDENCE) if "blocks" in distributions else None,
        ci99=_hull([bounds(values, HIGH_CONFIDENCE) for values in distributions.values()]),
        standard_error=math.nan,
        effective_pairs=effective_pairs,
    )


def _random_groups(baseline: Array, hedera: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The pairs themselves, or above MAX_UNITS the means of random groups of equal size."""
    length = math.ceil(len(baseline) / MAX_UNITS)
    if length == 1:
        return baseline, hedera
    order = rng.permutation(len(baseline))
    return _block_means(baseline[order], length), _block_means(hedera[order], length)


def _block_means(values: Array, length: int) -> Array:
    """Means of non-overlapping blocks of consecutive values; an incomplete last block is left out."""
    means: Array = values[: len(values) // length * length].reshape(-1, length).mean(axis=1)
    return means


def _standard_error(values: Array) -> Array:
    """Standard error of the mean along the last axis."""
    error: Array = values.std(axis=-1, ddof=1) / math.sqrt(values.shape[-1])
    return error


def _hull(bounds: Sequence[Bounds]) -> Bounds:
    """The smallest interval that contains all."""
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def _extended_to_zero(interval: Interval) -> Interval:
    nothing = (0.0, 0.0)
    return replace(interval, pairs=_hull([interval.pairs, nothing]), ci99=_hull([interval.ci99, nothing]))


def _cut_off_at_zero(interval: Interval, *, positive: bool) -> Interval:
    """What of an interval has a sign; 0 itself stays its end."""
    low, high = (0.0, math.inf) if positive else (-math.inf, 0.0)

    def cut(bounds: Bounds) -> Bounds:
        return min(max(bounds[0], low), high), min(max(bounds[1], low), high)

    blocks = cut(interval.blocks) if interval.blocks else None
    return replace(interval, pairs=cut(interval.pairs), blocks=blocks, ci99=cut(interval.ci99))
