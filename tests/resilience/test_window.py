"""The sliding window counts what a plain list would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resilience.window import SLICES, FailureWindow


@given(st.lists(st.tuples(st.integers(0, 15), st.booleans()), max_size=60))
def test_window_holds_the_newest_ten_slices(steps):
    """After every call it holds exactly the calls of the newest ten tenths of its length, and no others."""
    window, now, calls = FailureWindow(SLICES * 1.0), 50.0, []
    for seconds, failed in steps:
        now += seconds
        window.add(now, failed=failed)
        calls.append((now, failed))
        recent = [failed for at, failed in calls if at > now - SLICES]
        assert (window.calls, window.failures) == (len(recent), sum(recent))
        assert window.ratio == sum(recent) / len(recent)


def test_an_empty_window_has_no_failures():
    """No calls, no failures; also after it was cleared."""
    window = FailureWindow(30)
    assert window.ratio == 0.0
    window.add(1.0, failed=True)
    window.clear()
    assert (window.calls, window.failures, window.ratio) == (0, 0, 0.0)


def test_it_does_not_grow_with_the_rate():
    """A million calls in a window would still be ten pairs of numbers."""
    window = FailureWindow(1.0)
    for index in range(5_000):
        window.add(index / 1_000, failed=False)
    assert len(window._slices) == SLICES
    assert 900 <= window.calls <= 1_000
