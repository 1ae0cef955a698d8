"""What Hedera adds to an operation: paired differences, with intervals, and a sentence that says what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from config.levels import LEVELS
from records.operation import Arm
from reports.judge import intervals
from reports.judge.intervals import Array, Interval
from reports.judge.overhead_words import POWER, judge
from reports.measure.keys import OperationKey
from reports.measure.pairs import PairSample

FEWEST: Final[Mapping[str, int]] = {"mean": 20, "p50": 30, "p95": 200, "p99": 1_000, "throughput": 20}
"""Pairs that a figure needs. With fewer, its interval holds the truth less often than it says (measured on skewed
latencies, docs/decisions/0010); a percentile needs some ten pairs beyond it."""

FEWEST_WORTH: Final[Mapping[str, float]] = {"mean": 7, "p50": 15, "p95": 100, "p99": 500}
"""Independent pairs that those of a figure must be worth; fewer show only that neighbours resemble each other."""

NARROW: Final = 0.02
"""An interval that reaches no further than this part of the estimate is given however few pairs its own are worth."""

SHARES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99}

CURVE_POINTS: Final = 60
"""Points of each distribution curve in the report."""


def overhead(
    samples: Mapping[tuple[str, str], PairSample], seed: int, ran: Iterable[OperationKey] = ()
) -> list[dict[str, Any]]:
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


def _entry(name: str, confirm: str, sample: PairSample, seed: int, arms: set[tuple[str, str]]) -> dict[str, Any]:
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
    judged = judge(name, confirm, mean, relative, float(baseline.mean()) if len(baseline) else 0.0, reason)
    length = intervals.block_length(len(kept)) if len(kept) else 1
    return {
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
        "conclusion": judged.conclusion,
        "short": judged.short,
        "reason": reason,
        "verdict": judged.sentence,
        "curves": _curves(baseline, hedera) if reason is None else _curves(baseline[:0], hedera[:0]),
    }


def _refusal(name: str, sample: PairSample, arms: set[tuple[str, str]]) -> str | None:
    """Why no figure is given, or None."""
    if sample.total == 0 and arms:
        missing = [arm for arm in (Arm.BASELINE, Arm.HEDERA) if (name, str(arm)) not in arms]
        if missing:
            return f"no operation ran {'with' if missing[0] is Arm.HEDERA else 'without'} Hedera, so there is no pair"
    for arm, failed in (("without", sample.baseline_failed), ("with", sample.hedera_failed)):
        if 2 * failed > sample.total:
            return (
                f"{failed:,} of {sample.total:,} operations {arm} Hedera did not succeed; the few that did are no fair "
                "sample (see Errors)"
            )
    fewest = FEWEST["mean"]
    if sample.complete < fewest:
        return (
            f"{sample.complete} complete {'pair' if sample.complete == 1 else 'pairs'}; at least {fewest} are needed "
            f"({fewest - sample.complete} more: run longer, or with more users)"
        )
    return None


def tells(mean: Interval) -> bool:
    """Whether the pairs are worth enough independent ones, or differ by so little that nobody would mind."""
    reach = max(abs(bound - mean.estimate) for bound in mean.ci95)
    return mean.effective_pairs >= FEWEST_WORTH["mean"] or reach <= NARROW * abs(mean.estimate)


def _alike(pairs: int, mean: Interval | None) -> str | None:
    """Why no figure is given although there are pairs enough, or None."""
    if mean is None or tells(mean):
        return None
    return (
        f"the {pairs:,} pairs resemble their neighbours so much that they tell no more than {mean.effective_pairs:.0f} "
        "independent ones would; run longer"
    )


def _estimate(interval: Interval | None) -> dict[str, Any]:
    if interval is None:
        return {"estimate": None, "ci95": None}
    return {"estimate": interval.estimate, "ci95": list(interval.ci95)}


def _comparisons(
    baseline: Array, hedera: Array, mean: Interval | None, relative: Interval | None, seed: int
) -> list[dict[str, Any]]:
    """Every figure of both arms with its difference; a figure that needs more pairs says so instead."""
    rows = [_row("mean", "ms", baseline.mean(), hedera.mean(), mean, relative)]
    for name, share in SHARES.items():
        if len(baseline) < FEWEST[name]:
            rows.append(_row(name, "ms", None, None, None, None) | {"reason": f"needs {FEWEST[name]:,} pairs"})
            continue
        absolute, ratio = intervals.quantile_intervals(baseline, hedera, share, seed)
        if absolute.effective_pairs < FEWEST_WORTH[name]:
            reason = (
                f"its pairs resemble their neighbours, and are worth {absolute.effective_pairs:,.0f} independent ones"
            )
            rows.append(_row(name, "ms", None, None, None, None) | {"reason": reason})
            continue
        first, second = (intervals.quantile(arm, share) for arm in (baseline, hedera))
        rows.append(_row(name, "ms", first, second, *intervals.with_consistent_sign(absolute, ratio)))
    return [*rows, _throughput(baseline, hedera, relative, seed)]


def _throughput(baseline: Array, hedera: Array, relative: Interval | None, seed: int) -> dict[str, Any]:
    """What one caller gets done per second, one operation after another: one over the mean latency."""
    absolute = intervals.mean_interval(intervals.throughput_difference, baseline, hedera, seed)
    if absolute is None or relative is None or relative.ci95[0] <= -100:
        reason = {"reason": "an arm takes no time that could be measured"}
        return _row("throughput", "per s", None, None, None, None) | reason
    inverse = replace(
        relative,
        estimate=_inverse_pct(relative.estimate),
        pairs=(_inverse_pct(relative.ci95[1]), _inverse_pct(relative.ci95[0])),
        blocks=None,
    )
    return _row(
        "throughput",
        "per s",
        1000 / baseline.mean(),
        1000 / hedera.mean(),
        *intervals.with_consistent_sign(absolute, inverse),
    )


def _inverse_pct(percent: float) -> float:
    """By how many percent the inverse of something differs that differs by so many."""
    return 100 * (1 / (1 + percent / 100) - 1)


def _row(
    figure: str, unit: str, baseline: Any, hedera: Any, absolute: Interval | None, relative: Interval | None
) -> dict[str, Any]:
    return {
        "figure": figure,
        "unit": unit,
        "baseline": None if baseline is None else float(baseline),
        "hedera": None if hedera is None else float(hedera),
        "absolute": _estimate(absolute),
        "relative_pct": _estimate(relative),
        "reason": None,
    }


def _figures(values: Array) -> dict[str, float] | None:
    """The latency figures of one arm's pairs, exact; None where there is none."""
    if not len(values):
        return None
    named = {"min": values.min(), "mean": values.mean(), "max": values.max()}
    named |= {name: intervals.quantile(values, share) for name, share in SHARES.items()}
    return {name: float(value) for name, value in named.items()}


def _curves(baseline: Array, hedera: Array) -> dict[str, list[list[float]]]:
    return {"baseline": _curve(baseline), "hedera": _curve(hedera), "difference": _curve(hedera - baseline)}


def _curve(values: Array) -> list[list[float]]:
    """The cumulative distribution as `[milliseconds, share]`."""
    if not len(values):
        return []
    shares = np.linspace(0, 1, CURVE_POINTS)
    at = np.quantile(values, shares)
    return [[round(float(x), 4), round(float(share), 4)] for x, share in zip(at, shares, strict=True)]
