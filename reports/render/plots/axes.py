"""Axes: where a value stands, and where lines with a number help to read it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Distances between two lines of a linear axis, times a power of ten."""

FEW_DECADES: Final = 2.5
"""On a logarithmic axis that spans at most so many decades, 2 and 5 have lines too."""

SAME: Final = 1e-6
"""Part of a value by which another one differs so little that no axis can tell them apart."""


@dataclass(frozen=True)
class Axis:
    """A stretch of values.

    Attributes:
        low: The value at its beginning.
        high: The value at its end, above `low`.
        marked: Values with a line and a number.
        logarithmic: Whether equal ratios are equally long; `low` is above 0 then.
        unit: Stands behind each number, e.g. " %".
    """

    low: float
    high: float
    marked: tuple[float, ...]
    logarithmic: bool = False
    unit: str = ""

    def at(self, value: float) -> float:
        """Where a value stands: 0 at the beginning, 1 at the end; what is beyond an end stands there."""
        if self.logarithmic:
            value = max(value, self.low)
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, part))

    def ticks(self) -> list[tuple[float, str]]:
        """Each line: where it stands, and its number."""
        digits = max(map(_digits, self.marked), default=0) if not self.logarithmic else None
        return [(self.at(value), f"{_number(value, digits)}{self.unit}") for value in self.marked]


def linear(values: Iterable[float | None], *, most: int = 5, from_zero: bool = True, unit: str = "") -> Axis:
    """An axis whose ends are round numbers around all values.

    Args:
        values: None is left out.
        most: Lines at most, the first one not counted.
        from_zero: Whether it begins at 0 at the latest.
        unit: Stands behind each number.
    """
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= SAME * max(abs(low), abs(high)):
        high = low + (abs(low) or 1.0)
    step = _step((high - low) / most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marked = tuple(number * step for number in range(first, last + 1))
    return Axis(marked[0], marked[-1], marked, unit=unit)


def exact(low: float, high: float, *, most: int = 6, unit: str = "") -> Axis:
    """An axis with just these ends, e.g. of the time that a run took; lines at the round numbers between them."""
    high = high if high > low else low + 1.0
    step = _step((high - low) / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(low, high, tuple(number * step for number in range(first, last + 1)), unit=unit)


def logarithmic(values: Iterable[float | None], *, unit: str = "") -> Axis:
    """An axis around all values above 0; those that are not have no place on it, and stand at its beginning."""
    known = [value for value in values if value is not None and value > 0]
    low, high = min(known, default=1.0), max(known, default=10.0)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    round_ones = [factor * 10.0**power for power in range(first, last + 2) for factor in (1, 2, 5)]
    begin = max(value for value in round_ones if value <= low * (1 + 1e-9))
    end = min(value for value in round_ones if value >= high * (1 - 1e-9))
    if end <= begin:
        end = begin * 10
    few = math.log10(end / begin) <= FEW_DECADES
    inside = [value for value in round_ones if begin <= value <= end]
    marked = inside if few else [value for value in inside if math.isclose(math.log10(value) % 1, 0, abs_tol=1e-9)]
    return Axis(begin, end, tuple(marked), logarithmic=True, unit=unit)


def _step(least: float) -> float:
    """The smallest round distance that is not below one."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step for factor in STEPS if (step := factor * power) >= least * (1 - 1e-9))


def _digits(value: float) -> int:
    """How many decimal places a round number has; at most 12."""
    return next((places for places in range(12) if math.isclose(round(value, places), value, rel_tol=1e-9)), 12)


def _number(value: float, digits: int | None) -> str:
    """A round number as one reads it: 2,500 and 0.25; None for as many decimal places as it has itself."""
    text = f"{value:,.{_digits(value) if digits is None else digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
