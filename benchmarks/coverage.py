"""How often the report's 95 % intervals hold the truth, on made-up latencies whose truth is known.

    python -m benchmarks.coverage [--runs 300] [--seed 1]

Prints, per shape of latency and number of pairs, `held/printed`: how many of 100 runs print no interval that misses the
true difference, and how many print one at all (the others say "cannot tell"). Of the mean over pairs alone, over blocks
alone, as reported (their hull), in percent, and of p50, p95 and p99. `false` is how many of 100 runs would claim a
difference between equal arms, `width` the median width of the reported interval of the mean in milliseconds.
docs/decisions/0043 draws its conclusions from this table.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from reports.judge import intervals
from reports.judge.overhead import FEWEST, FEWEST_WORTH, SHARES, tells

Array = npt.NDArray[np.float64]

EXTRA_MS = 116.0


def autocorrelated(rng: np.random.Generator, count: int, rho: float) -> Array:
    """Standard normal noise in which neighbours correlate by `rho`."""
    noise = rng.normal(0, np.sqrt(1 - rho**2), count + 200)
    values = lfilter([1.0], [1.0, -rho], noise)
    return values[200:]


# What Hedera adds in each of `count` pairs, in milliseconds; the long-run mean is EXTRA_MS in every shape.
SHAPES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "normal": lambda rng, n: EXTRA_MS + rng.normal(0, 5, n),
    "skewed (gamma 2)": lambda rng, n: EXTRA_MS + rng.gamma(2, 10, n) - 20,
    "exponential": lambda rng, n: rng.exponential(EXTRA_MS, n),
    "lognormal sigma 1": lambda rng, n: EXTRA_MS / np.exp(0.5) * rng.lognormal(0, 1, n),
    "autocorrelated 0.5": lambda rng, n: EXTRA_MS + 5 * autocorrelated(rng, n, 0.5),
    "autocorrelated 0.8": lambda rng, n: EXTRA_MS + 5 * autocorrelated(rng, n, 0.8),
    "autocorrelated 0.9": lambda rng, n: EXTRA_MS + 5 * autocorrelated(rng, n, 0.9),
    "lognormal 0.7": lambda rng, n: EXTRA_MS / np.exp(0.5) * np.exp(autocorrelated(rng, n, 0.7)),
    "noise and drift": lambda rng, n: EXTRA_MS + rng.normal(0, 5, n) + 4 * autocorrelated(rng, n, 0.9),
}


def truth(shape: str, share: float) -> float:
    """The true difference of a quantile, from a million draws against a million of the baseline."""
    rng = np.random.default_rng(0)
    first = baseline(rng, 400_000)
    # Correlation between neighbours does not change the distribution, only how fast it is learnt.
    extra = np.concatenate([SHAPES[shape](rng, 100_000) for _ in range(4)])
    return float(np.quantile(first + extra, share) - np.quantile(first, share))


def baseline(rng: np.random.Generator, count: int) -> Array:
    """The baseline's latency: 51 ms in the mean, a little skewed."""
    return 45 + rng.gamma(4, 1.5, count)


def held_by(first: Array, second: Array, truths: dict[str, float], seed: int) -> dict[str, list[bool]]:
    """Which intervals of one run hold the truth; a figure that the report would not print is left out."""
    held: dict[str, list[bool]] = {}
    found = intervals.mean_interval(intervals.mean_difference, first, second, seed)
    relative = intervals.relative_interval(first, second, seed)
    equal = intervals.mean_interval(intervals.mean_difference, first, second - EXTRA_MS, seed)
    assert found is not None
    assert relative is not None
    assert equal is not None
    if tells(found):
        kinds = {"pairs": found.pairs, "blocks": found.blocks or found.pairs, "mean": found.ci95}
        held |= {name: [low <= EXTRA_MS <= high] for name, (low, high) in kinds.items()}
        held["false"] = [not equal.ci99[0] <= 0 <= equal.ci99[1]]
        low, high = relative.ci95
        held["rel."] = [low <= 100 * EXTRA_MS / 51 <= high]
    for name, share in SHARES.items():
        if len(first) >= FEWEST[name]:
            interval = intervals.quantile_intervals(first, second, share, seed)[0]
            if interval.effective_pairs >= FEWEST_WORTH[name]:
                held[name] = [interval.ci95[0] <= truths[name] <= interval.ci95[1]]
    return held


def cell(name: str, held: dict[str, list[bool]], runs: int, possible: bool) -> str:
    """How many of 100 runs print no interval that misses the truth, and how many print one at all."""
    if not possible:
        return f"{'–':>10}"
    printed = held.get(name, [])
    return f"{100 * (1 - (len(printed) - sum(printed)) / runs):5.1f}/{100 * len(printed) / runs:<4.0f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Coverage of the report's intervals on made-up latencies.")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shapes", default=",".join(SHAPES), help="comma-separated")
    parser.add_argument("--pairs", default="20,60,200,1000", help="comma-separated")
    options = parser.parse_args()
    print(
        f"{options.runs} runs per line, seed {options.seed}, Python {platform.python_version()}, {platform.machine()}"
    )
    names = ("pairs", "blocks", "mean", "rel.", *SHARES)
    print(f"{'shape':20} {'pairs':>5} " + " ".join(f"{name:>10}" for name in names) + f" {'false':>6} {'width':>7}")
    for shape in options.shapes.split(","):
        truths = {name: truth(shape, share) for name, share in SHARES.items()}
        for count in map(int, options.pairs.split(",")):
            line(shape, count, truths, options)


def line(shape: str, count: int, truths: dict[str, float], options: argparse.Namespace) -> None:
    """Run one shape with one number of pairs, and print its line."""
    held: dict[str, list[bool]] = {}
    widths = []
    for run in range(options.runs):
        rng = np.random.default_rng([options.seed, run, count])
        first = baseline(rng, count)
        second = first + SHAPES[shape](rng, count) + rng.normal(0, 0.5, count)
        for name, outcome in held_by(first, second, truths, run).items():
            held.setdefault(name, []).extend(outcome)
        found = intervals.mean_interval(intervals.mean_difference, first, second, run)
        assert found is not None
        widths.append(found.ci95[1] - found.ci95[0])
    cells = " ".join(
        cell(name, held, options.runs, count >= FEWEST.get(name, 0))
        for name in ("pairs", "blocks", "mean", "rel.", *SHARES)
    )
    alarms = 100 * sum(held.get("false", [])) / options.runs
    print(f"{shape:20} {count:5} {cells} {alarms:6.1f} {np.median(widths):7.2f}", flush=True)


if __name__ == "__main__":
    main()
