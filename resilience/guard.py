"""The way of a call through the layers: retry around breaker around attempt."""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import gevent
import tenacity

from resilience.breaker import Breaker
from resilience.errors import CircuitOpen, mark_cut_short
from resilience.policies import BreakerPolicy, RetryPolicy, Verdict
from resilience.stats import GuardStats

T = TypeVar("T")

Classifier = Callable[[Exception], Verdict]


def name_of_type(error: Exception) -> str:
    """The status of an error that nobody gave a better word for: the name of its type."""
    return type(error).__name__


class Guard:
    """Makes a call survive what can be survived. One guard serves any number of greenlets at once, without a queue.

    It decides nothing about errors: the classifier does, and only for `Exception`. A greenlet that is killed, or any
    other `BaseException`, passes through at once, is never retried, and counts as neither success nor failure.

    Args:
        name: What is guarded, e.g. `worker-1/hcs`; names the breaker too, and is unique over all processes of a run.
        classify: Says for every `Exception` of an attempt what it means. It should return FINAL for what it does not
            know: a fault in the caller's own code is not the service's.
        retry: How often, and how long between.
        breaker: When the circuit opens; or a `Breaker` that several guards share.
        stats: Where retries and breakers are counted.
        status_of: The status word of an error that is retried, for the counts.
        sleep: Waits so many seconds, letting other greenlets run. gevent's own by default: it is right whether or not
            `time.sleep` was patched, and whenever.
        clock: Seconds of a clock that never goes back.
        random: Returns a number from 0.0 to less than 1.0.
        now: Unix time in seconds; only dates the transitions of the breaker.
    """

    def __init__(
        self,
        name: str,
        classify: Classifier,
        retry: RetryPolicy | None = None,
        breaker: BreakerPolicy | Breaker | None = None,
        stats: GuardStats | None = None,
        *,
        status_of: Callable[[Exception], str] = name_of_type,
        sleep: Callable[[float], object] = gevent.sleep,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random_module.random,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.retry = retry or RetryPolicy()
        self.stats = stats or GuardStats()
        if not isinstance(breaker, Breaker):
            breaker = Breaker(name, breaker or BreakerPolicy(), clock=clock, now=now)
        self.breaker = breaker
        self.stats.watch(breaker)
        self.classify = classify
        self.status_of = status_of
        # Built once: a `@retry` wrapper copies itself for every call. What tenacity calls between two attempts must not
        # let another greenlet run, for it keeps its place in a thread-local that greenlets share where threading is not
        # patched. So the caller's functions (`classify`, `status_of`) run inside the attempt, and only arithmetic here.
        self._retrying = tenacity.Retrying(
            sleep=cast("Callable[[int | float], None]", sleep),
            stop=tenacity.stop_after_attempt(self.retry.attempts),
            wait=_JitteredBackoff(self.retry, random),
            retry=_wants_retry,
            retry_error_callback=self._give_up,
        )

    def run(self, attempt: Callable[[int], T]) -> T:
        """Make one operation: attempt it until it succeeds or cannot be helped.

        Args:
            attempt: Called with the number of the attempt, from 1; makes one attempt and returns its result or raises.
                It may be called again until it returns, so it must be safe to repeat after an error that the
                classifier wants retried. It needs a time limit of its own: nothing here interrupts it.

        Returns:
            What the first successful attempt returned.

        Raises:
            CircuitOpen: the circuit was open before the first attempt; nothing was sent.
            Exception: the last attempt's own error, when it is not to be retried, when the attempts are used up, or
                when the circuit opened before the next one (`cut_short_by` tells).
            BaseException: what killed the greenlet.
        """
        operation = _Operation(self, attempt)
        # Most operations need no retry. tenacity costs 7 µs, twice that where threading is patched, so it is asked only
        # once there is an error to retry; its first call is then given that error.
        try:
            return operation.make_attempt()
        except Exception:
            if not operation.wants_retry:
                raise
        result = self._retrying(operation)
        self.stats.count_recovered()
        return result

    def _give_up(self, state: tenacity.RetryCallState) -> object:
        """The attempts are used up: raise the last one's error."""
        self.stats.count_exhausted()
        return cast("tenacity.Future", state.outcome).result()

    def __repr__(self) -> str:
        return f"<Guard {self.name!r}: {self.breaker}>"


class _Operation(Generic[T]):
    """One operation on its way through a guard; tenacity calls it once for every attempt."""

    __slots__ = ("_attempt", "_error", "_first_is_known", "_guard", "_status", "number", "wants_retry")

    def __init__(self, guard: Guard, attempt: Callable[[int], T]) -> None:
        self._guard = guard
        self._attempt = attempt
        self._error: Exception | None = None
        self._status = ""
        self._first_is_known = False
        self.number = 0
        """Attempts made so far."""
        self.wants_retry = False
        """Whether the last attempt's error may be retried."""

    def __call__(self) -> T:
        """What tenacity calls: gives it the first attempt's error, which is known already, and then new attempts."""
        if not self._first_is_known and self._error is not None:
            self._first_is_known = True
            raise self._error
        return self.make_attempt()

    def make_attempt(self) -> T:
        """Make the next attempt, if the breaker lets it in."""
        guard = self._guard
        self.wants_retry = False
        permit = self._admit(guard.breaker)
        success: bool | None = None  # neutral, unless the attempt returns or the classifier calls its error a failure
        try:
            self.number = number = self.number + 1
            if number > 1:
                guard.stats.count_retry(self._status)
            result = self._attempt(number)
        except Exception as error:
            verdict = guard.classify(error)
            if verdict.failure:
                success = False
            if verdict.retry:
                self._error, self._status = error, guard.status_of(error)
                self.wants_retry = True
            raise
        else:
            success = True
            return result
        finally:
            guard.breaker.settle(permit, success)

    def _admit(self, breaker: Breaker) -> int:
        """Get a permit; or raise the refusal, or rather the real error if there was one before it."""
        try:
            return breaker.admit()
        except CircuitOpen as rejection:
            refusal = rejection
        # Raised out here, so that the refusal does not replace what the real error was caused by.
        if self._error is None:
            raise refusal
        mark_cut_short(self._error, refusal, self.number)
        raise self._error


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


def _wants_retry(state: tenacity.RetryCallState) -> bool:
    """Retry only what the classifier said to retry; never a kill, which is no `Exception` and was never classified."""
    outcome = cast("tenacity.Future", state.outcome)
    operation = cast("_Operation[Any]", state.fn)
    return isinstance(outcome.exception(), Exception) and operation.wants_retry
