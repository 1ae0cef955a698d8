"""The way of a call through the layers: retry around line and limiter around circuits around attempt."""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable, Collection
from typing import Literal, NoReturn, TypeVar, cast

import gevent
import tenacity

from resilience.bounded_queue import BoundedQueue
from resilience.breaker import Breaker
from resilience.budget import RetryBudget
from resilience.errors import (
    BudgetExhaustedError,
    CircuitOpenError,
    DeadlinePassedError,
    RateLimitedError,
    RejectedError,
    mark_cut_short,
)
from resilience.limiter import Limiter, Outcome
from resilience.policies import Attempt, BreakerPolicy, RetryPolicy, Verdict
from resilience.pool import Permit, Pool
from resilience.retrying import first_failure, make_retrying, seconds_to_wait
from resilience.stats import GuardStats

T = TypeVar("T")

Classifier = Callable[[Exception], Verdict]

Wait = Literal["retry", "circuit", "limiter", "queue"]
"""What a call waits for: its back-off; an open circuit; the limiter; those before it in the queue."""
OnWait = Callable[[Wait, float], object]


def name_of_type(error: Exception) -> str:
    """The status of an error that nobody gave a better word for: the name of its type."""
    return type(error).__name__


class Guard:
    """Retries calls and protects the service. One guard serves any number of greenlets at once.

    It decides nothing about errors: the classifier does, and only for `Exception`. A greenlet that is killed, or any
    other `BaseException`, passes through at once, is never retried, and counts as neither success nor failure.

    Args:
        name: What is guarded, e.g. `worker-1/hcs`; names the circuits too, and is unique over all processes of a run.
        classify: Says for every `Exception` of an attempt what it means. It should return FINAL for what it does not
            know: a fault in the caller's own code is not the service's.
        retry: How often, and how long between.
        pool: The circuits, one for each member of the service, which several guards may share; or the policy of the
            single circuit that is made if there are no members to choose from.
        stats: Where retries, waits, and all the other parts are counted.
        limiter: Says when the next call may be made; None for no limit.
        budget: What retries may cost, which several guards may share; None for no bound.
        queue: Where operations wait while the circuit is open or the limiter says wait, of this guard alone. Without
            one they do not wait: a new operation is refused, a retry waits for the limiter only.
        status_of: The status word of an error that is retried, for the counts.
        sleep: Waits so many seconds, letting other greenlets run. gevent's own by default: it is right whether or not
            `time.sleep` was patched, and whenever.
        clock: Seconds of a clock that never goes back. The limiter and the queue need the same one.
        random: Returns a number from 0.0 to less than 1.0.
        now: Unix time in seconds; only dates the transitions of the breaker, and the attempts that are counted.
    """

    def __init__(
        self,
        name: str,
        classify: Classifier,
        retry: RetryPolicy | None = None,
        pool: BreakerPolicy | Pool | None = None,
        stats: GuardStats | None = None,
        *,
        limiter: Limiter | None = None,
        budget: RetryBudget | None = None,
        queue: BoundedQueue | None = None,
        status_of: Callable[[Exception], str] = name_of_type,
        sleep: Callable[[float], object] = gevent.sleep,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random_module.random,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.retry = retry or RetryPolicy()
        self.stats = stats or GuardStats()
        self.pool = pool if isinstance(pool, Pool) else Pool(name, policy=pool, clock=clock, now=now)
        self.limiter = limiter
        self.budget = budget
        self.queue = queue
        self.classify = classify
        self.status_of = status_of
        self.sleep = sleep
        self.clock = clock
        if queue is not None:
            queue.attach(self.delay)
            self.pool.watch(queue.wake)
        self.activity = self.stats.activity_of(name, now)
        self.stats.watch_parts(name, self.pool.breakers, limiter, budget, queue)
        self.retrying = make_retrying(self.retry, random)

    @property
    def breaker(self) -> Breaker:
        """The circuit of the first member: the only one, where the pool has a single member."""
        return self.pool.breakers[0]

    def run(
        self,
        attempt: Callable[[Attempt], T],
        *,
        deadline: float | None = None,
        continuing: bool = False,
        first_avoid: Collection[str] = (),
        on_wait: OnWait | None = None,
    ) -> T:
        """Make one operation: attempt it until it succeeds or cannot be helped.

        Args:
            attempt: Called with what an attempt has to know; makes one attempt and returns its result or raises. It may
                be called again until it returns, so it must be safe to repeat after an error that the classifier wants
                retried. It needs a time limit of its own, at most `Attempt.timeout`: nothing here interrupts it.
            deadline: Second of the guard's clock after which no attempt is begun, and no wait would end; None for none.
            continuing: This goes on with something that was admitted before (a later transaction of it). It goes to the
                front of the line, is not bounded by the queue's capacity, and waits for a limiter without a queue.
            first_avoid: Members that should rather not be chosen, from the first attempt on; those that failed this
                operation are added by themselves. A hint, see `Pool.admit`.
            on_wait: Told what the operation waited for and how many seconds, after each wait, however it ended.

        Returns:
            What the first successful attempt returned.

        Raises:
            RejectedError: it was refused before the first attempt; nothing was sent. `resilience.errors` has the
                kinds.
            Exception: the last attempt's own error, when it is not to be retried, when the attempts are used up, or
                when a refusal kept it from the next one (`cut_short_by` tells which).
            BaseException: what killed the greenlet.
        """
        call = Call(self, deadline, continuing, first_avoid, on_wait)
        while True:
            permit = call.admitted()
            timeout = None if deadline is None else call.time_left(deadline, permit)
            success: bool | None = None  # neutral, unless the attempt returns or its error is judged
            outcome: Outcome = "neutral"
            try:
                call.number = number = call.number + 1
                self.activity.note(number)
                if number > 1:
                    self.stats.count_retry(call.status, call.failed_at)
                result = attempt(Attempt(number, permit.member, timeout))
            except Exception as error:
                success, outcome = call.judged(error, permit)
                if not call.may_retry:
                    raise
            else:
                success, outcome = True, "success"
            finally:
                self.give_back(permit, success, outcome)
            if success:
                if number > 1:
                    call.recovered()
                elif self.budget is not None:
                    self.budget.succeeded()
                return result
            call.back_off()

    def delay(self) -> float:
        """Seconds until a call could be made: 0.0 for now, infinity while it depends on calls that are under way."""
        wait = self.pool.retry_in()
        if wait == 0.0 and self.limiter is not None:
            return self.limiter.delay()
        return wait

    def take(self, avoid: Collection[str]) -> Permit | RejectedError:
        """Take what one call needs from limiter and circuit, or nothing; return the permit or the refusal."""
        limiter = self.limiter
        if limiter is not None:
            if self.pool.retry_in() > 0:
                return self.pool.refusal()
            wait = limiter.acquire()
            if wait > 0:
                return RateLimitedError(self.name, wait)
        try:
            return self.pool.admit(avoid)
        except CircuitOpenError as refusal:
            if limiter is not None:
                limiter.release("neutral")
            return refusal

    def give_back(self, permit: Permit, success: bool | None, outcome: Outcome) -> None:
        """The call that `permit` was for has ended."""
        permit.record_result(success)
        if self.limiter is not None:
            self.limiter.release(outcome)
            if self.queue is not None:
                self.queue.wake()

    def __repr__(self) -> str:
        breakers = self.pool.breakers
        return f"<Guard {self.name!r}: {breakers[0] if len(breakers) == 1 else self.pool}>"


class Call:
    """The state of one `Guard.run`, and what becomes of it before and after each attempt. Arguments as there.

    Attributes:
        number: Attempts made so far.
        may_retry: Whether the last attempt's error may be retried.
        status: The status of the error that the next attempt answers to; "" for the first.
        failed_at: The member that answered so.
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
        "_unsent",
        "failed_at",
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
        self._unsent = False
        self._cost = 0  # what the budget took for the retry that is made or waited for
        self._failures: tenacity.RetryCallState | None = None
        self.number = 0
        self.may_retry = False
        self.status = self.failed_at = ""

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
            self._error, self._timed_out, self.failed_at = error, verdict.timeout, permit.member
            self._unsent = verdict.unsent
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
            self._failures = first_failure(guard.retrying, self.must_stop)
        seconds = seconds_to_wait(self._failures, error)
        since = guard.clock()
        try:
            guard.sleep(seconds)
            guard.stats.count_backoff(self.number, guard.clock() - since)
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
        self._cost = 0
        if guard.budget is not None and not self._unsent:
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
