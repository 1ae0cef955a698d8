"""Attempts over time: counted by second, bounded, and the same whichever processes they come from."""

from __future__ import annotations

import pytest

from resilience.activity import KEPT, Activity, merge_activities


class Now:
    """A Unix time that is set."""

    def __init__(self) -> None:
        self.second = 1_000_000

    def __call__(self) -> float:
        return self.second + 0.25


def test_attempts_are_counted_when_they_begin() -> None:
    """First ones, further ones, and the highest number of the second."""
    now = Now()
    activity = Activity(now)
    for number in (1, 1, 2, 3):
        activity.note(number)
    now.second += 5
    activity.note(1)
    assert activity.snapshot() == {"width": 1, "points": [[1_000_000, 2, 2, 3], [1_000_005, 1, 0, 1]]}


@pytest.mark.parametrize("seconds", [KEPT, KEPT + 1, 5 * KEPT])
def test_it_is_bounded_and_loses_nothing(seconds: int) -> None:
    """Points get longer, and their sums stay."""
    now = Now()
    activity = Activity(now)
    for number in range(seconds):
        activity.note(1 + number % 2)
        now.second += 1
    snapshot = activity.snapshot()
    assert len(snapshot["points"]) <= KEPT
    assert snapshot["width"] == {KEPT: 1, KEPT + 1: 2, 5 * KEPT: 8}[seconds]
    assert sum(first + further for _, first, further, _ in snapshot["points"]) == seconds
    assert all(second % snapshot["width"] == 0 for second, *_ in snapshot["points"])


def test_processes_add_up() -> None:
    """Also where one has longer points than the other; the order does not matter."""
    fine = {"width": 1, "points": [[1_000_000, 1, 0, 1], [1_000_001, 2, 1, 2]]}
    coarse = {"width": 2, "points": [[1_000_000, 5, 3, 4]]}
    merged = {"width": 2, "points": [[1_000_000, 8, 4, 4]]}
    assert merge_activities([fine, coarse]) == merge_activities([coarse, fine]) == merged
    assert merge_activities([]) == {"width": 1, "points": []}
