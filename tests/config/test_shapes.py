"""Shapes of load as they are typed: what they mean, and what is said of what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.curve import Curve
from config.parsing import SettingsError, parse_settings
from config.shapes import KINDS, Shape, parse_shape, seconds


def curve_of(text: str) -> Curve:
    """The curve of a shape that has one."""
    shape = parse_shape(text)
    assert shape is not None
    assert shape.curve is not None
    return shape.curve


def test_each_shape_goes_as_its_name_says() -> None:
    """Levels are shares of the highest."""
    ramp = curve_of("ramp:time=40s,hold=20")
    assert [ramp.level(at) for at in (0, 20, 40, 59.9, 60)] == [0, 0.5, 1, 1, 0]
    steps = curve_of("steps:steps=4,each=10s")
    assert [steps.level(at) for at in (0, 9.9, 10, 35, 40)] == [0.25, 0.25, 0.5, 1, 0]
    spike = curve_of("spike:base=20%,before=10s,spike=5s,after=1m")
    assert [spike.level(at) for at in (0, 9.9, 10, 14.9, 15, 74.9, 75)] == [0.2, 0.2, 1, 1, 0.2, 0.2, 0]
    day = curve_of("day:period=4m,low=10,days=2")
    assert [day.level(at) for at in (0, 60, 120, 240, 360, 479.999)] == pytest.approx(
        [0.1, 0.55, 1, 0.1, 1, 0.1], abs=1e-4
    )
    assert day.total(480.0) == pytest.approx(480 * 0.55)


@given(st.sampled_from([name for name, kind in KINDS.items() if kind.curve]), st.floats(0.1, 500))
def test_every_shape_ends_and_its_highest_level_is_what_was_asked_for(name: str, highest: float) -> None:
    """By its defaults: it lasts for a time, has 1 as its highest level, and nothing is due after it."""
    curve = curve_of(name).times(highest)
    assert 0 < curve.last_at < 3600
    assert curve.highest == pytest.approx(highest)
    assert curve.level(curve.last_at) == 0.0
    assert curve.reached(curve.total(curve.last_at) + 1) == float("inf")


def test_the_search_has_parameters_and_no_curve() -> None:
    """Its levels come as it goes."""
    shape = parse_shape("capacity:start=25,tolerance=4%")
    assert isinstance(shape, Shape)
    assert shape.curve is None
    assert (shape.values["start"], shape.values["tolerance"], shape.values["confirm"]) == (25.0, 0.04, 30.0)
    assert parse_shape("") is None


@pytest.mark.parametrize(("text", "found"), [("90", 90), ("1m30s", 90), ("2h", 7200), ("0.5m", 30), ("1.5s", 1.5)])
def test_times_are_typed_as_locusts(text: str, found: float) -> None:
    """As `--run-time` takes them."""
    assert seconds(text) == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rampe", "--shape 'rampe': choose one of ramp, steps, spike, day, capacity, such as steps:steps=5,each=30s"),
        ("ramp:up=3s", "--shape 'ramp:up=3s': 'up=3s' is nothing that ramp knows; it takes time=1m, hold=1m"),
        ("ramp:60s", "--shape 'ramp:60s': '60s' is nothing that ramp knows; it takes time=1m, hold=1m"),
        ("steps:each=soon", "--shape 'steps:each=soon': each=soon: give a time such as 30s or 2m, from 1 to 2.592e+06"),
        ("steps:steps=2.5", "--shape 'steps:steps=2.5': steps=2.5: give a whole number from 1 to 1000"),
        ("spike:base=120%", "--shape 'spike:base=120%': base=120%: give percent from 0 to 100"),
        ("ramp:time=0,hold=0", "--shape 'ramp:time=0,hold=0': it has to last longer than 0 s and at most 30 days"),
    ],
)
def test_a_wrong_shape_is_one_line_with_option_value_and_remedy(text: str, line: str) -> None:
    """As all wrong values."""
    with pytest.raises(SettingsError) as caught:
        parse_settings({"shape": text})
    assert caught.value.faults == [line]


def test_a_search_needs_a_highest_rate() -> None:
    """It searches among rates; users who wait for each other have none."""
    with pytest.raises(SettingsError, match=r"--shape 'capacity': .* --arrival-rate, such as 5000"):
        parse_settings({"shape": "capacity"})
    assert parse_settings({"shape": "capacity", "arrival_rate": "5000"}).shape == "capacity"
