"""What Hedera adds to an operation: paired differences, with intervals, and a sentence that says what they mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from reports.judge import phrases
from reports.measure.pairs import PairSample

MIN_PAIRS: Final = 6
"""Below this no interval is given: with fewer pairs not even their smallest and largest difference hold the median with
95 % confidence (1 - 2 * 0.5^n >= 0.95 from n = 6 on; benchstat asks for the same)."""

RESAMPLES: Final = 2_000
"""Bootstrap repetitions; the ends of an interval move by about 2 % of its width from seed to seed."""

BCA_UP_TO: Final = 1_000
"""Up to this many pairs the interval is bias-corrected and accelerated (BCa), which matters for skewed latencies. Its
jackknife takes time and memory with the square of the pairs; beyond, percentile and BCa intervals agree."""

CURVE_POINTS: Final = 60
"""Points of each distribution curve in the report."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval that holds the truth in 95 of 100 runs like this one; all None where none is given."""

    estimate: float | None = None
    ci95: list[float] | None = None


def overhead(samples: Mapping[tuple[str, str], PairSample], seed: int) -> list[dict[str, Any]]:
    """Return the report's `overhead`, one entry per operation and confirmation level, the one with most pairs first."""
    entries = [_entry(name, confirm, sample, seed) for (name, confirm), sample in samples.items()]
    return sorted(entries, key=lambda entry: (-entry["pairs"], entry["operation"], entry["confirm"]))


def _entry(name: str, confirm: str, sample: PairSample, seed: int) -> dict[str, Any]:
    pairs = np.asarray(sample.kept, dtype=np.float64).reshape(-1, 2) * 1000
    baseline, hedera = pairs[:, 0], pairs[:, 1]
    reason = _refusal(sample)
    absolute = relative = Estimate()
    if reason is None:
        absolute = _interval(_mean_difference, baseline, hedera, seed)
        relative = _interval(_relative_difference, baseline, hedera, seed)
    return {
        "operation": name,
        "confirm": confirm,
        "pairs": sample.complete,
        "broken_pairs": sample.broken,
        "baseline_ms": _figures(baseline),
        "hedera_ms": _figures(hedera),
        "absolute_ms": asdict(absolute),
        "relative_pct": asdict(relative),
        "reason": reason,
        "verdict": _verdict(name, absolute, relative, reason),
        "curves": {"baseline": _curve(baseline), "hedera": _curve(hedera), "difference": _curve(hedera - baseline)},
    }


def _refusal(sample: PairSample) -> str | None:
    """Why no figure is given, or None."""
    if sample.complete < MIN_PAIRS:
        missing = MIN_PAIRS - sample.complete
        return (
            f"{sample.complete} complete {_plural(sample.complete, 'pair')}; at least {MIN_PAIRS} are needed "
            f"({missing} more: run longer, or with more users)"
        )
    if sample.broken > sample.complete:
        return (
            f"{sample.broken} of {sample.broken + sample.complete} pairs have an arm that did not succeed; what is "
            "left is no fair sample"
        )
    return None


def _interval(statistic: Any, baseline: Array, hedera: Array, seed: int) -> Estimate:
    """The statistic with its bootstrap interval over pairs. The same seed draws the same pairs for every statistic."""
    point = float(statistic(baseline, hedera, axis=-1))
    if not math.isfinite(point):
        return Estimate()
    if np.ptp(hedera - baseline) == 0 and np.ptp(baseline) == 0:
        return Estimate(point, [point, point])  # every resample is the sample itself
    count = len(baseline)
    result = stats.bootstrap(
        (baseline, hedera),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, 2_000_000 // count),  # 16 MB at a time
        confidence_level=0.95,
        method="BCa" if count <= BCA_UP_TO else "percentile",
        rng=np.random.default_rng(seed),
    )
    low, high = float(result.confidence_interval.low), float(result.confidence_interval.high)
    return Estimate(point, [low, high]) if math.isfinite(low) and math.isfinite(high) else Estimate(point)


def _mean_difference(baseline: Array, hedera: Array, axis: int) -> Any:
    return np.mean(hedera, axis=axis) - np.mean(baseline, axis=axis)


def _relative_difference(baseline: Array, hedera: Array, axis: int) -> Any:
    mean = np.mean(baseline, axis=axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * (np.mean(hedera, axis=axis) - mean) / mean


def _figures(values: Array) -> dict[str, float] | None:
    """The latency figures of one arm's pairs, exact; None where there is none."""
    if not len(values):
        return None
    p50, p95, p99 = np.quantile(values, [0.50, 0.95, 0.99], method="inverted_cdf")
    named = {"min": values.min(), "mean": values.mean(), "p50": p50, "p95": p95, "p99": p99, "max": values.max()}
    return {name: float(value) for name, value in named.items()}


def _curve(values: Array) -> list[list[float]]:
    """The cumulative distribution as `[milliseconds, share]`."""
    if not len(values):
        return []
    shares = np.linspace(0, 1, CURVE_POINTS)
    at = np.quantile(values, shares)
    return [[round(float(x), 4), round(float(share), 4)] for x, share in zip(at, shares, strict=True)]


def _verdict(name: str, absolute: Estimate, relative: Estimate, reason: str | None) -> str:
    """The answer in one sentence."""
    if reason is not None or absolute.estimate is None:
        return f"Cannot tell what Hedera costs {name}: {reason or 'the figures are not finite'}."
    if absolute.ci95 is None:
        return f"Cannot tell what Hedera costs {name}: no interval can be computed from these pairs."
    low, high = absolute.ci95
    if low <= 0 <= high:
        return (
            f"No difference above {phrases.milliseconds(max(-low, high))} between {name} with and without Hedera "
            "(95 % confidence)."
        )
    compared = f" ({phrases.relative(relative.estimate)})" if relative.estimate is not None else ""
    amount = phrases.with_margin(abs(absolute.estimate), max(high - absolute.estimate, absolute.estimate - low))
    verb = "costs" if absolute.estimate > 0 else "saves"
    return f"Hedera {verb} {name} {amount} per operation{compared}."


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else noun + "s"
