"""One call on its way through a guard: how it is let in, what its errors mean, and whether another attempt follows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Literal, NoReturn, cast

import tenacity

from resilience.bounded_queue import BoundedQueue
from resilience.errors import (
    BudgetExhaustedError,
    DeadlinePassedError,
    RateLimitedError,
    RejectedError,
    mark_cut_short,
)
from resilience.limiter import Outcome
from resilience.policies import Verdict
from resilience.pool import Permit
from resilience.retrying import first_failure, seconds_to_wait

if TYPE_CHECKING:
    from resilience.guard import Guard

Classifier = Callable[[Exception], Verdict]

Wait = Literal["retry", "circuit", "limiter", "queue"]
"""What a call waits for: its back-off; an open circuit; the limiter; those before it in the queue."""
OnWait = Callable[[Wait, float], object]


class Call:
    """The state of one `Guard.run`, and what becomes of it before and after each attempt. Arguments as there.

    Attributes:
        number: Attempts made so far.
        may_retry: Whether the last attempt's error may be retried.
        status: The status of the error that the next attempt answers to; "" for the first.
    """

    __slots__ = (
        "_avoid",
        "_continuing",
        "_cost",
        "_deadline",
        "_error",
        "_failures",
        "_guard",
        "_on_wait",
        "_timed_out",
        "may_retry",
        "number",
        "status",
    )

    def __init__(
        self,
        guard: Guard,
        deadline: float | None,
        continuing: bool,
        avoid: Collection[str],
        on_wait: OnWait | None,
    ) -> None:
        self._guard = guard
        self._deadline = deadline
        self._continuing = continuing
        self._avoid = avoid
        self._on_wait = on_wait
        self._error: Exception | None = None
        self._timed_out = False
        self._cost = 0  # what the budget took for the retry that is made or waited for
        self._failures: tenacity.RetryCallState | None = None
        self.number = 0
        self.may_retry = False
        self.status = ""

    # Before an attempt.

    def admitted(self) -> Permit:
        """Wait until the next attempt is let in, where that may be waited for.

        Raises:
            RejectedError: it is not, and there was none before it.
            Exception: it is not, and this is what the one before it ended in.
        """
        guard = self._guard
        queue = guard.queue
        if self._deadline is not None and guard.clock() >= self._deadline:
            self._refused(DeadlinePassedError(guard.name))
        if queue is None:
            taken = guard.take(self._avoid)
            while isinstance(taken, RateLimitedError) and (self._continuing or self.number):
                self._sleep_for_limiter(taken)
                taken = guard.take(self._avoid)
        elif queue.busy or guard.delay() > 0:
            taken = self._stand_in_line(queue)
        else:
            taken = guard.take(self._avoid)
            if isinstance(taken, RejectedError):  # a shared circuit has just been opened by another process
                taken = self._stand_in_line(queue)
        if isinstance(taken, RejectedError):
            self._refused(taken)
        return taken

    def time_left(self, deadline: float, permit: Permit) -> float:
        """Seconds for the attempt; it may have waited for its permit until there are none (raises as `admitted`)."""
        guard = self._guard
        left = deadline - guard.clock()
        if left <= 0:
            guard.give_back(permit, None, "neutral")
            self._refused(DeadlinePassedError(guard.name))
        return left

    def _stand_in_line(self, queue: BoundedQueue) -> Permit | RejectedError:
        """Wait for one's turn; again, and before all others, if somebody else took it."""
        guard = self._guard
        continuing = self._continuing or self.number > 0
        while True:
            since, why = guard.clock(), self._reason()
            try:
                queue.enter(self._deadline, continuing=continuing)
            except RejectedError as refusal:
                return refusal
            finally:
                self._book(why, since)
            taken = guard.take(self._avoid)
            if not isinstance(taken, RejectedError):
                return taken
            continuing = True

    def _reason(self) -> Wait:
        guard = self._guard
        if guard.pool.retry_in() > 0:
            return "circuit"
        return "limiter" if guard.limiter is not None and guard.limiter.delay() > 0 else "queue"

    def _sleep_for_limiter(self, refusal: RateLimitedError) -> None:
        guard = self._guard
        since = guard.clock()
        if self._deadline is not None and since + refusal.retry_after >= self._deadline:
            self._refused(DeadlinePassedError(guard.name))
        try:
            guard.sleep(refusal.retry_after)
        finally:
            self._book("limiter", since)

    def _refused(self, refusal: RejectedError) -> NoReturn:
        """Raise the refusal, or rather the real error if there was one before it; its retry was not made."""
        # Called outside of any `except`, so that the refusal does not replace what the real error was caused by.
        if self._error is None:
            self._guard.stats.count_refusal(refusal, cut_short=False)
            raise refusal
        if self._guard.budget is not None:
            self._guard.budget.give_back(self._cost)
            self._cost = 0
        self._cut_short(self._error, refusal)
        raise self._error

    # After an attempt.

    def recovered(self) -> None:
        """A later attempt has succeeded."""
        guard = self._guard
        if guard.budget is not None:
            guard.budget.give_back(self._cost)
        guard.stats.count_recovered()

    def judged(self, error: Exception, permit: Permit) -> tuple[bool | None, Outcome]:
        """What an attempt's error means to the circuit and to the limiter; `may_retry` says whether it may be retried.

        A member that failed is remembered, and rather avoided.
        """
        verdict = self._guard.classify(error)
        self.may_retry = verdict.retry
        if verdict.retry:
            self._error, self._timed_out = error, verdict.timeout
        if verdict.failure or verdict.timeout:
            self._avoid = {*self._avoid, permit.member}
        if verdict.incident and verdict.failure and not permit.counts(verdict.incident):
            return None, "neutral"
        if verdict.timeout or (verdict.retry and not verdict.failure):
            return (False if verdict.failure else None), "busy"
        return (False, "failure") if verdict.failure else (None, "neutral")

    def back_off(self) -> None:
        """Wait for as long as tenacity says before the next attempt.

        Raises:
            Exception: there is to be none: this is what the last attempt ended in.
        """
        guard, error = self._guard, cast("Exception", self._error)
        self.status = guard.status_of(error)
        if self._failures is None:
            self._failures = first_failure(guard.retrying, self)
        seconds = seconds_to_wait(self._failures, error)
        since = guard.clock()
        try:
            guard.sleep(seconds)
        finally:
            self._book("retry", since)

    def must_stop(self, backoff: float) -> bool:
        """Whether it ends with the error it has (tenacity asks); if not, it is about to wait for so many seconds."""
        guard, error = self._guard, cast("Exception", self._error)
        if self.number >= guard.retry.attempts:
            guard.stats.count_exhausted()
            return True
        if self._deadline is not None and guard.clock() + backoff >= self._deadline:
            self._cut_short(error, DeadlinePassedError(guard.name))
            return True
        if guard.budget is not None:
            self._cost = guard.budget.take(timeout=self._timed_out)
            if not self._cost:
                self._cut_short(error, BudgetExhaustedError(guard.budget.name))
                return True
        return False

    def _cut_short(self, error: Exception, refusal: RejectedError) -> None:
        """Say on the last real error that a refusal ended the call."""
        mark_cut_short(error, refusal, self.number)
        self._guard.stats.count_refusal(refusal, cut_short=True)

    def _book(self, what: Wait, since: float) -> None:
        seconds = self._guard.clock() - since
        self._guard.stats.count_wait(what, seconds)
        if self._on_wait is not None:
            self._on_wait(what, seconds)
