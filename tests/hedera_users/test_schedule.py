"""Moments come at the rate that was asked for, whoever shares it, and do not depend on what became of those before."""

from __future__ import annotations

import random
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hedera_users.schedule import constant, poisson


@given(st.integers(1, 7), st.floats(0.1, 500), st.floats(0, 100), st.integers(1, 40))
def test_constant_moments_of_all_workers_interleave_evenly(
    workers: int, rate: float, elapsed: float, each: int
) -> None:
    """Together the processes have one moment every 1/rate, from now on, whenever the run was set up."""
    origin = 1_700_000_000.0
    now = origin + elapsed
    shares = [list(islice(constant(rate, worker, workers, origin, now), each)) for worker in range(workers)]
    together = sorted(moment for share in shares for moment in share)
    assert np.allclose(np.diff(together), 1 / rate, atol=1e-5)
    assert now - 1e-5 <= together[0] <= now + 1 / rate + 1e-5


def test_a_worker_beyond_the_count_has_a_share_of_its_own_kind() -> None:
    """A worker that came again under a new index keeps the rate of one."""
    moments = list(islice(constant(10, 5, 4, 0.0, 0.0), 100))
    assert np.diff(moments) == pytest.approx(0.4)


def test_poisson_moments_of_all_workers_are_a_poisson_process() -> None:
    """Superposed, the gaps are exponential with the whole rate; a seed repeats, and workers differ."""
    shares = [list(islice(poisson(50, 4, 0.0, random.Random(f"7/arrivals/{worker}")), 3000)) for worker in range(4)]
    again = list(islice(poisson(50, 4, 0.0, random.Random("7/arrivals/2")), 3000))
    assert shares[2] == again
    assert len({share[0] for share in shares}) == 4
    until = min(share[-1] for share in shares)
    gaps = np.diff(sorted(moment for share in shares for moment in share if moment <= until))
    assert stats.kstest(gaps, "expon", args=(0, 1 / 50)).pvalue > 0.01
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.03
