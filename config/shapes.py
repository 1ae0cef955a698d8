"""Shapes of load by name, and what can be set about each: `--shape NAME[:parameter=value,...]`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from config.curve import Curve

CAPACITY: Final = "capacity"
"""The shape whose levels a search finds while the run goes on; it has no curve beforehand."""

_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_SPAN: Final = re.compile(r"(?:\d+(?:\.\d+)?[smh])+|\d+(?:\.\d+)?")
_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?)([smh])")

DAY_POINTS: Final = 96
"""Straight lines that stand for one sine wave: a level is within 0.06 % of the highest of where the wave has it."""

LONGEST_S: Final = 30 * 24 * 3600.0


class Parameter(NamedTuple):
    """One thing that can be set about a shape.

    Attributes:
        default: As it is typed.
        kind: `time` (10, 10s, 2m, 1h30m), `number`, `count` (a whole number), or `percent` (20 or 20%).
        least: Least value.
        most: Largest value.
    """

    default: str
    kind: str
    least: float
    most: float


class Kind(NamedTuple):
    """A kind of shape.

    Attributes:
        parameters: What can be set.
        curve: Its curve with 1 as the highest level; None where it has none beforehand.
        about: What it does, in a phrase.
    """

    parameters: dict[str, Parameter]
    curve: Callable[[dict[str, float]], Curve] | None
    about: str


class Shape(NamedTuple):
    """A shape as it was asked for: its name and all of its parameters, times in seconds, shares from 0 to 1."""

    name: str
    values: dict[str, float]

    @property
    def curve(self) -> Curve | None:
        """Its curve with 1 as the highest level and seconds from 0 on; None where a search makes it."""
        make = KINDS[self.name].curve
        return make(self.values) if make is not None else None


def parse_shape(text: str) -> Shape | None:
    """Read `NAME[:parameter=value,...]`; None for "".

    Raises:
        ValueError: it is no shape; the message says what would be.
    """
    if not text:
        return None
    name, _, rest = text.partition(":")
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"choose one of {', '.join(KINDS)}, such as steps:steps=5,each=30s")
    values = {key: _value(key, one, one.default) for key, one in kind.parameters.items()}
    for given in filter(None, rest.split(",")):
        key, equals, value = given.partition("=")
        if not equals or key not in kind.parameters:
            raise ValueError(f"{given!r} is nothing that {name} knows; it takes {_taken(kind)}")
        values[key] = _value(key, kind.parameters[key], value)
    shape = Shape(name, values)
    curve = shape.curve
    if curve is not None and not 0 < curve.last_at <= LONGEST_S:
        raise ValueError("it has to last longer than 0 s and at most 30 days")
    return shape


def _taken(kind: Kind) -> str:
    return ", ".join(f"{key}={one.default}" for key, one in kind.parameters.items())


def _value(key: str, parameter: Parameter, text: str) -> float:
    try:
        value = seconds(text) if parameter.kind == "time" else float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not parameter.least <= value <= parameter.most or (parameter.kind == "count" and value != int(value)):
        what = {"time": "a time such as 30s or 2m, from", "count": "a whole number from", "percent": "percent from"}
        raise ValueError(
            f"{key}={text}: give {what.get(parameter.kind, 'a number from')} {parameter.least:g} to {parameter.most:g}"
        )
    return value / 100 if parameter.kind == "percent" else value


def seconds(text: str) -> float:
    """A time as Locust takes it: 90, 90s, 1m30s, 2h.

    Raises:
        ValueError: it is none.
    """
    if not _SPAN.fullmatch(text):
        raise ValueError(f"{text!r} is no time")
    if text[-1] not in _UNITS:
        return float(text)
    return sum(float(number) * _UNITS[unit] for number, unit in _PIECE.findall(text))


def _ramp(values: dict[str, float]) -> Curve:
    end = values["time"] + values["hold"]
    return Curve([(0, 0), (values["time"], 1), (end, 1), (end, 0)])


def _steps(values: dict[str, float]) -> Curve:
    number, each = int(values["steps"]), values["each"]
    points: list[tuple[float, float]] = []
    for step in range(number):
        points += [(step * each, (step + 1) / number), ((step + 1) * each, (step + 1) / number)]
    return Curve([*points, (number * each, 0)])


def _spike(values: dict[str, float]) -> Curve:
    base, before = values["base"], values["before"]
    down = before + values["spike"]
    end = down + values["after"]
    return Curve([(0, base), (before, base), (before, 1), (down, 1), (down, base), (end, base), (end, 0)])


def _day(values: dict[str, float]) -> Curve:
    low, period, days = values["low"], values["period"], int(values["days"])
    points: list[tuple[float, float]] = []
    for number in range(days * DAY_POINTS + 1):
        wave = (1 - math.cos(2 * math.pi * number / DAY_POINTS)) / 2
        points.append((number * period / DAY_POINTS, low + (1 - low) * wave))
    return Curve([*points, (days * period, 0)])


_TIME: Final = ("time", 0.0, LONGEST_S)
_PART: Final = ("time", 1.0, LONGEST_S)
_SHARE: Final = ("percent", 0.0, 100.0)

KINDS: Final[dict[str, Kind]] = {
    "ramp": Kind(
        {"time": Parameter("1m", *_TIME), "hold": Parameter("1m", *_TIME)},
        _ramp,
        "rises evenly from nothing, and holds",
    ),
    "steps": Kind(
        {"steps": Parameter("5", "count", 1, 1000), "each": Parameter("30s", *_PART)},
        _steps,
        "rises in equal steps",
    ),
    "spike": Kind(
        {
            "base": Parameter("10%", *_SHARE),
            "before": Parameter("30s", *_TIME),
            "spike": Parameter("10s", *_PART),
            "after": Parameter("1m", *_TIME),
        },
        _spike,
        "jumps from a base to all of it, and back",
    ),
    "day": Kind(
        {
            "period": Parameter("10m", *_PART),
            "low": Parameter("10%", *_SHARE),
            "days": Parameter("1", "count", 1, 1000),
        },
        _day,
        "a sine wave from low to high and back, as an application's day",
    ),
    CAPACITY: Kind(
        {
            "start": Parameter("10", "number", 0.1, 100_000),
            "climb": Parameter("2", "number", 1.1, 10),
            "step": Parameter("6s", "time", 2, 3600),
            "settle": Parameter("2s", "time", 1, 600),
            "confirm": Parameter("30s", "time", 5, 86_400),
            "tolerance": Parameter("5%", "percent", 1, 50),
            "margin": Parameter("80%", "percent", 10, 100),
            "p95": Parameter("0", "number", 0, 3_600_000),
            "limit": Parameter("10m", "time", 10, 86_400),
        },
        None,
        "searches for the highest rate that is kept: climbs, bisects, confirms",
    ),
}
"""By name; parameters with their defaults, in the order in which they are told."""
