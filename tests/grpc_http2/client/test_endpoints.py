"""What a pool knows of its server: addresses, how old connections become, what belongs together, and the counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.client.connection_ages import ConnectionAges
from grpc_http2.client.counts import Counts
from grpc_http2.client.endpoints import Endpoints
from grpc_http2.client.incidents import Incidents
from tests.grpc_http2.client.timing import TIMING

BACKOFF = replace(TIMING, first_backoff=0.1, longest_backoff=1.0)


def test_addresses_are_taken_in_turn() -> None:
    """Each once before the first one again."""
    endpoints = Endpoints(["a:1", "b:2", "c:3"], TIMING)
    assert [endpoints.next(0.0) for _ in range(6)] == ["a:1", "b:2", "c:3"] * 2


def test_an_address_that_failed_is_left_alone_for_a_while() -> None:
    """The others are taken meanwhile; while all are left alone there is none."""
    endpoints = Endpoints(["a:1", "b:2"], BACKOFF, chance=lambda: 1.0)
    endpoints.failed("a:1", at=10.0)
    assert {endpoints.next(10.05) for _ in range(3)} == {"b:2"}
    assert endpoints.others_ready({"a:1"}, 10.05)
    assert not endpoints.others_ready({"b:2"}, 10.05)
    endpoints.failed("b:2", at=10.0)
    assert endpoints.next(10.05) is None
    assert {endpoints.next(10.11), endpoints.next(10.11)} == {"a:1", "b:2"}


@given(failures=st.integers(1, 100), chance=st.floats(0, 1))
def test_the_time_is_doubled_up_to_the_longest(failures: int, chance: float) -> None:
    """Less a fifth of it by chance, so that many processes do not come back together."""
    endpoints = Endpoints(["a:1"], BACKOFF, chance=lambda: chance)
    for _ in range(failures):
        endpoints.failed("a:1", at=0.0)
    longest = min(0.1 * 2 ** (failures - 1), 1.0)
    assert endpoints.next(longest * (0.8 + 0.2 * chance) - 1e-6) is None
    assert endpoints.next(longest * (0.8 + 0.2 * chance) + 1e-6) == "a:1"


def test_an_address_that_served_begins_anew() -> None:
    """Its next failure costs as little as its first."""
    endpoints = Endpoints(["a:1"], BACKOFF, chance=lambda: 1.0)
    for _ in range(5):
        endpoints.failed("a:1", at=0.0)
    endpoints.worked("a:1")
    assert endpoints.next(0.0) == "a:1"
    endpoints.failed("a:1", at=0.0)
    assert endpoints.next(0.11) == "a:1"


@pytest.mark.parametrize(("goaway", "noted"), [("NO_ERROR max_age", True), ("NO_ERROR app_requested", False)])
def test_connections_are_replaced_before_they_are_as_old_as_others_became(goaway: str, noted: bool) -> None:
    """A tenth to a fifth before, by chance; an end for another reason says nothing of age."""
    ages = ConnectionAges()
    assert ages.note(100.0, goaway) is noted
    assert ages.is_old(91.0, chance=0.0) is noted
    assert not ages.is_old(89.0, chance=0.0)
    assert ages.is_old(81.0, chance=1.0) is noted
    assert not ages.is_old(79.0, chance=1.0)


def test_the_shortest_age_counts_of_those_seen_lately() -> None:
    """Servers spread their limit; eight later ones make an early one forgotten."""
    ages = ConnectionAges()
    ages.note(50.0, "max_age")
    ages.note(100.0, "max_age")
    assert ages.is_old(46.0, chance=0.0)
    for _ in range(8):
        ages.note(100.0, "max_age")
    assert not ages.is_old(46.0, chance=0.0)


def test_nothing_is_opened_ahead_at_a_server_that_ends_connections_within_seconds() -> None:
    """It would be more opening than calling."""
    ages = ConnectionAges()
    ages.note(2.9, "max_age")
    assert not ages.is_old(1_000.0, chance=0.0)


def test_what_happens_within_the_span_is_one_incident() -> None:
    """Counted from its first moment; names are unique in the process, of all servers."""
    incidents, others = Incidents(1.0), Incidents(1.0)
    first = incidents.name(10.0)
    assert incidents.name(10.99) == first
    second = incidents.name(11.0)
    assert len({first, second, incidents.name(12.5), others.name(10.0)}) == 4


@given(st.lists(st.booleans(), max_size=50))
def test_counts_follow_what_is_open(steps: list[bool]) -> None:
    """Opened less closed is what is open now, and the most that was open at once is kept."""
    counts, open_now, most = Counts(), 0, 0
    for opens in steps:
        if opens:
            counts.add_open()
            open_now += 1
        elif open_now:
            counts.remove_open()
            open_now -= 1
        most = max(most, open_now)
    assert (counts.open, counts.opened - counts.closed, counts.most_open) == (open_now, open_now, most)
    assert counts.as_dict() == {**Counts().as_dict(), "open": open_now, "opened": counts.opened} | {
        "closed": counts.closed,
        "most_open": most,
    }
