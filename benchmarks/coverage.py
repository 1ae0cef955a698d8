"""How often the report's 95 % intervals hold the truth, on made-up latencies whose truth is known.

    python benchmarks/coverage.py [--runs 300] [--seed 1]

Prints, per shape of latency and number of pairs, how many of 100 runs' intervals hold the true difference: of the mean
over pairs alone, over blocks alone, as reported (their hull), in percent, and of p50, p95 and p99. `width` is the
median width of the reported interval of the mean in milliseconds, and `false` how many of 100 runs would claim a
difference between equal arms. docs/decisions/0010 draws its conclusions from this table.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import numpy.typing as npt

from reports.judge import intervals
from reports.judge.overhead import FEWEST

Array = npt.NDArray[np.float64]

EXTRA_MS = 116.0


def autocorrelated(rng: np.random.Generator, count: int, rho: float) -> Array:
    """Standard normal noise in which neighbours correlate by `rho`."""
    noise = rng.normal(0, np.sqrt(1 - rho**2), count + 200)
    values = np.zeros(count + 200)
    for index in range(1, count + 200):
        values[index] = rho * values[index - 1] + noise[index]
    return values[200:]


# What Hedera adds in each of `count` pairs, in milliseconds; the long-run mean is EXTRA_MS in every shape.
SHAPES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "normal": lambda rng, n: EXTRA_MS + rng.normal(0, 5, n),
    "skewed (gamma 2)": lambda rng, n: EXTRA_MS + rng.gamma(2, 10, n) - 20,
    "exponential": lambda rng, n: rng.exponential(EXTRA_MS, n),
    "lognormal, sigma 1": lambda rng, n: EXTRA_MS / np.exp(0.5) * rng.lognormal(0, 1, n),
    "autocorrelated 0.5": lambda rng, n: EXTRA_MS + 5 * autocorrelated(rng, n, 0.5),
    "autocorrelated 0.8": lambda rng, n: EXTRA_MS + 5 * autocorrelated(rng, n, 0.8),
    "lognormal, 0.7": lambda rng, n: EXTRA_MS / np.exp(0.5) * np.exp(autocorrelated(rng, n, 0.7)),
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Coverage of the report's intervals on made-up latencies.")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(
        f"{options.runs} runs per line, seed {options.seed}, Python {platform.python_version()}, {platform.machine()}"
    )
    print(f"{'shape':20} {'pairs':>5} {'pairs':>6} {'blocks':>6} {'mean':>6} {'rel.':>6} "
          f"{'p50':>6} {'p95':>6} {'p99':>6} {'false':>6} {'width':>7}")  # fmt: skip
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    for shape, draw in SHAPES.items():
        truths = {name: truth(shape, share) for name, share in shares.items()}
        for count in (20, 60, 200, 1000):
            held: dict[str, list[float]] = {}
            runs = options.runs if count < 5000 else options.runs // 3
            for run in range(runs):
                rng = np.random.default_rng([options.seed, run, count])
                first = baseline(rng, count)
                extra = draw(rng, count)
                second = first + extra + rng.normal(0, 0.5, count)
                found = intervals.mean_interval(intervals.difference, first, second, run)
                relative = intervals.mean_interval(intervals.relative_difference, first, second, run)
                equal = intervals.mean_interval(intervals.difference, first, second - EXTRA_MS, run)
                assert found is not None
                assert relative is not None
                assert equal is not None
                kinds = {"pairs": found.pairs, "blocks": found.blocks or found.pairs, "mean": found.ci95}
                for name, (low, high) in kinds.items():
                    held.setdefault(name, []).append(low <= EXTRA_MS <= high)
                held.setdefault("rel.", []).append(
                    relative.ci95[0] <= 100 * EXTRA_MS / 51 <= relative.ci95[1]
                )  # fmt: skip
                held.setdefault("false", []).append(not equal.sure[0] <= 0 <= equal.sure[1])
                held.setdefault("width", []).append(found.ci95[1] - found.ci95[0])
                for name, share in shares.items():
                    if count >= FEWEST[name]:
                        low, high = intervals.quantile_intervals(first, second, share, run)[0].ci95
                        held.setdefault(name, []).append(low <= truths[name] <= high)
            cells = " ".join(
                f"{100 * np.mean(held[name]):6.1f}" if name in held else f"{'–':>6}"
                for name in ("pairs", "blocks", "mean", "rel.", *shares, "false")
            )
            print(f"{shape:20} {count:5} {cells} {np.median(held['width']):7.2f}", flush=True)


if __name__ == "__main__":
    main()
