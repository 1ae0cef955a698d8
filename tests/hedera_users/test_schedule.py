"""Moments come at the rate that was asked for, whoever shares it, and do not depend on what became of those before."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from config.curve import Curve
from hedera_users.schedule import Moments, by_chance, evenly
from tests.config.test_curve import curves

ORIGIN = 1_700_000_000.0


def constant(rate: float, worker: int, workers: int, origin: float, now: float) -> Moments:
    """A process's moments at a constant rate."""
    moments = Moments(evenly(worker, workers), Curve.constant(rate, origin))
    moments.begin(now)
    return moments


def taken(moments: Moments, until: float = math.inf, most: int = 100_000) -> list[float]:
    """The next moments before a time."""
    return list(_taken(moments, until, most))


def _taken(moments: Moments, until: float, most: int) -> Iterator[float]:
    for _ in range(most):
        if moments.upcoming >= until:
            return
        yield moments.upcoming
        moments.advance()


@given(st.integers(1, 7), st.floats(0.1, 500), st.floats(0, 100), st.integers(1, 40))
def test_constant_moments_of_all_workers_interleave_evenly(
    workers: int, rate: float, elapsed: float, each: int
) -> None:
    """Together the processes have one moment every 1/rate, from now on, whenever the run was set up."""
    now = ORIGIN + elapsed
    shares = [taken(constant(rate, worker, workers, ORIGIN, now), most=each) for worker in range(workers)]
    together = sorted(moment for share in shares for moment in share)
    assert np.allclose(np.diff(together), 1 / rate, atol=1e-5)
    assert now - 1e-5 <= together[0] <= now + 1 / rate + 1e-5


def test_a_worker_beyond_the_count_has_a_share_of_its_own_kind() -> None:
    """A worker that came again under a new index keeps the rate of one."""
    assert np.diff(taken(constant(10, 5, 4, 0.0, 0.0), most=100)) == pytest.approx(0.4)


@given(curves(), st.integers(1, 5))
def test_moments_of_a_curve_are_as_many_as_it_adds_up_to(curve: Curve, workers: int) -> None:
    """In any stretch of time, over all workers; they ascend, and the workers take them in turn."""
    shares = []
    for worker in range(workers):
        moments = Moments(evenly(worker, workers), curve)
        moments.begin(0.0)
        shares.append(taken(moments, until=curve.last_at, most=3_000))
    assert all(share == sorted(share) for share in shares)
    together = sorted((moment, worker) for worker, share in enumerate(shares) for moment in share)
    times = np.array([moment for moment, _ in together])
    for until in np.linspace(0.0, curve.last_at, 7):
        assert np.sum(times < until) == pytest.approx(curve.total(until) - curve.total(0.0), abs=1 + 1e-6)
    in_turn = [worker for _, worker in together]
    spread = [in_turn.count(worker) for worker in range(workers)]
    assert max(spread) - min(spread) <= 1
    alone = Moments(evenly(0, 1), curve)
    alone.begin(0.0)
    assert times == pytest.approx(taken(alone, until=curve.last_at), abs=1e-6)


@given(st.floats(1, 200), st.floats(0, 200), st.floats(0.5, 20), st.integers(1, 4))
def test_a_change_of_rate_leaves_what_is_past_and_counts_on(
    before: float, after: float, changes: float, workers: int
) -> None:
    """Told a second before, each worker's moments go on in the new rate with none lost and none twice."""
    old = Curve.constant(before)
    new = old.then(changes, after)
    everything = []
    for worker in range(workers):
        moments = Moments(evenly(worker, workers), old)
        moments.begin(0.0)
        everything += taken(moments, until=max(0.0, changes - 1.0))
        moments.follow(new)
        everything += taken(moments, until=changes + 5.0)
    everything.sort()
    assert len(everything) == pytest.approx(before * changes + after * 5.0, abs=1.01)
    alone = Moments(evenly(0, 1), new)
    alone.begin(0.0)
    assert everything == pytest.approx(taken(alone, until=changes + 5.0), abs=1e-6)


def test_what_was_due_before_the_rate_was_heard_of_is_due() -> None:
    """Since it was there: not before, for a worker that joins in the middle; all of it, where the message was late."""
    moments = Moments(evenly(1, 2))
    moments.begin(50.0)
    assert moments.upcoming == math.inf
    moments.follow(Curve.constant(10.0))
    assert taken(moments, most=2) == pytest.approx([50.1, 50.3])
    early = Moments(evenly(1, 2))
    early.begin(50.0)
    early.follow(Curve.constant(10.0, 60.0))
    assert taken(early, most=2) == pytest.approx([60.1, 60.3])


def test_poisson_moments_of_all_workers_are_a_poisson_process() -> None:
    """Superposed, the gaps are exponential with the whole rate; a seed repeats, and workers differ."""

    def share(worker: int) -> list[float]:
        moments = Moments(by_chance(4, random.Random(f"7/arrivals/{worker}")), Curve.constant(50.0))
        moments.begin(0.0)
        return taken(moments, most=3000)

    shares = [share(worker) for worker in range(4)]
    assert shares[2] == share(2)
    assert len({one[0] for one in shares}) == 4
    until = min(one[-1] for one in shares)
    gaps = np.diff(sorted(moment for one in shares for moment in one if moment <= until))
    assert stats.kstest(gaps, "expon", args=(0, 1 / 50)).pvalue > 0.01
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.03


def test_poisson_moments_of_a_curve_have_its_rate() -> None:
    """Seen in the curve's own time, in which it is constant, their gaps are exponential with rate 1."""
    curve = Curve([(0, 0), (100, 60), (100, 5), (300, 5), (400, 40), (400, 0)])
    moments = Moments(by_chance(1, random.Random(11)), curve)
    moments.begin(0.0)
    found = taken(moments)
    gaps = np.diff([curve.total(moment) for moment in found])
    assert stats.kstest(gaps, "expon").pvalue > 0.01
    expected = curve.total(400.0)
    assert stats.poisson.ppf(1e-6, expected) <= len(found) <= stats.poisson.ppf(1 - 1e-6, expected)
