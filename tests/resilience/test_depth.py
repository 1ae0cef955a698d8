"""How deep a queue was: exact by the second, bounded in memory, and the sum of several where several are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resilience.depth import KEPT, DepthHistory, add_up

changes = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), min_size=1, max_size=60).map(sorted)


def history_of(changed: list[tuple[int, int]]) -> DepthHistory:
    """A history of (second, depth) in the order of time."""
    now = [0.0]
    history = DepthHistory(lambda: now[0])
    for second, depth in changed:
        now[0] = second + 0.5
        history.note(depth)
    return history


def greatest(changed: list[tuple[int, int]], second: int) -> int:
    """The greatest depth within a second, by definition: of its changes, or else what the last one before it left."""
    within = [depth for at, depth in changed if at == second]
    if within:
        return max(within)
    before = [depth for at, depth in changed if at < second]
    return before[-1] if before else 0


def step_at(steps: list[list[int]], second: int) -> int:
    """What the steps say about a second."""
    past = [depth for at, depth in steps if at <= second]
    return past[-1] if past else 0


@given(st.lists(changes, min_size=1, max_size=3))
def test_depths_add_up_second_by_second(queues: list[list[tuple[int, int]]]) -> None:
    """At every second the steps show the sum of what each queue reached within it."""
    steps = add_up([history_of(changed).snapshot() for changed in queues])
    for second in range(45):
        assert step_at(steps, second) == sum(greatest(changed, second) for changed in queues)


def test_a_long_history_stays_bounded_and_keeps_its_peak() -> None:
    """A week of changes is no more than KEPT points; the deepest moment is still there."""
    history = history_of([(second, 500 if second == 300_000 else second % 7) for second in range(0, 600_000, 20)])
    points = history.snapshot()
    assert len(points) <= KEPT
    assert max(point[1] for point in points) == 500
    assert points == sorted(points)


def test_nothing_waited_nothing_is_drawn() -> None:
    """No queue, no steps."""
    assert add_up([]) == []
    assert add_up([[]]) == []
