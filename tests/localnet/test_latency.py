"""Latency profiles: their distributions, their order, and that a seed repeats them."""

from __future__ import annotations

from random import Random
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localnet.consensus.latency import PROFILES, by_file, latency_of, to_timestamp


def test_the_public_profile_is_the_documented_distribution() -> None:
    """Until it is known: median 2.5 s, 99th percentile 5 s, within what 40 networks of ten minutes can tell."""
    paces = [PROFILES["mainnet"].pace(Random(seed)) for seed in range(40)]
    cuts = quantiles((pace(1.2 * step) for pace in paces for step in range(500)), n=100)
    assert abs(cuts[49] - 2.5) < 0.05
    assert abs(cuts[98] - 5.0) < 0.3


def test_a_seed_repeats_its_draws() -> None:
    """The same seed, the same latencies; another, others."""
    one, other, third = (PROFILES["testnet"].pace(Random(seed)) for seed in (3, 3, 4))
    assert [one(at) for at in range(50)] == [other(at) for at in range(50)] != [third(at) for at in range(50)]


def test_what_is_stamped_later_is_hardly_ever_known_earlier() -> None:
    """The time until it is known changes so slowly that order hardly ever makes a transaction wait for another."""
    paces = [PROFILES["mainnet"].pace(Random(seed)) for seed in range(20)]
    steps = [pace(0.1 * (step + 1)) - pace(0.1 * step) for pace in paces for step in range(1_000)]
    assert sum(step < -0.1 for step in steps) < 0.01 * len(steps)


@given(st.sampled_from(sorted(PROFILES)), st.integers(3, 30), st.floats(0.0, 1e6), st.floats(1e-6, 5.0))
def test_one_node_never_changes_the_order(profile: str, node: int, at: float, later: float) -> None:
    """The consensus timestamps of what comes through one node are in the order of arrival, and near it."""
    latency = PROFILES[profile]
    first, second = to_timestamp(latency, node, at), to_timestamp(latency, node, at + later)
    assert at + first < at + later + second
    assert abs(first - latency.received_s) <= latency.spread_s / 2


@given(st.floats(1.0e9, 2.0e9), st.floats(0.001, 30.0))
def test_a_record_file_keeps_the_order(consensus: float, later: float) -> None:
    """What reaches consensus later is never shown earlier, and everything within 2 s to 4 s."""
    lag = by_file(period=2.0, after=2.0)
    assert 1.999 <= lag(consensus) <= 4.001
    assert consensus + lag(consensus) <= consensus + later + lag(consensus + later) + 1e-3


def test_parts_of_a_profile_can_be_replaced() -> None:
    """A delay of one's own keeps the profile's mirror, and the other way round."""
    own = latency_of("mainnet", 0.5, None, None)
    assert (own.pace(Random(0))(1.0), own.mirror is PROFILES["mainnet"].mirror) == (0.5, True)
    lagging = latency_of("instant", None, None, 3.0)
    assert (lagging.pace(Random(0))(1.0), lagging.mirror(0.0)) == (0.0, 3.0)


@pytest.mark.parametrize(("delay", "received"), [(0.0, 0.0), (0.1, 0.015), (2.0, 0.3), (60.0, 0.3)])
def test_a_delay_of_ones_own_has_two_moments_too(delay: float, received: float) -> None:
    """It is the time until it is known; the timestamp comes before, without a spread: order is that of arrival."""
    own = latency_of("mainnet", delay, None, None)
    assert [to_timestamp(own, node, at) for node in (3, 4) for at in (0.0, 7.0)] == [pytest.approx(received)] * 4
