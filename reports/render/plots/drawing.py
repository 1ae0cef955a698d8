"""What a chart consists of, and the paths of its shapes.

Across, a place is a share of the width: shapes count it in thousandths (`WIDE`), so that they stretch with the page
while their strokes and the texts beside them do not. Down, it is pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from reports.render.plots.axes import Axis

WIDE: Final = 1000
"""Units of a shape across the whole width."""

COLOURS: Final = 8
"""Colours for things that have none of their own; more things share them."""


class Shape(NamedTuple):
    """One path.

    Attributes:
        kind: How it is drawn: line, dotted, dashed, dots, rings, fill or band.
        colour: A class of the style sheet that names a colour, e.g. `s0`.
        path: SVG path data.
        series: What the legend hides it by; "" for what is always shown.
        title: What is told of it under the pointer; "" for nothing.
    """

    kind: str
    colour: str
    path: str
    series: str = ""
    title: str = ""


class Label(NamedTuple):
    """A text in a panel: percent of the width, pixels down the panel."""

    x: float
    y: float
    text: str


class Panel(NamedTuple):
    """One of several stretches of a chart, one below the other, on the same axis across.

    Attributes:
        top: Pixels from the chart's top.
        height: Pixels.
        title: What its values are.
        ticks: Lines across: pixels down, and number.
        shapes: Drawn in this order.
        labels: Texts over them.
    """

    top: int
    height: int
    title: str
    ticks: Sequence[tuple[float, str]]
    shapes: Sequence[Shape]
    labels: Sequence[Label] = ()


class Entry(NamedTuple):
    """A line of the legend; `series` is "" for what cannot be hidden."""

    name: str
    kind: str
    colour: str
    series: str = ""
    shown: bool = True


class Hover(NamedTuple):
    """What is told of a place across.

    Attributes:
        at: Places, thousandths of the width, growing.
        heads: What each place is called.
        values: By name: colour, and a text for each place; "" where there is nothing to tell.
    """

    at: Sequence[float]
    heads: Sequence[str]
    values: Sequence[tuple[str, str, str, Sequence[str]]]
    """Name, colour, series, and a text for each place."""


class Plot(NamedTuple):
    """A chart with an axis across.

    Attributes:
        kind: What it shows, a word.
        says: The same for who cannot see it.
        height: Pixels, of all panels and the axis.
        panels: From top to bottom.
        ticks: Lines upright: percent of the width, and number.
        title: What the axis across is.
        legend: May be empty.
        hover: None where the shapes' own titles tell enough.
    """

    kind: str
    says: str
    height: int
    panels: Sequence[Panel]
    ticks: Sequence[tuple[float, str]]
    title: str
    legend: Sequence[Entry] = ()
    hover: Hover | None = None


def series_colour(index: int) -> str:
    """The class of a thing's colour by its number."""
    return f"s{index % COLOURS}"


def across(axis: Axis) -> list[tuple[float, str]]:
    """An axis' lines for `Plot.ticks`."""
    return [(round(100 * part, 3), text) for part, text in axis.ticks()]


def upwards(axis: Axis, height: int) -> list[tuple[float, str]]:
    """An axis' lines for `Panel.ticks`."""
    return [(round(height * (1 - part), 1), text) for part, text in axis.ticks()]


class Place(NamedTuple):
    """Where values stand in a panel."""

    x: Axis
    y: Axis
    height: int

    def point(self, x: float, y: float) -> str:
        """Coordinates of a path."""
        return f"{_short(WIDE * self.x.at(x))} {_short(self.height * (1 - self.y.at(y)))}"

    def line(self, points: Iterable[tuple[float, float | None]]) -> str:
        """A line through points, interrupted where there is no value; what stands alone is in `alone`."""
        path, before = [], False
        for x, y in points:
            if y is not None:
                path.append(f"{'L' if before else 'M'}{self.point(x, y)}")
            before = y is not None
        return "".join(path)

    def alone(self, points: Sequence[tuple[float, float | None]]) -> str:
        """Dots for the points that have no neighbour to draw a line to."""
        values = [None, *(y for _, y in points), None]
        lonely = [
            point
            for number, point in enumerate(points)
            if values[number + 1] is not None and values[number] is None and values[number + 2] is None
        ]
        return self.dots(lonely)

    def dots(self, points: Iterable[tuple[float, float | None]]) -> str:
        """A dot for each value: a line of no length, whose ends are round."""
        return "".join(f"M{self.point(x, y)}h.01" for x, y in points if y is not None)

    def steps(self, points: Sequence[tuple[float, float]], end: float) -> str:
        """The area under values that each last until the next."""
        if not points:
            return ""
        path = [f"M{self.point(points[0][0], self.y.low)}"]
        for (x, y), (until, _) in zip(points, [*points[1:], (end, 0.0)], strict=True):
            path += [f"L{self.point(x, y)}", f"L{self.point(until, y)}"]
        return "".join([*path, f"L{self.point(end, self.y.low)}Z"])

    def box(self, x0: float, x1: float, y0: float, y1: float) -> str:
        """A rectangle between two values across and two upwards."""
        return f"M{self.point(x0, y0)}L{self.point(x1, y0)}L{self.point(x1, y1)}L{self.point(x0, y1)}Z"

    def band(self, x0: float, x1: float) -> str:
        """A stretch as high as the panel."""
        return self.box(x0, x1, self.y.low, self.y.high)

    def upright(self, x: float) -> str:
        """A line as high as the panel."""
        return f"M{self.point(x, self.y.low)}L{self.point(x, self.y.high)}"


def _short(value: float) -> str:
    """As few digits as a screen shows."""
    return f"{value:.1f}".removesuffix(".0")
