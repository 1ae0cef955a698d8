"""The state of one call: what each kind of error means, and what a refusal gives back."""

from __future__ import annotations

import pytest

from resilience import DeadlinePassedError
from resilience.guard import Call


@pytest.mark.parametrize(
    ("kind", "told", "may_retry"),
    [
        ("unavailable", (False, "failure"), True),
        ("slow", (False, "busy"), True),
        ("throttled", (None, "busy"), True),
        ("lost", (False, "failure"), False),
        ("refused", (None, "neutral"), False),
    ],
)
def test_what_an_error_means(make_guard, errors, kind, told, may_retry):
    """To the circuit (success, failure or neither), to the limiter, and to the call."""
    guard = make_guard()
    call = Call(guard, None, continuing=False, avoid=(), on_wait=None)
    permit = call.admitted()
    assert call.judged(getattr(errors, kind)(), permit) == told
    assert call.may_retry is may_retry
    guard.give_back(permit, *told)


def test_a_permit_that_comes_too_late_is_given_back(make_guard, clock):
    """The deadline passed while it waited: nothing is sent, and nothing is held."""
    guard = make_guard()
    call = Call(guard, clock.time + 1.0, continuing=False, avoid=(), on_wait=None)
    permit = call.admitted()
    assert guard.breaker.in_flight == 1
    clock.time += 1.0
    with pytest.raises(DeadlinePassedError):
        call.time_left(clock.time, permit)
    assert guard.breaker.in_flight == 0
    assert guard.stats.rejected == {"DEADLINE_PASSED": 1}
