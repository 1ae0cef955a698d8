"""Charts of one figure against another: how many are done within a time, and what came of each rate."""

from __future__ import annotations

from collections.abc import Sequence

from reports.render.charts import DECADES, Knee
from reports.render.plots.axes import Axis, exact, linear, logarithmic
from reports.render.plots.drawing import Entry, Hover, Label, Panel, Place, Plot, Shape, across, upwards
from reports.schema.overhead import Curves, Estimate

HEIGHT = 150
AXIS = 44
"""Pixels below the lowest panel: numbers, and what they are."""

TITLE = 22
"""Pixels above a panel for what its values are."""

SHARES = Axis(0.0, 100.0, (0.0, 25.0, 50.0, 75.0, 100.0), unit=" %")


def within(curves: Curves, operation: str) -> Plot:
    """The share of operations that are done within a time, without and with Hedera."""
    arms = [("without", "baseline", curves["baseline"]), ("with Hedera", "hedera", curves["hedera"])]
    times = [point[0] for _, _, points in arms for point in points]
    apart = bool(times) and max(times) > DECADES * max(0.001, min(times))
    axis = logarithmic(times) if apart else linear(times)
    place = Place(axis, SHARES, HEIGHT)
    shapes = [Shape("line", colour, place.line(_percent(points))) for _, colour, points in arms]
    return Plot(
        kind="curves",
        says=f"Share of {operation} operations done within a time, with and without Hedera",
        height=HEIGHT + 12 + AXIS,
        panels=[Panel(12, HEIGHT, "", upwards(SHARES, HEIGHT), shapes)],
        ticks=across(axis),
        title="milliseconds",
        legend=[Entry(name, "line", colour) for name, colour, _ in arms],
        hover=_of_shares(axis, [(name, colour, points) for name, colour, points in arms]),
    )


def difference(curves: Curves, mean: Estimate) -> Plot:
    """The share of pairs in which Hedera took at most so much longer, with the interval of the mean."""
    points = curves["difference"]
    axis = linear([point[0] for point in points])
    place = Place(axis, SHARES, HEIGHT)
    shapes = [Shape("band", "hedera", place.band(*mean["ci95"]))] if mean["ci95"] else []
    shapes += [Shape("dotted", "muted", place.upright(0)), Shape("line", "hedera", place.line(_percent(points)))]
    return Plot(
        kind="difference",
        says="Share of pairs whose difference is below a time",
        height=HEIGHT + 12 + AXIS,
        panels=[Panel(12, HEIGHT, "", upwards(SHARES, HEIGHT), shapes)],
        ticks=across(axis),
        title="milliseconds longer with Hedera",
        legend=[Entry("pairs", "line", "hedera"), *([Entry("mean", "band", "hedera")] if mean["ci95"] else [])],
        hover=_of_shares(axis, [("of pairs", "hedera", points)]),
    )


def _percent(points: Sequence[Sequence[float]]) -> list[tuple[float, float | None]]:
    return [(point[0], 100 * point[1]) for point in points]


def _of_shares(axis: Axis, lines: Sequence[tuple[str, str, Sequence[Sequence[float]]]]) -> Hover:
    """For a hundred places across: which share is done by then."""
    places = [number / 100 for number in range(101)]
    times = [_value(axis, part) for part in places]
    values = [(name, colour, "", [f"{_share(points, time):.0f} %" for time in times]) for name, colour, points in lines]
    return Hover([1000 * part for part in places], [f"{time:,.4g} ms" for time in times], values)


def _value(axis: Axis, part: float) -> float:
    """The value at a share of an axis."""
    if axis.logarithmic:
        return float(axis.low * (axis.high / axis.low) ** part)
    return axis.low + part * (axis.high - axis.low)


def _share(points: Sequence[Sequence[float]], time: float) -> float:
    """Percent of what a curve counts that lie at or below a time, in straight lines between its points."""
    before: Sequence[float] | None = None
    for point in points:
        if point[0] > time:
            if before is None:
                return 0.0
            part = (time - before[0]) / (point[0] - before[0])
            return 100 * (before[1] + part * (point[1] - before[1]))
        before = point
    return 100 * before[1] if before else 0.0


def knee(found: Knee) -> Plot:
    """What throughput and p95 did as the rate grew."""
    asked = found["asked"]
    axis = exact(0, 1.05 * max(asked))
    rates, times = linear([*found["succeeded"], 1.0]), logarithmic(found["p95_ms"])
    above, below = Place(axis, rates, 200), Place(axis, times, 150)
    upright = [("dashed", "good", found["found"])] if found["found"] else []
    upright += [("dotted", "warn", one["per_s"]) for one in found["limits"]]
    as_asked = Shape("dotted", "muted", above.line([(0, 0), (min(rates.high, axis.high), min(rates.high, axis.high))]))
    return Plot(
        kind="knee",
        says="Throughput and p95 against the rate that was asked for",
        height=TITLE + 200 + TITLE + 150 + AXIS,
        panels=[
            Panel(
                TITLE,
                200,
                "per second succeeded",
                upwards(rates, 200),
                [
                    as_asked,
                    *_uprights(above, upright),
                    *_steps(above, found, found["succeeded"], "hedera", "/s succeeded"),
                ],
                [Label(100 * axis.at(one["per_s"]), 12, one["name"]) for one in found["limits"]],
            ),
            Panel(
                2 * TITLE + 200,
                150,
                "p95, milliseconds",
                upwards(times, 150),
                [*_uprights(below, upright), *_steps(below, found, found["p95_ms"], "s1", "ms p95")],
            ),
        ],
        ticks=across(axis),
        title="operations per second asked",
    )


def _uprights(place: Place, lines: Sequence[tuple[str, str, float]]) -> list[Shape]:
    return [Shape(kind, colour, place.upright(at)) for kind, colour, at in lines]


def _steps(place: Place, found: Knee, values: Sequence[float | None], colour: str, unit: str) -> list[Shape]:
    """A line through the steps and a mark for each: a dot for a good one, a ring for one that is not."""
    points = list(zip(found["asked"], values, strict=True))
    marks = [
        Shape("dots" if good else "rings", colour, place.dots([(x, y)]), title=f"{x:,.4g}/s asked: {y:,.4g} {unit}")
        for (x, y), good in zip(points, found["good"], strict=True)
        if y is not None
    ]
    return [Shape("line", f"{colour} thin", place.line(points)), *marks]
