"""Transaction ids are never issued twice: within a process, within a run, and not by chance beside strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.run import Run
from hedera_client import HederaError, TransactionIds
from hedera_client.ids import BACKDATE_NS, LANES, NARROWEST_SLOT_NS, WIDEST_SLOT_NS

PAYER = "0.0.1001"
NOW = 1_800_000_000_123_456_789

steps = st.lists(st.integers(0, 3_000_000), min_size=1, max_size=200)
"""Nanoseconds that pass before each id."""


class Clock:
    """Nanoseconds that pass when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def issue(passing: list[int], lane: int, scatter: int | None) -> list[int]:
    """Valid starts of ids between which so much time passes."""
    clock = Clock()
    ids = TransactionIds(PAYER, lane, clock, scatter=scatter)
    starts = []
    for step in passing:
        clock.now += step
        starts.append(ids.next().valid_start_ns)
        assert starts[-1] <= clock.now, "a node refuses a start ahead of its clock"
    return starts


@given(steps, st.integers(0, LANES - 1), st.integers(0, 2**64))
def test_ids_of_one_generator_increase(passing: list[int], lane: int, scatter: int) -> None:
    """Strictly, however fast they are issued, and never into the future."""
    starts = issue(passing, lane, scatter)
    assert starts == sorted(set(starts))


@given(steps, steps, st.lists(st.integers(0, LANES - 1), min_size=2, max_size=2, unique=True), st.integers(0, 2**64))
def test_the_processes_of_a_run_never_meet(one: list[int], other: list[int], lanes: list[int], scatter: int) -> None:
    """Two lanes of a scatter share no id, whatever their rates make of the width of their slots."""
    assert not set(issue(one, lanes[0], scatter)) & set(issue(other, lanes[1], scatter))


def test_slots_narrow_with_the_rate_and_lanes_still_never_meet() -> None:
    """A million ids within a second beside a slow process of the same run: room for all, and no id twice."""
    fast = issue([1_000] * 200_000, 0, 99)
    slow = issue([100_000_000] * 100, 1, 99)
    assert len(set(fast)) == 200_000
    assert not set(fast) & set(slow)
    assert fast[-1] - fast[-2] == NARROWEST_SLOT_NS


def test_independent_generators_do_not_meet_by_the_same_clock() -> None:
    """Two runs, or a run and an application of the same payer, on one machine, at the very same moments."""
    made = [TransactionIds(PAYER, 0, lambda: NOW).next() for _ in range(2)]
    assert made[0] != made[1]


@given(st.integers(0, 2**64), st.integers(0, 2**64))
def test_two_generators_meet_only_in_the_same_place_of_a_slot(one: int, other: int) -> None:
    """At up to 100 ids/s that is one pair of scatters in ten million."""
    calm = [20_000_000] * 50
    meet = bool(set(issue(calm, 0, one)) & set(issue(calm, 0, other)))
    assert meet is (one % WIDEST_SLOT_NS == other % WIDEST_SLOT_NS)


def test_a_run_scatters_its_ids_alike_in_all_its_processes_and_unlike_other_runs() -> None:
    """Workers read it off the run's description."""
    first, again, later, named = (
        Run.model_construct(run_id=name, started_at=at)
        for name, at in (("a", 1.0), ("a", 1.0), ("a", 1.000001), ("b", 1.0))
    )
    assert first.scatter == again.scatter
    assert len({one.scatter % WIDEST_SLOT_NS for one in (first, later, named)}) == 3


def test_a_clock_that_is_set_back_too_far_is_told() -> None:
    clock = Clock()
    ids = TransactionIds(PAYER, 0, clock, scatter=0)
    ids.next()
    clock.now -= 2 * BACKDATE_NS
    with pytest.raises(HederaError, match="CLOCK_SET_BACK"):
        ids.next()


@pytest.mark.parametrize(("lane", "scatter"), [(-1, 0), (LANES, 0), (0, -1)])
def test_lane_and_scatter_have_ranges(lane: int, scatter: int) -> None:
    with pytest.raises(ValueError, match="choose 0"):
        TransactionIds(PAYER, lane, scatter=scatter)
