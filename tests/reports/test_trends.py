"""Slopes of series as processes make them, and how often their intervals hold what is true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.judge.trends import LEAST_LENGTH_S, WARM_UP_MOST_S, Array, slope, trend, warm_up_s

SLOPE = 0.05
TRIES = 200

Noise = Callable[[np.random.Generator, Array], Array]


def autoregression(r: float) -> Noise:
    def noise(rng: np.random.Generator, t: Array) -> Array:
        values = rng.normal(0, 1, len(t))
        for index in range(1, len(t)):
            values[index] += r * values[index - 1]
        return values

    return noise


NOISES: dict[str, Noise] = {
    "independent": lambda rng, t: rng.normal(0, 1, len(t)),
    "autocorrelated": autoregression(0.9),
    "nearly a walk": autoregression(0.98),
    "a walk": lambda rng, t: np.cumsum(rng.normal(0, 1, len(t))),
    "a walk under noise": lambda rng, t: np.cumsum(rng.normal(0, 0.3, len(t))) + rng.normal(0, 3, len(t)),
    "a collector's saw": lambda rng, t: (t + rng.uniform(0, 37)) % 37,
    "one jump": lambda rng, t: 5.0 * (t > rng.uniform(0, t[-1])) + rng.normal(0, 0.1, len(t)),
}


@pytest.mark.parametrize("length", [120, 600])
@pytest.mark.parametrize("kind", NOISES)
def test_intervals_hold_what_is_true(kind: str, length: int) -> None:
    """About 19 of 20 hold it; of a walk, for which nothing better is known, 9 of 10."""
    rng = np.random.default_rng(1)
    t = np.arange(length, dtype=np.float64)
    found = [slope(t, SLOPE * t + NOISES[kind](rng, t))[1] for _ in range(TRIES)]
    held = sum(low <= SLOPE <= high for low, high in found) / TRIES
    assert held >= (0.88 if "walk" in kind else 0.95), held


def test_a_saw_hides_nothing() -> None:
    """Garbage that waits for its collector widens the interval little, if it comes often enough."""
    t = np.arange(600.0)
    per_s, bounds = slope(t, 3.0 * (t % 7) + SLOPE * t)
    assert bounds[0] < SLOPE < bounds[1]
    assert bounds[1] - bounds[0] < SLOPE
    assert per_s == pytest.approx(SLOPE, rel=0.05)


def test_the_warm_up_is_left_out() -> None:
    """What fills at the beginning is no growth; and what levels off does not show in the later half."""
    t = np.arange(180.0)
    filling = 100 + 50 * np.minimum(1, t / 60)
    found = trend(t, filling)
    assert found is not None
    assert (found.from_s, found.to_s) == (60.0, 179.0)
    assert found.per_s == pytest.approx(0, abs=1e-9)
    assert found.level == pytest.approx(150)
    levelling = trend(t, 100 - 50 * np.exp(-t / 40))
    assert levelling is not None
    assert levelling.per_s > 0
    assert levelling.late_per_s < levelling.per_s / 2


def test_a_short_series_has_no_trend() -> None:
    """A minute has to be left after the warm-up, and a dozen points."""
    assert warm_up_s(30) == 20
    assert warm_up_s(180) == 60
    assert warm_up_s(86_400) == WARM_UP_MOST_S
    assert trend(np.array([]), np.array([])) is None
    assert trend(np.arange(80.0), np.arange(80.0)) is None
    assert trend(np.arange(92.0), np.arange(92.0)) is not None
    assert LEAST_LENGTH_S == 60
    sparse = np.linspace(0, 180, 12)
    assert trend(sparse, sparse) is None


@given(
    st.floats(-1e3, 1e3),
    st.floats(-10, 10),
    st.integers(90, 1_000),
)
def test_a_line_has_its_slope(level: float, per_s: float, count: int) -> None:
    """Exactly, wherever it begins, whatever its level."""
    t = np.arange(float(count)) + 7
    found = trend(t, level + per_s * t)
    if found is None:
        assert count < 92
        return
    assert found.per_s == pytest.approx(per_s, rel=1e-3, abs=1e-3)
    low, high = found.bounds
    assert low - 1e-6 <= found.per_s <= high + 1e-6
