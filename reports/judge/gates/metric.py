"""What a metric of gates is, and what is read by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from config.gates.language import SECONDS, Call
from reports.judge.gates.evidence import Evidence

Kind = Literal["time", "percent", "count", "rate", "factor", "memory", "usd", "hbar"]
"""What a value is of."""

BASE: Final[Mapping[Kind, str]] = {
    "time": "ms",
    "percent": "%",
    "count": "",
    "rate": "/s",
    "factor": "",
    "memory": "MB",
    "usd": "$",
    "hbar": "hbar",
}
"""The unit in which each is read, and stands in report.json."""

FACTORS: Final[Mapping[Kind, Mapping[str, float]]] = {
    **{kind: {unit: 1.0} for kind, unit in BASE.items()},
    "time": {unit: 1000 * seconds for unit, seconds in SECONDS.items()},
    "rate": {"/s": 1.0, "": 1.0},
}
"""How a bound may be given: its units, and what makes the base unit of them."""

EXAMPLES: Final[Mapping[Kind, str]] = {
    "time": "5s",
    "percent": "1%",
    "count": "0",
    "rate": "50/s",
    "factor": "1.5",
    "memory": "200MB",
    "usd": "$0.30",
    "hbar": "0.5hbar",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a metric has in a run.

    Attributes:
        value: In the base unit of its kind; None where it is not known.
        low: What it is at least: the value itself, or the lower end of an estimate's 95 % interval.
        high: What it is at most, likewise.
        of: What it is the value of, where a metric has several, such as `hcs.submit (ack)`.
        reason: Why it is not known, or not to the end; one phrase.
    """

    value: float | None
    low: float = -math.inf
    high: float = math.inf
    of: str = ""
    reason: str = ""

    @property
    def estimated(self) -> bool:
        """Whether it is known within an interval only."""
        return self.value is not None and self.low < self.high


def exact(value: float, of: str = "") -> Reading:
    """A value that was counted, of all that happened."""
    return Reading(value, value, value, of)


def at_least(value: float, reason: str, of: str = "") -> Reading:
    """A count that is not complete."""
    return Reading(value, value, math.inf, of, reason)


def unknown(reason: str, of: str = "") -> Reading:
    """A value that the run does not show."""
    return Reading(None, of=of, reason=reason)


Parameter = Literal["operation", "operation or *", "paired operation", "level", "figure", "process"]
"""What an argument names."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What gates can look at.

    Attributes:
        name: As gates write it.
        meaning: What it is, in a phrase.
        source: Where report.json has it.
        kinds: What its value may be of; the unit of the bound decides where there are several.
        read: Returns its values in a run; empty where nothing of the kind happened. A gate has to hold of each.
        parameters: What its arguments name, in their order.
        required: How many of them have to be given.
        live: Whether it can be read while the run goes on.
        estimate: Whether its values have intervals, so that nothing can be equal to it.
    """

    name: str
    meaning: str
    source: str
    kinds: tuple[Kind, ...]
    read: Callable[[Evidence, Call, Kind], Sequence[Reading]]
    parameters: tuple[Parameter, ...] = ()
    required: int = 0
    live: bool = True
    estimate: bool = False

    @property
    def form(self) -> str:
        """How it is written, such as `p95(operation)`."""
        if not self.parameters:
            return self.name
        needed, rest = self.parameters[: self.required], self.parameters[self.required :]
        if not needed:
            return f"{self.name}[({', '.join(rest)})]"
        return f"{self.name}({', '.join(needed)}{''.join(f'[, {one}]' for one in rest)})"

    def kind_of(self, unit: str) -> Kind | None:
        """What a bound with this unit is of; None where the metric has no such unit."""
        return next((kind for kind in self.kinds if unit in FACTORS[kind]), None)
