"""Policies refuse what makes no sense, all of it at once."""

from __future__ import annotations

import dataclasses
import math

import pytest

from resilience import BUSY, FINAL, TRANSIENT, BreakerPolicy, RetryPolicy


def test_defaults_are_the_documented_ones():
    """The numbers in docs/resilience.md and on the command line rest on these."""
    assert dataclasses.asdict(RetryPolicy()) == {"attempts": 5, "backoff": 0.25, "backoff_max": 8.0, "jitter": 0.1}
    assert dataclasses.asdict(BreakerPolicy()) == {
        "failures": 5,
        "recovery": 60.0,
        "trials": 1,
        "successes": 1,
        "failure_ratio": 0.25,
        "window_s": 30.0,
        "min_calls": 100,
    }


def test_named_verdicts():
    """TRANSIENT counts and is retried, BUSY is only retried, FINAL is neither."""
    assert [(verdict.retry, verdict.failure) for verdict in (TRANSIENT, BUSY, FINAL)] == [
        (True, True),
        (True, False),
        (False, False),
    ]


def test_every_fault_of_a_retry_policy_is_named_at_once():
    """One message names each wrong field, its value and what would be right."""
    with pytest.raises(ValueError) as raised:
        RetryPolicy(attempts=0, backoff=-1, backoff_max=math.inf, jitter=1)
    assert str(raised.value) == (
        "RetryPolicy: attempts=0 must be at least 1; backoff=-1 must be 0 or more seconds; "
        "backoff_max=inf must be 0 or more seconds; jitter=1 must be from 0 to less than 1"
    )


def test_every_fault_of_a_breaker_policy_is_named_at_once():
    """One message names each wrong field, its value and what would be right."""
    with pytest.raises(ValueError) as raised:
        BreakerPolicy(failures=0, recovery=0, trials=0, successes=0, failure_ratio=0, window_s=math.nan, min_calls=0)
    assert str(raised.value) == (
        "BreakerPolicy: failures=0 must be at least 1; recovery=0 must be more than 0 seconds; "
        "trials=0 must be at least 1; successes=0 must be at least 1; "
        "failure_ratio=0 must be more than 0, up to 1, or None; window_s=nan must be more than 0 seconds; "
        "min_calls=0 must be at least 1"
    )


def test_edges_of_the_ranges_are_allowed():
    """No retry, no wait, no jitter, and a window that opens only when everything fails."""
    RetryPolicy(attempts=1, backoff=0, backoff_max=0, jitter=0)
    BreakerPolicy(failures=1, recovery=0.001, failure_ratio=1, window_s=0.1, min_calls=1)
