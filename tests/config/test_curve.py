"""A curve adds up to what is below it, and says when."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.curve import NOTHING, Curve


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    """Curves of up to eight points within 60 s, with jumps, rests and slopes, and at most 50 high."""
    gaps = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 7.3]) | st.floats(0.01, 10), min_size=1, max_size=8))
    levels = draw(st.lists(st.sampled_from([0.0, 1.0]) | st.floats(0.01, 50), min_size=len(gaps), max_size=len(gaps)))
    return Curve(zip(np.cumsum(gaps).tolist(), levels, strict=True))


@given(curves(), st.floats(0, 80))
def test_the_total_is_the_area_below(curve: Curve, until: float) -> None:
    """Held to a sum over fine slices, whatever the corners."""
    slices = np.linspace(0.0, until, 4001)
    middles = (slices[1:] + slices[:-1]) / 2
    area = sum(curve.level(at) for at in middles) * until / 4000
    assert curve.total(until) == pytest.approx(area, abs=50 * until / 400 + 1e-6)
    assert curve.between(until / 2, until) == pytest.approx(curve.total(until) - curve.total(until / 2))


@given(curves(), st.floats(0, 1))
def test_a_total_is_reached_when_it_is(curve: Curve, share: float) -> None:
    """`reached` is the inverse of `total`, wherever the level is not 0."""
    whole = curve.total(curve.last_at)
    assume(whole > 0.01)
    wanted = share * whole
    at = curve.reached(wanted)
    if at == math.inf:  # at the very end, from where it stays at 0
        assert wanted == pytest.approx(whole)
    else:
        assert curve.total(at) == pytest.approx(wanted, abs=1e-6 * max(1.0, whole))


def test_where_it_rests_a_total_is_reached_when_it_goes_on() -> None:
    """The operation after a break is due at the end of the break; after the end none is."""
    curve = Curve([(0, 1), (5, 1), (5, 0), (9, 0), (9, 1), (10, 1), (10, 0)])
    assert [curve.reached(total) for total in (0, 4, 5, 5.5, 6, 7)] == [0, 4, 9, 9.5, math.inf, math.inf]
    assert Curve([(3, 0), (5, 2)]).reached(0) == 3
    assert NOTHING.reached(0) == math.inf
    assert (NOTHING.total(1e9), NOTHING.level(5), bool(NOTHING)) == (0.0, 0.0, False)


@given(curves(), st.floats(0, 70), st.floats(0, 50))
def test_a_change_leaves_what_was_before(curve: Curve, at: float, level: float) -> None:
    """Up to the change nothing is different, and from then on the level is the new one."""
    changed = curve.then(at, level)
    for before in (0.0, at / 2, at):
        assert changed.total(before) == pytest.approx(curve.total(before), abs=1e-6)
    assert (changed.level(at), changed.level(at + 100)) == (level, level)


def test_it_can_be_moved_and_scaled() -> None:
    """A shape is made with 1 as its highest level, from 0 on."""
    curve = Curve([(0, 0), (10, 1)]).times(40).later(1_000)
    assert (curve.level(1_005), curve.total(1_010), curve.highest) == (20.0, 200.0, 40.0)


@pytest.mark.parametrize("points", [[(1, 1), (0, 1)], [(0, -1)], [(0, math.nan)], [(math.inf, 1)]])
def test_what_is_no_curve_is_refused(points: list[tuple[float, float]]) -> None:
    """It may come from a message."""
    with pytest.raises(ValueError, match=r"curve"):
        Curve(points)
