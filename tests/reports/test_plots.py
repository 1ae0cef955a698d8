"""Charts: axes hold what they show, lines stop where nothing was measured, and each chart shows its figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.render.charts import Line, chart_data
from reports.render.plots import curves, over_time, rows
from reports.render.plots.axes import Axis, exact, linear, logarithmic
from reports.render.plots.drawing import Place
from reports.render.plots.of_report import draw
from reports.render.views import namer
from tests.reports.sample import sample_report

FIGURES = st.floats(1e-6, 1e9)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One with three levels, a fault and open circuits."""
    return sample_report(tmp_path_factory.mktemp("run"))


@given(st.lists(st.floats(-1e9, 1e9).filter(lambda value: not 0 < abs(value) < 1e-6), min_size=1), st.booleans())
def test_a_linear_axis_holds_its_values(values: list[float], from_zero: bool) -> None:
    """Between its ends, in order, with a few round numbers, each another one."""
    holds(linear(values, from_zero=from_zero), values, most=8)


@given(st.lists(FIGURES, min_size=1))
def test_a_logarithmic_axis_holds_its_values(values: list[float]) -> None:
    """However many decades there are."""
    holds(logarithmic(values), values, most=17)


def holds(axis: Axis, values: list[float], most: int) -> None:
    """An axis is fit for values."""
    assert axis.low < axis.high
    room = 1e-6 * (axis.high - axis.low)
    assert axis.low - room <= min(values) <= max(values) <= axis.high + room
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= most
    assert [at for at, _ in ticks] == sorted({at for at, _ in ticks})
    assert len({text for _, text in ticks}) == len(ticks)


@given(st.floats(0.01, 1e6))
def test_an_exact_axis_ends_where_the_run_did(end: float) -> None:
    """And has its numbers within."""
    axis = exact(0, end)
    assert (axis.low, axis.high) == (0, end)
    assert 2 <= len(axis.marked) <= 7
    assert all(0 <= value <= end * (1 + 1e-9) for value in axis.marked)


