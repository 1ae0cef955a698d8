"""What tenacity is told of a call, and what it says."""

from __future__ import annotations

import pytest

from resilience import RetryPolicy
from resilience.guard import Call
from resilience.retrying import first_failure, seconds_to_wait


def test_it_says_the_wait_until_the_attempts_are_used_up(make_guard, errors):
    """The back-off doubles by the attempts that were told; in the end the last error itself is raised."""
    guard = make_guard(retry=RetryPolicy(attempts=3, backoff=0.5))
    call = Call(guard, None, continuing=False, avoid=(), on_wait=None)
    state = first_failure(guard.retrying, call.must_stop)
    for number, wait in ((1, 0.5), (2, 1.0)):
        call.number = number
        assert seconds_to_wait(state, errors.unavailable()) == pytest.approx(wait)
    call.number = 3
    last = errors.unavailable("last")
    with pytest.raises(errors.unavailable) as raised:
        seconds_to_wait(state, last)
    assert raised.value is last
    assert guard.stats.exhausted == 1


def test_calls_that_fail_at_the_same_time_do_not_mix(make_guard, errors):
    """One controller serves all calls of a guard, each with a state of its own."""
    guard = make_guard(retry=RetryPolicy(attempts=9, backoff=0.5))
    calls = [Call(guard, None, continuing=False, avoid=(), on_wait=None) for _ in range(2)]
    states = [first_failure(guard.retrying, call.must_stop) for call in calls]
    for wait in (0.5, 1.0, 2.0):
        for call, state in zip(calls, states, strict=True):
            call.number += 1
            assert seconds_to_wait(state, errors.throttled()) == pytest.approx(wait)
