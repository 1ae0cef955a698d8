"""What one event did to many calls is counted once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resilience.incidents import REMEMBERED, Incidents


@given(st.lists(st.sampled_from(["", "c1", "c2", "c3"])))
def test_an_incident_is_new_once(told: list[str]) -> None:
    """What belongs to none is always new."""
    incidents, known = Incidents(), set()
    for name in told:
        assert incidents.is_new(name) == (not name or name not in known)
        known.add(name)


def test_the_newest_are_told_apart() -> None:
    """One that is heard of again is new among them; so many others make it forgotten."""
    incidents = Incidents()
    assert incidents.is_new("first")
    for number in range(REMEMBERED - 1):
        incidents.is_new(f"c{number}")
    assert not incidents.is_new("first")
    assert incidents.is_new("one more")
    assert not incidents.is_new("first")
    assert incidents.is_new("c0"), "the oldest was forgotten"