@pytest.mark.parametrize(
    ("axis", "texts"),
    [
        (linear([0, 1_234]), ["0", "250", "500", "750", "1,000", "1,250"]),
        (linear([0.0004]), ["0", "0.0001", "0.0002", "0.0003", "0.0004"]),
        (linear([-3, 4], most=4), ["-4", "-2", "0", "2", "4"]),
        (linear([0, 100], unit=" %"), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (linear([]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (linear([5, 5], from_zero=False), ["5", "6", "7", "8", "9", "10"]),
        (logarithmic([3, 400]), ["2", "5", "10", "20", "50", "100", "200", "500"]),
        (logarithmic([0.5, 90_000]), ["1", "10", "100", "1,000", "10,000", "100,000"]),
        (logarithmic([0.0, None]), ["1", "2", "5", "10"]),
        (logarithmic([10]), ["10", "20", "50", "100"]),
        (exact(0, 60), ["0", "10", "20", "30", "40", "50", "60"]),
    ],
)
def test_numbers_are_round(axis: Axis, texts: list[str]) -> None:
    """And written as one reads them."""
    assert [text for _, text in axis.ticks()] == texts


def test_what_has_no_place_on_an_axis_stands_at_its_end() -> None:
    """A zero on a logarithmic one, and what is beyond."""
    axis = logarithmic([1, 100])
    assert [axis.at(value) for value in (0, 10, 1e9)] == pytest.approx([0, 0.5, 1])


def test_paths() -> None:
    """A line, interrupted; a lonely dot; a box from the bottom; steps that last."""
    place = Place(Axis(0, 10, ()), Axis(0, 100, ()), 50)
    points: list[tuple[float, float | None]] = [(0, 0.0), (1, 100.0), (2, None), (3, 50.0), (4, None)]
    assert place.line(points) == "M0 50L100 0M300 25"
    assert place.alone(points) == "M300 25h.01"
    assert place.box(1, 2, 0, 50) == "M100 50L200 50L200 25L100 25Z"
    assert place.steps([(0, 100.0), (5, 0.0)], 10) == "M0 50L0 0L500 0L500 50L1000 50L1000 50Z"
    assert place.steps([], 10) == ""


def test_every_chart_of_a_report(report: Any) -> None:
    """Those that it has figures for."""
    plots = draw(chart_data(report, namer(report)))
    assert plots.intervals is not None
    assert [row.name for row in plots.intervals.rows] == [
        f"audit-event ({one})" for one in ("ack", "receipt", "mirror")
    ]
    assert (len(plots.within), len(plots.difference), plots.knee) == (3, 3, None)
    assert plots.timeline is not None
    assert [one.name for one in plots.timeline.legend][-2:] == ["failed", "rejected"]


def test_an_interval_stands_where_it_is(report: Any) -> None:
    """On an axis with 0 where it can, with its figures in words."""
    one = {"label": "x", "estimate": 50.0, "low": 0.0, "high": 100.0}
    (row,) = rows.intervals([one], decades_apart=False).rows  # type: ignore[list-item]
    assert (row.whisker, row.mark and row.mark.x) == ((0.0, 100.0), 50.0)
    assert row.mark is not None
    assert row.mark.title == "50.00 ms (0.00 to 100.00 ms)"


def test_phases_add_up_across_the_row(report: Any) -> None:
    """Each begins where the one before has ended; one without a colour of its own takes one by its number."""
    chart = {"rows": [{"label": "x", "total": 10.0, "stack": {"ack": 4.0, "new": 6.0}, "consensus": 5.0}]}
    drawn = rows.phases({**chart, "names": {"ack": "Acknowledgement", "new": "New"}})  # type: ignore[typeddict-item]
    (row,) = drawn.rows
    assert [(part.x, part.x + part.width, part.colour) for part in row.parts] == [
        (0.0, 40.0, "ack"),
        (40.0, 100.0, "s3"),
    ]
    assert row.mark is not None
    assert (row.mark.x, row.title) == (50.0, "Acknowledgement: 4.00 ms; New: 6.00 ms")


def test_the_style_sheet_has_every_colour_and_kind() -> None:
    """A shape of a class that it does not know would be drawn as nothing."""
    css = (Path(over_time.__file__).parents[2] / "templates" / "report.css").read_text(encoding="utf-8")
    known = set(re.findall(r"\.([a-z_0-9]+)", css))
    assert known >= rows.OWN_COLOURS
    assert {f"s{number}" for number in range(8)} <= known
    assert {"line", "dotted", "dashed", "dots", "rings", "fill", "band"} <= known


@pytest.mark.parametrize(("lines", "shown"), [(8, 8), (9, over_time.BUSIEST)])
def test_only_the_busiest_of_many_are_shown(report: Any, lines: int, shown: int) -> None:
    """The others wait in the legend."""
    data = chart_data(report, namer(report))
    first = data["timeline"][0]
    counts: list[list[float | None]] = [[float(number)] * len(first["t"]) for number in range(lines)]
    many: list[Line] = [{**first, "label": f"n{number}", "succeeded": one} for number, one in enumerate(counts)]
    legend = over_time.timeline({**data, "timeline": many}).legend
    named = [one for one in legend if one.series]
    assert [one.name for one in named if one.shown] == [f"n{number}" for number in range(lines - shown, lines)]
    assert len({one.colour for one in named if one.shown}) == shown


def test_shades_that_overlap_are_one() -> None:
    """Ten open circuits are no darker than one."""
    assert over_time.together([(5, 6), (0, 2), (1, 3), (3, 4), (0, 1)]) == [(0, 4), (5, 6)]


def test_what_a_curve_tells_lies_on_it() -> None:
    """In straight lines between its points, and never beyond what was counted."""
    points = [[10.0, 0.0], [20.0, 0.5], [40.0, 1.0]]
    plot = curves.within({"baseline": points, "hedera": points, "difference": points}, "x")
    assert plot.hover is not None
    told = dict(zip(plot.hover.heads, plot.hover.values[0][3], strict=True))
    assert (told["0 ms"], told["20 ms"], told["30 ms"], told["40 ms"]) == ("0 %", "50 %", "75 %", "100 %")
