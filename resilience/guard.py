"""The way of a call through the layers: retry around line and limiter around circuits around attempt."""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable, Collection
from typing import Any, Generic, Literal, NoReturn, TypeVar, cast

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
from resilience.stats import GuardStats

T = TypeVar("T")

Classifier = Callable[[Exception], Verdict]

Wait = Literal["retry", "circuit", "limiter", "queue"]
"""What an operation waits for: its back-off; an open circuit; the limiter; those before it in the queue."""
OnWait = Callable[[Wait, float], object]


def name_of_type(error: Exception) -> str:
    """The status of an error that nobody gave a better word for: the name of its type."""
    return type(error).__name__


class Guard:
    """Makes a call survive what can be survived. One guard serves any number of greenlets at once.

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
        now: Unix time in seconds; only dates the transitions of the breaker.
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
        self.stats.watch_parts(name, self.pool.breakers, limiter, budget, queue)
        # Built once: a `@retry` wrapper copies itself for every call. What tenacity calls between two attempts must not
        # let another greenlet run, for it keeps its place in a thread-local that greenlets share where threading is not
        # patched. So the caller's functions (`classify`, `status_of`) run inside the attempt, and only arithmetic here.
        self._retrying = tenacity.Retrying(
            sleep=cast("Callable[[int | float], None]", sleep),
            stop=self._must_stop,
            wait=_JitteredBackoff(self.retry, random),
            retry=_wants_retry,
            retry_error_callback=_raise_the_last_error,
        )

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
        operation = _Operation(self, attempt, deadline, continuing, first_avoid, on_wait)
        # Most operations need no retry. tenacity costs 7 µs, twice that where threading is patched, so it is asked only
        # once there is an error to retry; its first call is then given that error.
        try:
            result = operation.make_attempt()
        except Exception:
            if not operation.wants_retry:
                raise
        else:
            if self.budget is not None:
                self.budget.succeeded()
            return result
        try:
            result = self._retrying(operation)
        finally:
            operation.end_backoff()  # it was killed during one
        self.stats.count_recovered()
        return result

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
        permit.settle(success)
        if self.limiter is not None:
            self.limiter.release(outcome)
            if self.queue is not None:
                self.queue.wake()

    def _must_stop(self, state: tenacity.RetryCallState) -> bool:
        """Whether the operation must end with the error it has, although that may be retried."""
        return cast("_Operation[Any]", state.fn).must_stop(state.upcoming_sleep)

    def __repr__(self) -> str:
        breakers = self.pool.breakers
        return f"<Guard {self.name!r}: {breakers[0] if len(breakers) == 1 else self.pool}>"


class _Operation(Generic[T]):
    """One operation on its way through a guard; tenacity calls it once for every attempt."""

    __slots__ = (
        "_attempt",
        "_avoid",
        "_backoff_since",
        "_continuing",
        "_cost",
        "_deadline",
        "_error",
        "_first_is_known",
        "_guard",
        "_on_wait",
        "_status",
        "_timed_out",
        "number",
        "wants_retry",
    )

    def __init__(
        self,
        guard: Guard,
        attempt: Callable[[Attempt], T],
        deadline: float | None,
        continuing: bool,
        avoid: Collection[str],
        on_wait: OnWait | None,
    ) -> None:
        self._guard = guard
        self._attempt = attempt
        self._deadline = deadline
        self._continuing = continuing
        self._avoid = avoid
        self._on_wait = on_wait
        self._error: Exception | None = None
        self._status = ""
        self._timed_out = False
        self._first_is_known = False
        self._cost = 0  # what the budget took for the retry that is made or waited for
        self._backoff_since: float | None = None
        self.number = 0
        """Attempts made so far."""
        self.wants_retry = False
        """Whether the last attempt's error may be retried."""

    def __call__(self) -> T:
        """What tenacity calls: gives it the first attempt's error, which is known already, and then new attempts."""
        if not self._first_is_known and self._error is not None:
            self._first_is_known = True
            raise self._error
        self.end_backoff()
        result = self.make_attempt()
        if self._guard.budget is not None:
            self._guard.budget.give_back(self._cost)
        return result

    def make_attempt(self) -> T:
        """Make the next attempt, as soon as it is let in."""
        guard = self._guard
        self.wants_retry = False
        permit = self._admitted()
        timeout = None if self._deadline is None else self._time_left(self._deadline, permit)
        success: bool | None = None  # neutral, unless the attempt returns or the classifier calls its error a failure
        outcome: Outcome = "neutral"
        try:
            self.number = number = self.number + 1
            if number > 1:
                guard.stats.count_retry(self._status)
            result = self._attempt(Attempt(number, permit.member, timeout))
        except Exception as error:
            verdict = guard.classify(error)
            success, outcome = self._judged(verdict, permit)
            if verdict.retry:
                self._error, self._status = error, guard.status_of(error)
                self._timed_out = verdict.timeout
                self.wants_retry = True
            raise
        else:
            success, outcome = True, "success"
            return result
        finally:
            guard.give_back(permit, success, outcome)

    def must_stop(self, backoff: float) -> bool:
        """Whether it must end with the error it has; if not, it is about to wait for so many seconds."""
        guard = self._guard
        if self.number >= guard.retry.attempts:
            guard.stats.count_exhausted()
            return True
        if self._deadline is not None and guard.clock() + backoff >= self._deadline:
            self._cut_short(DeadlinePassedError(guard.name))
            return True
        if guard.budget is not None:
            self._cost = guard.budget.take(timeout=self._timed_out)
            if not self._cost:
                self._cut_short(BudgetExhaustedError(guard.budget.name))
                return True
        self._backoff_since = guard.clock()
        return False

    def end_backoff(self) -> None:
        """Book the back-off, if one was begun."""
        since, self._backoff_since = self._backoff_since, None
        if since is not None:
            self._book("retry", since)

    def _judged(self, verdict: Verdict, permit: Permit) -> tuple[bool | None, Outcome]:
        """What an error means to the circuit and to the limiter; remember a member that failed."""
        if verdict.failure or verdict.timeout:
            self._avoid = {*self._avoid, permit.member}
        if verdict.incident and verdict.failure and not permit.counts(verdict.incident):
            return None, "neutral"
        if verdict.timeout or (verdict.retry and not verdict.failure):
            return (False if verdict.failure else None), "busy"
        return (False, "failure") if verdict.failure else (None, "neutral")

    def _time_left(self, deadline: float, permit: Permit) -> float:
        """Seconds for the attempt; it may have waited for its permit until there are none."""
        guard = self._guard
        left = deadline - guard.clock()
        if left <= 0:
            guard.give_back(permit, None, "neutral")
            self._refused(DeadlinePassedError(guard.name))
        return left

    def _admitted(self) -> Permit:
        """Wait until a call is let in, where that may be waited for; else raise (see `_refused`)."""
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

    def _book(self, what: Wait, since: float) -> None:
        seconds = self._guard.clock() - since
        self._guard.stats.count_wait(what, seconds)
        if self._on_wait is not None:
            self._on_wait(what, seconds)

    def _refused(self, refusal: RejectedError) -> NoReturn:
        """Raise the refusal, or rather the real error if there was one before it; its retry was not made."""
        # Called outside of any `except`, so that the refusal does not replace what the real error was caused by.
        if self._error is None:
            self._guard.stats.count_refusal(refusal, cut_short=False)
            raise refusal
        if self._guard.budget is not None:
            self._guard.budget.give_back(self._cost)
            self._cost = 0
        raise self._cut_short(refusal)

    def _cut_short(self, refusal: RejectedError) -> Exception:
        """Say on the last real error, which is returned, that a refusal ended the operation."""
        error = cast("Exception", self._error)
        mark_cut_short(error, refusal, self.number)
        self._guard.stats.count_refusal(refusal, cut_short=True)
        return error


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


def _raise_the_last_error(state: tenacity.RetryCallState) -> object:
    """What tenacity does when it stops: not an error of its own, but the last attempt's."""
    return cast("tenacity.Future", state.outcome).result()
