"""Charts with a row for each operation: intervals of what Hedera adds, and where the time goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from reports.render.charts import Interval
from reports.render.plots.axes import Axis, linear, logarithmic
from reports.render.plots.drawing import Entry, across, series_colour
from reports.render.views import PhaseChart

OWN_COLOURS: Final = frozenset(
    {"prepare", "ack", "receipt", "mirror", "rest", "queue", "limiter", "circuit_wait", "retry_wait", "start_delay"}
    | {"other", "connection"}
)
"""Phases for which the style sheet has a colour; others take one by their number."""


class Part(NamedTuple):
    """A stretch of a row: percent of the width, from where and how long."""

    x: float
    width: float
    colour: str
    title: str


class Mark(NamedTuple):
    """A point of a row, percent of the width."""

    x: float
    colour: str
    title: str


class Row(NamedTuple):
    """What is told of one operation.

    Attributes:
        name: The operation.
        parts: Bars, one after the other.
        whisker: An interval, percent of the width.
        mark: A point over them: the estimate of an interval, or when consensus was reached.
        title: The row in words, under the pointer and for who cannot see it.
    """

    name: str
    parts: Sequence[Part] = ()
    whisker: tuple[float, float] | None = None
    mark: Mark | None = None
    title: str = ""


class Rows(NamedTuple):
    """A chart of rows over one axis; `zero` is where 0 stands, percent, if it is to be seen."""

    kind: str
    says: str
    rows: Sequence[Row]
    ticks: Sequence[tuple[float, str]]
    title: str
    zero: float | None = None
    legend: Sequence[Entry] = ()


def intervals(found: Sequence[Interval], *, decades_apart: bool) -> Rows:
    """What Hedera adds to each operation, with its interval."""
    ends = [end for one in found for end in (one["low"], one["high"])]
    axis = logarithmic(ends) if decades_apart else linear(ends)
    return Rows(
        kind="intervals",
        says="Overhead of each operation and level with its 95 percent interval",
        rows=[_interval(one, axis) for one in found],
        ticks=across(axis),
        title="milliseconds that Hedera adds",
        zero=None if decades_apart else 100 * axis.at(0),
    )


def _interval(one: Interval, axis: Axis) -> Row:
    told = f"{one['low']:,.2f} to {one['high']:,.2f} ms"
    estimate = one["estimate"]
    mark = None if estimate is None else Mark(100 * axis.at(estimate), "hedera", f"{estimate:,.2f} ms ({told})")
    return Row(one["label"], whisker=(100 * axis.at(one["low"]), 100 * axis.at(one["high"])), mark=mark, title=told)


def phase_colour(phase: str, number: int) -> str:
    """The class of a phase's colour: its own, or one by its number among those that are drawn."""
    return phase if phase in OWN_COLOURS else series_colour(number + 2)


def phases(chart: PhaseChart) -> Rows:
    """Mean time of each operation by phase."""
    ends = [sum(row["stack"].values()) for row in chart["rows"]]
    ends += [row["consensus"] for row in chart["rows"] if row["consensus"] is not None]
    axis = linear(ends)
    colours = {phase: phase_colour(phase, number) for number, phase in enumerate(chart["names"])}
    rows = []
    for row in chart["rows"]:
        parts, begun = [], 0.0
        for phase, took in row["stack"].items():
            if took > 0:
                x = 100 * axis.at(begun)
                told = f"{chart['names'][phase]}: {took:,.2f} ms"
                parts.append(Part(x, 100 * axis.at(begun + took) - x, colours[phase], told))
            begun += took
        at = row["consensus"]
        reached = None if at is None else Mark(100 * axis.at(at), "ink", f"Consensus after {at:,.1f} ms")
        rows.append(Row(row["label"], parts, mark=reached, title="; ".join(part.title for part in parts)))
    return Rows("phases", "Mean time per phase of each operation", rows, across(axis), "milliseconds, mean")
