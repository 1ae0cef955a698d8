"""What a guard raises of its own. Refused here is another thing than failed over there, so it is another type.

    RejectedError                 the guard did not let the operation through; nothing was sent
      ├─ CircuitOpenError         CIRCUIT_OPEN      all members' circuits are open, or half-open with all trials taken
      ├─ RateLimitedError         RATE_LIMITED      the limiter says wait, and there is no queue to wait in
      ├─ QueueFullError           QUEUE_FULL        the queue holds as many operations as it may
      ├─ QueueExpiredError        QUEUE_EXPIRED     it waited in the queue for as long as an operation may
      ├─ QueueLeftError           QUEUE_LEFT        it was still in the queue when the run ended
      ├─ BudgetExhaustedError     BUDGET_EXHAUSTED  too many retries lately (only ever marks another error, see below)
      └─ DeadlinePassedError      DEADLINE_PASSED   its own time was up

Everything else that leaves a guard is the caller's own error, raised by one of his attempts. When one of the above kept
an operation from a further attempt, its last real error is raised, and `cut_short_by` tells which.
"""

from __future__ import annotations

from typing import ClassVar

_CUT_SHORT = "_retries_cut_short_by"


class RejectedError(Exception):
    """The operation was not attempted, because the guard did not let it through. Nothing was sent.

    Attributes:
        kind: The status word of this kind of refusal, for counts and reports.
        name: The name of what refused it.
        retry_after: Seconds until asking again can help; 0.0 when it can help at any time.
    """

    kind: ClassVar[str] = "REJECTED"

    def __init__(self, message: str, *, name: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.name = name
        self.retry_after = retry_after


class CircuitOpenError(RejectedError):
    """The circuit breakers refused the call.

    `retry_after` is the rest of the recovery time while the circuit is open. It is 0.0 while the circuit is half-open
    and its trials are all under way: the circuit closes or opens again as soon as one of them ends.
    """

    kind = "CIRCUIT_OPEN"

    def __init__(self, name: str, retry_after: float) -> None:
        if retry_after > 0:
            message = f"circuit {name!r} is open, next trial in {retry_after:.1f} s"
        else:
            message = f"circuit {name!r} is half-open, its trial calls are under way"
        super().__init__(message, name=name, retry_after=retry_after)


class RateLimitedError(RejectedError):
    """The limiter says wait. `retry_after` is the time after which it is worth asking again."""

    kind = "RATE_LIMITED"

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"limiter {name!r} says wait {retry_after:.3f} s", name=name, retry_after=retry_after)


class QueueFullError(RejectedError):
    """The queue is full: the operation was turned away at once."""

    kind = "QUEUE_FULL"

    def __init__(self, name: str, capacity: int) -> None:
        super().__init__(f"queue {name!r} is full with {capacity} operations", name=name)


class QueueExpiredError(RejectedError):
    """The operation grew too old in the queue."""

    kind = "QUEUE_EXPIRED"

    def __init__(self, name: str, max_age_s: float) -> None:
        super().__init__(f"waited {max_age_s:g} s in queue {name!r} in vain", name=name)


class QueueLeftError(RejectedError):
    """The queue was closed while the operation waited, or before it came."""

    kind = "QUEUE_LEFT"

    def __init__(self, name: str) -> None:
        super().__init__(f"queue {name!r} was closed", name=name)


class BudgetExhaustedError(RejectedError):
    """The retry budget does not hold what this retry costs."""

    kind = "BUDGET_EXHAUSTED"

    def __init__(self, name: str) -> None:
        super().__init__(f"the retry budget of {name!r} is spent", name=name)


class DeadlinePassedError(RejectedError):
    """The operation's deadline has passed, or would pass during the back-off before its next attempt."""

    kind = "DEADLINE_PASSED"

    def __init__(self, name: str) -> None:
        super().__init__(f"the deadline of an operation on {name!r} leaves no time for an attempt", name=name)


def mark_cut_short(error: Exception, rejection: RejectedError, attempts: int) -> None:
    """Say on `error`, the last real one, that `rejection` kept it from being retried after `attempts` attempts."""
    # A caller may raise one and the same error object again and again; notes on it must not pile up.
    if not hasattr(error, _CUT_SHORT):
        error.add_note(f"not retried after attempt {attempts}: {rejection}")
    setattr(error, _CUT_SHORT, rejection)


def cut_short_by(error: BaseException) -> RejectedError | None:
    """Return the refusal that ended an operation's retries before they were used up, or None if none did.

    Args:
        error: What `Guard.run` raised: the last real error. When it was cut short, it also carries a note (PEP 678)
            that says so.
    """
    rejection = getattr(error, _CUT_SHORT, None)
    return rejection if isinstance(rejection, RejectedError) else None
