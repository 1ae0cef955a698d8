"""What a gate is made of. Each part prints as it is written: `str(parse_gate(text))` is the text, evenly spaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

EVERY: Final = "*"
DOLLAR: Final = "$"

BARE: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_.:\/-]*[A-Za-z0-9])?"
"""A name that needs no quotes."""

UNITS: Final = ("us", "ms", "s", "m", "h", "%", "/s", "MB", "hbar")
"""What may stand behind a number. `$` stands before it."""

SECONDS: Final[Mapping[str, float]] = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Units of time, in seconds."""

COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "==": lambda value, bound: value == bound,
}

GRACE_S: Final = 10.0
"""Seconds of a run before a gate may end it, unless the gate says how many."""


class GateError(ValueError):
    """A text is no gate, or one that means nothing; the message is one line.

    Args:
        column: Where in the text, from 1.
        what: What is wrong, and what would be right.
    """

    def __init__(self, column: int, what: str) -> None:
        super().__init__(f"column {column}: {what}")
        self.column = column
        self.what = what


@dataclass(frozen=True, slots=True)
class Argument:
    """What a metric is asked of.

    Attributes:
        text: A name; EVERY where it is `every`.
        every: `*`: all there are.
        column: Where it stands, from 1; no part of what it says.
    """

    text: str
    every: bool = False
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return self.text if self.every or re.fullmatch(BARE, self.text) else f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Call:
    """A metric, and what it is asked of.

    Attributes:
        metric: Its name.
        arguments: In their order; empty where it has none.
        column: Where it stands, from 1.
    """

    metric: str
    arguments: tuple[Argument, ...] = ()
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.metric}({', '.join(map(str, self.arguments))})" if self.arguments else self.metric


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, as it was written.

    Attributes:
        number: Its digits, such as `0.30`.
        unit: One of UNITS, DOLLAR, or "" for a plain number.
        column: Where it stands, from 1.
    """

    number: str
    unit: str = ""
    column: int = field(default=1, compare=False)

    @property
    def value(self) -> float:
        """The number."""
        return float(self.number)

    def __str__(self) -> str:
        return f"${self.number}" if self.unit == DOLLAR else f"{self.number}{self.unit}"


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that has to hold.

    Attributes:
        call: What is looked at.
        comparison: One of COMPARISONS.
        bound: What it is held against.
        aborts: Whether the run ends at once when it does not hold.
        grace: How long the run goes on in any case; None for GRACE_S.
    """

    call: Call
    comparison: str
    bound: Quantity
    aborts: bool = False
    grace: Quantity | None = None

    @property
    def grace_s(self) -> float:
        """How long the run goes on in any case, in seconds since its start."""
        return GRACE_S if self.grace is None else self.grace.value * SECONDS[self.grace.unit]

    @property
    def condition(self) -> str:
        """The gate without what it does while the run goes on."""
        return f"{self.call} {self.comparison} {self.bound}"

    def __str__(self) -> str:
        end = "" if not self.aborts else " abort" if self.grace is None else f" abort after {self.grace}"
        return self.condition + end
