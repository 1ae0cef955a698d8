"""Latency profiles: their distributions, their order, and that a seed repeats them."""

from __future__ import annotations

from random import Random
from statistics import quantiles

from hypothesis import given
from hypothesis import strategies as st

from localnet.latency import PROFILES, by_file, latency_of


def test_the_public_profile_is_the_documented_distribution() -> None:
    """Median 2.5 s and 99th percentile 5 s, within what 20,000 draws can tell."""
    random = Random(1)
    cuts = quantiles((PROFILES["mainnet"].consensus(random) for _ in range(20_000)), n=100)
    assert abs(cuts[49] - 2.5) < 0.03
    assert abs(cuts[98] - 5.0) < 0.2


def test_a_seed_repeats_its_draws() -> None:
    """The same seed, the same latencies."""
    one, other = ([PROFILES["testnet"].consensus(random) for _ in range(50)] for random in (Random(3), Random(3)))
    assert one == other


@given(st.floats(1.0e9, 2.0e9), st.floats(0.001, 30.0))
def test_a_record_file_keeps_the_order(consensus: float, later: float) -> None:
    """What reaches consensus later is never shown earlier, and everything within 2 s to 4 s."""
    lag = by_file(period=2.0, after=2.0)
    assert 1.999 <= lag(consensus) <= 4.001
    assert consensus + lag(consensus) <= consensus + later + lag(consensus + later) + 1e-3


def test_parts_of_a_profile_can_be_replaced() -> None:
    """A delay of one's own keeps the profile's mirror, and the other way round."""
    random = Random(0)
    own = latency_of("mainnet", 0.5, None, None)
    assert (own.consensus(random), own.ordered, own.mirror is PROFILES["mainnet"].mirror) == (0.5, True, True)
    lagging = latency_of("instant", None, None, 3.0)
    assert (lagging.consensus(random), lagging.mirror(0.0)) == (0.0, 3.0)
