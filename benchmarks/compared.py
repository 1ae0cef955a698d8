"""Figures that a benchmark printed on two sides, by name: medians, ratios, and whether a limit was kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

Figures = dict[str, float]
"""What one run of a benchmark printed, by name."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """How a benchmark is read.

    Attributes:
        more_is_better: The figures of which that is so.
        without_option: What it is called with so that it prints JSON where it has no `--json`; None for nothing.
    """

    more_is_better: str = r"per s$"
    without_option: str | None = None


BENCHMARKS: Final = {
    "client": Benchmark(without_option="--only"),
    "java_sdk": Benchmark(),
    "resilience": Benchmark(r"in_flight$"),
    "localnet": Benchmark(r"per_s$"),
    "reports": Benchmark(r"$^"),
    "audit": Benchmark(r"$^", without_option=""),
}


def figures_of(printed: str, exit_code: int = 0) -> Figures:
    """The figures in the last line that is a JSON object.

    Args:
        printed: By a benchmark.
        exit_code: What it ended with; 1 says that a limit of its own was not kept, and its figures are figures all the
            same.

    Raises:
        ValueError: there is none, it holds no number, or the benchmark broke off.
    """
    if exit_code not in (0, 1):
        raise ValueError(f"ended with {exit_code}")
    for line in reversed(printed.splitlines()):
        if line.startswith("{"):
            try:
                found = dict(_numbers(json.loads(line), ()))
            except json.JSONDecodeError:
                continue
            if found:
                return found
    raise ValueError(f"ended with {exit_code} and printed no figures")


def _numbers(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Every number with its name; a list of two is a cost: microseconds, and how many per second."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _numbers(part, (*path, str(name).strip()))
    elif isinstance(value, list) and len(value) == 2:
        for name, part in zip(("µs", "per s"), value, strict=True):
            yield from _numbers(part, (*path, name))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield ", ".join(path), float(value)


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure on both sides.

    Attributes:
        name: Which.
        more_is_better: Whether it is a rate.
        then, now: By round.
    """

    name: str
    more_is_better: bool
    then: tuple[float, ...]
    now: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """Median of now by median of then; None where that one is 0."""
        return _ratio(median(self.now), median(self.then))

    @property
    def spread(self) -> tuple[float, float] | None:
        """Smallest and largest ratio of a round's pair; None where one cannot be made."""
        ratios = [_ratio(now, then) for then, now in zip(self.then, self.now, strict=True)]
        known = [ratio for ratio in ratios if ratio is not None]
        return (min(known), max(known)) if len(known) == len(ratios) else None

    def worse(self, limit: float) -> bool:
        """Whether the ratio is beyond a limit, such as 1.03. From 0 to something is worse, unless it is a rate."""
        if self.ratio is None:
            return not self.more_is_better and median(self.now) > 0
        # Turned round, so that what is no number is worse.
        return not (self.ratio >= 1 / limit if self.more_is_better else self.ratio <= limit)


def _ratio(now: float, then: float) -> float | None:
    return now / then if then else None


def compared(benchmark: Benchmark, then: Sequence[Figures], now: Sequence[Figures], wanted: str = "") -> list[Compared]:
    """Every wanted figure that both sides have in every round, but for counts that never change."""
    names = [name for name in now[0] if all(name in figures for figures in (*then, *now)) and re.search(wanted, name)]
    every = [
        Compared(
            name,
            re.search(benchmark.more_is_better, name) is not None,
            tuple(figures[name] for figures in then),
            tuple(figures[name] for figures in now),
        )
        for name in names
    ]
    return [one for one in every if len({*one.then, *one.now}) > 1]


def one_sided(then: Figures, now: Figures) -> list[str]:
    """A line for each side that has figures which the other has not."""
    sides = (("then", sorted(then.keys() - now.keys())), ("now", sorted(now.keys() - then.keys())))
    return [f"Only {side}: {'; '.join(names)}" for side, names in sides if names]


def table(rows: Sequence[Compared], name: str, limit: float | None) -> str:
    """As Markdown."""
    lines = [f"| figure | {name} | now | now ÷ {name} | of the rounds | |", "|---|---|---|---|---|---|"]
    for row in rows:
        ratio = "–" if row.ratio is None else f"{row.ratio:.3f}"
        spread = "–" if row.spread is None else f"{row.spread[0]:.3f} to {row.spread[1]:.3f}"
        mark = "LIMIT" if limit is not None and row.worse(limit) else ""
        figure = f"{row.name}{' ↑' if row.more_is_better else ''}"
        lines.append(f"| {figure} | {median(row.then):,.5g} | {median(row.now):,.5g} | {ratio} | {spread} | {mark} |")
    return "\n".join(lines)
