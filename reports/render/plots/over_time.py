"""Charts over the time of a run: rates and latencies with what happened beside them, processor use, memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from reports.render.charts import ChartData, Line, ProcessSamples, UsageLine
from reports.render.plots.axes import Axis, exact, linear, logarithmic
from reports.render.plots.curves import AXIS, TITLE
from reports.render.plots.drawing import (
    Entry,
    Hover,
    Label,
    Panel,
    Place,
    Plot,
    Shape,
    across,
    series_colour,
    upwards,
)

SHORT: Final = 140
"""Pixels of a panel with one figure."""

TALL: Final = 210
"""Pixels of a panel with a line for each operation."""

LANE: Final = 32
"""Pixels of a lane: its name, and below it the stretches."""

CROWDED: Final = 8
"""With more operations than this, lines are a tangle: only the busiest are shown at first."""

BUSIEST: Final = 6

OUTCOMES: Final[tuple[tuple[Literal["failed", "rejected", "unknown"], str], ...]] = (
    ("failed", "bad"),
    ("rejected", "warn"),
    ("unknown", "s4"),
)

Points = list[tuple[float, float | None]]


class Drawn(NamedTuple):
    """An operation as it is drawn: its number hides it, and its colour is its own."""

    line: Line
    series: str
    colour: str
    shown: bool


def timeline(data: ChartData) -> Plot:
    """Rates, latencies, the queue, faults and open circuits, one below the other."""
    axis = exact(0, max(1.0, data["duration_s"]))
    lines = _drawn(data["timeline"])
    slots = _slots(data)
    behind = _behind(data)
    panels: list[Panel] = []
    top = TITLE
    for made in (_throughput(data, lines, slots, axis), _latency(lines, slots, axis), _queue(data, axis)):
        if made is not None:
            title, place, shapes = made
            bands = [Shape("band", colour, place.band(begin, end)) for begin, end, colour in behind]
            panels.append(Panel(top, place.height, title, upwards(place.y, place.height), [*bands, *shapes]))
            top += place.height + TITLE
    lanes = _lanes(data, axis, top)
    panels += lanes
    bottom = panels[-1].top + panels[-1].height
    return Plot(
        kind="timeline",
        says="Operations per second and latency over time, with faults and open circuits",
        height=bottom + AXIS,
        panels=panels,
        ticks=across(axis),
        title="seconds since the start",
        legend=_legend(data, lines),
        hover=_hover(data, lines, slots, axis),
    )


def _drawn(lines: Sequence[Line]) -> list[Drawn]:
    busiest = sorted(range(len(lines)), key=lambda number: -_total(lines[number]))[:BUSIEST]
    crowded = len(lines) > CROWDED
    return [
        Drawn(
            line,
            f"o{number}",
            series_colour(busiest.index(number) if crowded and number in busiest else number),
            not crowded or number in busiest,
        )
        for number, line in enumerate(lines)
    ]


def _total(line: Line) -> float:
    return sum(count or 0 for count in line["succeeded"])


def _slots(data: ChartData) -> list[float]:
    """Every slice of time up to the last in which something ended."""
    step = data["resolution_s"]
    last = max((t or 0 for line in data["timeline"] for t in line["t"]), default=0)
    return [float(number * step) for number in range(int(last // step) + 1)]


def _behind(data: ChartData) -> list[tuple[float, float, str]]:
    """What is shaded: the end in which users finish, faults, open circuits."""
    ending = [(data["load_s"], data["duration_s"])] if data["duration_s"] - data["load_s"] >= 0.5 else []
    faults = [(fault["from"], fault["to"]) for fault in data["faults"]]
    spans = [span for breaker in data["breakers"] for span in breaker["spans"] if span["state"] == "open"]
    shaded = {"muted": ending, "fault": faults, "bad": [(span["from"], span["to"]) for span in spans]}
    return [(begin, end, colour) for colour, stretches in shaded.items() for begin, end in together(stretches)]


def together(stretches: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches that overlap as one: shades that lie on each other would get darker with their number."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _per_slot(line: Line, values: Sequence[float | None]) -> Mapping[float, float | None]:
    return {t: value for t, value in zip(line["t"], values, strict=True) if t is not None}


def _rates(line: Line, slots: Sequence[float], step: int) -> list[float]:
    """What succeeded per second; a slot without a point had no operation."""
    done = _per_slot(line, line["succeeded"])
    return [(done.get(t) or 0) / step for t in slots]


def _bad(data: ChartData, slots: Sequence[float]) -> dict[str, list[float]]:
    """What did not succeed per second, of all operations together."""
    step = data["resolution_s"]
    found: dict[str, list[float]] = {}
    for outcome, _ in OUTCOMES:
        per_slot = [_per_slot(line, line[outcome]) for line in data["timeline"]]
        found[outcome] = [sum(one.get(t) or 0 for one in per_slot) / step for t in slots]
    return found


def _throughput(
    data: ChartData, lines: Sequence[Drawn], slots: Sequence[float], axis: Axis
) -> tuple[str, Place, list[Shape]]:
    step = data["resolution_s"]
    rates = {one.series: _rates(one.line, slots, step) for one in lines}
    bad = _bad(data, slots)
    stacked = [sum(column) for column in zip(*bad.values(), strict=True)]
    asked = [(corner[0], corner[1]) for corner in data["asked"]]
    highest = [value for one in lines if one.shown for value in rates[one.series]]
    place = Place(axis, linear([*highest, *stacked, *(y for _, y in asked), 1.0]), TALL)
    shapes: list[Shape] = []
    below = [0.0] * len(slots)
    for outcome, colour in OUTCOMES:
        boxes = [
            place.box(t - 0.4 * step, t + 0.4 * step, low, low + value)
            for t, value, low in zip(slots, bad[outcome], below, strict=True)
            if value
        ]
        below = [low + value for low, value in zip(below, bad[outcome], strict=True)]
        shapes += [Shape("fill", colour, "".join(boxes))] if boxes else []
    for one in lines:
        points: Points = list(zip(slots, rates[one.series], strict=True))
        shapes.append(Shape("line", one.colour, place.line(points) + place.alone(points), one.series))
    if asked:
        shapes.append(Shape("dashed", "muted", place.line(asked)))
    return "per second", place, shapes


def _latency(lines: Sequence[Drawn], slots: Sequence[float], axis: Axis) -> tuple[str, Place, list[Shape]] | None:
    """A line where nothing was measured would be made up: it stops there, and what stands alone is a dot."""
    seen = [value for one in lines for value in (*one.line["p50_ms"], *one.line["p95_ms"]) if value is not None]
    if not seen:
        return None
    place = Place(axis, logarithmic(seen), TALL)
    shapes = []
    for one in lines:
        for values, kind in ((one.line["p95_ms"], "dotted"), (one.line["p50_ms"], "line")):
            at = _per_slot(one.line, values)
            points: Points = [(t, at.get(t)) for t in slots]
            path, alone = place.line(points), place.alone(points)
            shapes.append(Shape(kind, one.colour, path, one.series))
            shapes += [Shape("dots", f"{one.colour} small", alone, one.series)] if alone else []
    return "milliseconds: median, and p95 dotted", place, shapes


def _queue(data: ChartData, axis: Axis) -> tuple[str, Place, list[Shape]] | None:
    if not data["queue"]:
        return None
    points = [(corner[0], corner[1]) for corner in data["queue"]]
    place = Place(axis, linear([1.0, *(y for _, y in points)], most=3), 90)
    return "waiting in the queue", place, [Shape("fill", "s6", place.steps(points, axis.high))]


def _lanes(data: ChartData, axis: Axis, top: int) -> list[Panel]:
    """Faults and breakers, so that a stretch of the curves can be traced to its cause."""
    named: dict[str, list[tuple[float, float, str, str]]] = {}
    for fault in data["faults"]:
        stretch = (fault["from"], fault["to"], "fault", f"fault: {fault['name']}")
        named.setdefault(fault["name"], []).append(stretch)
    for breaker in data["breakers"]:
        for span in breaker["spans"]:
            colour = "bad" if span["state"] == "open" else "fault"
            told = f"{breaker['name']}: {span['state'].replace('_', ' ')}"
            named.setdefault(f"breaker {breaker['name']}", []).append((span["from"], span["to"], colour, told))
    place = Place(axis, Axis(0.0, 1.0, ()), LANE)
    least = 0.004 * axis.high
    panels = []
    for name, stretches in named.items():
        shapes = [
            Shape("fill", colour, place.box(begin, max(end, begin + least), 0.08, 0.42), title=told)
            for begin, end, colour, told in stretches
        ]
        panels.append(Panel(top, LANE, "", (), shapes, [Label(0, 13, name)]))
        top += LANE
    return panels


def _legend(data: ChartData, lines: Sequence[Drawn]) -> list[Entry]:
    entries = [Entry(one.line["label"], "line", one.colour, one.series, one.shown) for one in lines]
    entries += [Entry("asked", "dashed", "muted")] if data["asked"] else []
    happened = {outcome for line in data["timeline"] for outcome, _ in OUTCOMES if any(line[outcome])}
    return entries + [Entry(outcome, "fill", colour) for outcome, colour in OUTCOMES if outcome in happened]


def _hover(data: ChartData, lines: Sequence[Drawn], slots: Sequence[float], axis: Axis) -> Hover:
    values = []
    for one in lines:
        p50, p95 = _per_slot(one.line, one.line["p50_ms"]), _per_slot(one.line, one.line["p95_ms"])
        told = [
            _told(rate, p50.get(t), p95.get(t))
            for t, rate in zip(slots, _rates(one.line, slots, data["resolution_s"]), strict=True)
        ]
        values.append((one.line["label"], one.colour, one.series, told))
    for outcome, per_s in _bad(data, slots).items():
        if any(per_s):
            texts = [f"{value:,.4g}/s" if value else "" for value in per_s]
            values.append((outcome, dict(OUTCOMES)[outcome], "", texts))  # type: ignore[index]
    return Hover([round(1000 * axis.at(t), 1) for t in slots], [f"{t:g} s" for t in slots], values)


def _told(rate: float, p50: float | None, p95: float | None) -> str:
    """An operation in one slice of time; "" where nothing of it succeeded."""
    if not rate:
        return ""
    times = [f"{what} {value:,.4g} ms" for what, value in (("median", p50), ("p95", p95)) if value is not None]
    return ", ".join([f"{rate:,.4g}/s", *times])


def processor_use(processes: Sequence[ProcessSamples], duration_s: float) -> Plot:
    """Percent of a core that each process used."""
    lines = [(one["label"], [(sample[0], sample[1]) for sample in one["samples"]]) for one in processes]
    return _of_processes("cpu", "Processor use over time", "percent of a core", lines, duration_s, " %")


def memory(usage: Sequence[UsageLine], duration_s: float) -> Plot:
    """Memory of each process."""
    lines: list[tuple[str, Sequence[tuple[float, float | None]]]] = [
        (one["label"], [(t, value) for t, value in zip(one["t"], one["memory_mb"], strict=True) if t is not None])
        for one in usage
    ]
    return _of_processes("memory", "Memory over time", "MB", lines, duration_s, " MB")


def _of_processes(
    kind: str,
    says: str,
    title: str,
    lines: Sequence[tuple[str, Sequence[tuple[float, float | None]]]],
    duration_s: float,
    unit: str,
) -> Plot:
    axis = exact(0, max(1.0, duration_s))
    place = Place(axis, linear([value for _, points in lines for _, value in points]), SHORT)
    times = sorted({t for _, points in lines for t, _ in points})
    texts = [
        (name, series_colour(number), f"p{number}", [_at(dict(points), t, unit) for t in times])
        for number, (name, points) in enumerate(lines)
    ]
    return Plot(
        kind=kind,
        says=says,
        height=TITLE + SHORT + AXIS,
        panels=[
            Panel(
                TITLE,
                SHORT,
                title,
                upwards(place.y, SHORT),
                [
                    Shape("line", series_colour(number), place.line(points) + place.alone(points), f"p{number}")
                    for number, (_, points) in enumerate(lines)
                ],
            )
        ],
        ticks=across(axis),
        title="seconds since the start",
        legend=[Entry(name, "line", series_colour(number), f"p{number}") for number, (name, _) in enumerate(lines)]
        if len(lines) > 1
        else (),
        hover=Hover([round(1000 * axis.at(t), 1) for t in times], [f"{t:,.4g} s" for t in times], texts),
    )


def _at(values: Mapping[float, float | None], t: float, unit: str) -> str:
    value = values.get(t)
    return "" if value is None else f"{value:,.4g}{unit}"
