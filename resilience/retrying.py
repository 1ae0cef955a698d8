"""tenacity as a guard asks it: after a failed attempt, whether there is to be another one, and when.

Its own loop makes a `Future` of every outcome, which costs several times what the whole guard does
(docs/decisions/0114); so the loop is `Guard.run`, and the controller is asked from the first failure on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import tenacity

from resilience.policies import RetryPolicy

MustStop = Callable[[float], bool]
"""Whether a call ends with the error it has; if not, it is about to wait for so many seconds."""


def make_retrying(policy: RetryPolicy, random: Callable[[], float]) -> tenacity.Retrying:
    """Return the controller of one guard, for all its calls.

    It keeps where it is in a thread-local that greenlets share where threading is not patched. So what it asks must not
    let another greenlet run: `MustStop` and the back-off only count and calculate.
    """
    return tenacity.Retrying(stop=_must_stop, wait=_JitteredBackoff(policy, random), reraise=True)


def first_failure(retrying: tenacity.Retrying, must_stop: MustStop) -> tenacity.RetryCallState:
    """Return what the controller has to know of a call: that one attempt has been made, and whom to ask."""
    retrying.begin()
    return tenacity.RetryCallState(retrying, fn=None, args=(must_stop,), kwargs={})


def seconds_to_wait(state: tenacity.RetryCallState, error: Exception) -> float:
    """Tell the controller what an attempt ended in; return the seconds until the next.

    Raises:
        Exception: there is to be none: the error itself.
    """
    state.set_exception((type(error), error, error.__traceback__))
    seconds = cast("float", state.retry_object.iter(state))
    state.prepare_for_next_attempt()
    return seconds


def _must_stop(state: tenacity.RetryCallState) -> bool:
    must_stop: MustStop = state.args[0]
    return must_stop(state.upcoming_sleep)


class _JitteredBackoff(tenacity.wait.wait_base):
    """Exponential back-off from tenacity, spread to both sides by an injected source of chance (see RetryPolicy)."""

    def __init__(self, policy: RetryPolicy, random: Callable[[], float]) -> None:
        self._backoff = tenacity.wait_exponential(
            multiplier=policy.backoff, max=policy.backoff_max / (1 + policy.jitter)
        )
        self._jitter = policy.jitter
        self._random = random

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        """Seconds to wait after the attempt that `retry_state` is about."""
        return self._backoff(retry_state) * (1 + self._jitter * (2 * self._random() - 1))
