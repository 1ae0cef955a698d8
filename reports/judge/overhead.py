"""What Hedera adds to an operation: paired differences, with intervals, and a sentence that says what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from config.levels import LEVELS
from records.operation import Arm
from reports.judge import intervals
from reports.judge.intervals import Array, Interval
from reports.measure.keys import OperationKey
from reports.measure.pairs import PairSample
from reports.schema.overhead import Comparison, Conclusion, Curves, Estimate, Figure, Overhead, PairLatency, Unit
from reports.schema.parts import Percentile
from reports.wording import overhead as wording

FEWEST: Final[Mapping[str, int]] = {"mean": 20, "p50": 30, "p95": 200, "p99": 1_000, "throughput": 20}
"""Pairs that a figure needs. With fewer, its interval holds the truth less often than it says (measured on skewed
latencies, docs/decisions/0010); a percentile needs some ten pairs beyond it."""

FEWEST_WORTH: Final[Mapping[str, float]] = {"mean": 7, "p50": 15, "p95": 100, "p99": 500}
"""Independent pairs that those of a figure must be worth; fewer show only that neighbours resemble each other."""

NARROW: Final = 0.02
"""An interval that reaches no further than this part of the estimate is given however few pairs its own are worth."""

SHARES: Final[Mapping[Percentile, float]] = {"p50": 0.50, "p95": 0.95, "p99": 0.99}

CURVE_POINTS: Final = 60
"""Points of each distribution curve in the report."""

BLIND_ABOVE: Final = 0.5
"""An interval around 0 that reaches further than this part of the baseline's own mean shows nothing: a difference that
large could hide in it, so "no difference" would be a claim the run cannot make."""

POWER: Final = 1.96 + 0.84
"""Standard errors that a true difference must have to be seen at 95 % confidence in 80 of 100 runs."""


def overhead(
    samples: Mapping[tuple[str, str], PairSample], seed: int, ran: Iterable[OperationKey] = ()
) -> list[Overhead]:
    """Return the report's `overhead`: one entry per operation and confirmation level.

    The operation with most pairs comes first, its levels in the order in which they are reached.

    Args:
        samples: Pairs by operation and level.
        seed: Of the resampling: the same pairs give the same report.
        ran: Every operation that ran. An arm whose other arm never ran has no pairs, and is named with that reason.
    """
    every = dict(samples)
    keys = list(ran)
    for key in keys:
        if key.arm == Arm.HEDERA:
            every.setdefault((key.name, key.confirm), PairSample())
        elif key.arm == Arm.BASELINE and not any(name == key.name for name, _ in every):
            every[key.name, ""] = PairSample()
    totals: dict[str, int] = {}
    for (name, _), sample in every.items():
        totals[name] = totals.get(name, 0) + sample.complete
    arms = {(key.name, key.arm) for key in keys}
    entries = [_entry(name, confirm, sample, seed, arms) for (name, confirm), sample in every.items()]
    return sorted(entries, key=lambda one: (-totals[one["operation"]], one["operation"], _level(one["confirm"])))


def _level(confirm: str) -> int:
    return [*LEVELS, confirm].index(confirm)


def _entry(name: str, confirm: str, sample: PairSample, seed: int, arms: set[tuple[str, str]]) -> Overhead:
    kept = np.asarray([pair[2:] for pair in sample.kept], dtype=np.float64).reshape(-1, 2) * 1000
    baseline, hedera = kept[:, 0], kept[:, 1]
    reason = _refusal(name, sample, arms)
    mean = relative = None
    if reason is None:
        mean = intervals.mean_interval(intervals.mean_difference, baseline, hedera, seed)
        relative = intervals.relative_interval(baseline, hedera, seed)
        mean, relative = intervals.with_consistent_sign(mean, relative)
        reason = _alike(sample.complete, mean)
        mean, relative = (None, None) if reason else (mean, relative)
    length = intervals.block_length(len(kept)) if len(kept) else 1
    entry: Overhead = {
        "operation": name,
        "confirm": confirm,
        "pairs": sample.complete,
        "broken_pairs": sample.broken,
        "failed": {"baseline": sample.baseline_failed, "hedera": sample.hedera_failed},
        "sampled_pairs": len(kept),
        "baseline_ms": _figures(baseline) if reason is None else None,
        "hedera_ms": _figures(hedera) if reason is None else None,
        "absolute_ms": _estimate(mean),
        "relative_pct": _estimate(relative),
        "figures": _comparisons(baseline, hedera, mean, relative, seed) if reason is None else [],
        "intervals": {
            "pairs": list(mean.pairs) if mean else None,
            "blocks": list(mean.blocks) if mean and mean.blocks else None,
            "block_pairs": length if mean and mean.blocks else None,
            "blocks_count": len(kept) // length if mean and mean.blocks else None,
        },
        "worth_pairs": mean.effective_pairs if mean else None,
        "detectable_ms": POWER * mean.standard_error if mean else None,
        "slower_pct": 100 * float(np.mean(hedera > baseline)) if mean else None,
        "conclusion": _conclusion(mean, float(baseline.mean()) if len(baseline) else 0.0),
        "short": "",
        "reason": reason,
        "verdict": "",
        "curves": _curves(baseline, hedera) if reason is None else _curves(baseline[:0], hedera[:0]),
    }
    entry["short"], entry["verdict"] = wording.short(entry), wording.verdict(entry)
    return entry


def _conclusion(mean: Interval | None, baseline_ms: float) -> Conclusion:
    """What the difference of the means says, in one word; None is no difference that can be given.

    "Costs" is said only when 99 % confidence says so: of 100 runs that compare equals, one may cry wolf, not five.
    """
    if mean is None:
        return "cannot tell"
    if not mean.ci99[0] <= 0 <= mean.ci99[1]:
        return "costs" if mean.estimate > 0 else "saves"
    low, high = mean.ci95
    return "no difference" if low <= 0 <= high and max(-low, high) <= BLIND_ABOVE * baseline_ms else "cannot tell"


def _refusal(name: str, sample: PairSample, arms: set[tuple[str, str]]) -> str | None:
    """Why no figure is given, or None."""
    if sample.total == 0 and arms:
        missing = [arm for arm in (Arm.BASELINE, Arm.HEDERA) if (name, str(arm)) not in arms]
        if missing:
            return wording.never_ran(missing[0])
    for arm, failed in ((Arm.BASELINE, sample.baseline_failed), (Arm.HEDERA, sample.hedera_failed)):
        if 2 * failed > sample.total:
            return wording.most_failed(arm, failed, sample.total)
    fewest = FEWEST["mean"]
    return wording.too_few_pairs(sample.complete, fewest) if sample.complete < fewest else None


def tells(mean: Interval) -> bool:
    """Whether the pairs are worth enough independent ones, or differ by so little that nobody would mind."""
    reach = max(abs(bound - mean.estimate) for bound in mean.ci95)
    return mean.effective_pairs >= FEWEST_WORTH["mean"] or reach <= NARROW * abs(mean.estimate)


def _alike(pairs: int, mean: Interval | None) -> str | None:
    """Why no figure is given although there are pairs enough, or None."""
    if mean is None or tells(mean):
        return None
    return wording.too_alike(pairs, mean.effective_pairs)


def _estimate(interval: Interval | None) -> Estimate:
    if interval is None:
        return {"estimate": None, "ci95": None}
    return {"estimate": interval.estimate, "ci95": list(interval.ci95)}


def _comparisons(
    baseline: Array, hedera: Array, mean: Interval | None, relative: Interval | None, seed: int
) -> list[Comparison]:
    """Every figure of both arms with its difference; a figure that needs more pairs says so instead."""
    rows = [_row("mean", "ms", float(baseline.mean()), float(hedera.mean()), mean, relative)]
    for name, share in SHARES.items():
        if len(baseline) < FEWEST[name]:
            rows.append(_not_given(name, "ms", wording.needs_pairs(FEWEST[name])))
            continue
        absolute, ratio = intervals.quantile_intervals(baseline, hedera, share, seed)
        if absolute.effective_pairs < FEWEST_WORTH[name]:
            rows.append(_not_given(name, "ms", wording.pairs_alike(absolute.effective_pairs)))
            continue
        first, second = (float(intervals.quantile(arm, share)) for arm in (baseline, hedera))
        rows.append(_row(name, "ms", first, second, *intervals.with_consistent_sign(absolute, ratio)))
    return [*rows, _throughput(baseline, hedera, relative, seed)]


def _throughput(baseline: Array, hedera: Array, relative: Interval | None, seed: int) -> Comparison:
    """What one caller gets done per second, one operation after another: one over the mean latency."""
    absolute = intervals.mean_interval(intervals.throughput_difference, baseline, hedera, seed)
    if absolute is None or relative is None or relative.ci95[0] <= -100:
        return _not_given("throughput", "per s", wording.TAKES_NO_TIME)
    inverse = replace(
        relative,
        estimate=_inverse_pct(relative.estimate),
        pairs=(_inverse_pct(relative.ci95[1]), _inverse_pct(relative.ci95[0])),
        blocks=None,
    )
    first, second = (float(1000 / arm.mean()) for arm in (baseline, hedera))
    return _row("throughput", "per s", first, second, *intervals.with_consistent_sign(absolute, inverse))


def _inverse_pct(percent: float) -> float:
    """By how many percent the inverse of something differs that differs by so many."""
    return 100 * (1 / (1 + percent / 100) - 1)


def _row(
    figure: Figure, unit: Unit, baseline: float, hedera: float, absolute: Interval | None, relative: Interval | None
) -> Comparison:
    return {
        "figure": figure,
        "unit": unit,
        "baseline": baseline,
        "hedera": hedera,
        "absolute": _estimate(absolute),
        "relative_pct": _estimate(relative),
        "reason": None,
    }


def _not_given(figure: Figure, unit: Unit, reason: str) -> Comparison:
    return {
        "figure": figure,
        "unit": unit,
        "baseline": None,
        "hedera": None,
        "absolute": _estimate(None),
        "relative_pct": _estimate(None),
        "reason": reason,
    }


def _figures(values: Array) -> PairLatency | None:
    """The latency figures of one arm's pairs, exact; None where there is none."""
    if not len(values):
        return None
    p50, p95, p99 = (float(intervals.quantile(values, share)) for share in SHARES.values())
    return {
        "min": float(values.min()),
        "mean": float(values.mean()),
        "max": float(values.max()),
        "p50": p50,
        "p95": p95,
        "p99": p99,
    }


def _curves(baseline: Array, hedera: Array) -> Curves:
    return {"baseline": _curve(baseline), "hedera": _curve(hedera), "difference": _curve(hedera - baseline)}


def _curve(values: Array) -> list[list[float]]:
    """The cumulative distribution as `[milliseconds, share]`."""
    if not len(values):
        return []
    shares = np.linspace(0, 1, CURVE_POINTS)
    at = np.quantile(values, shares)
    return [[round(float(x), 4), round(float(share), 4)] for x, share in zip(at, shares, strict=True)]
