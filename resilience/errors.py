"""What a guard raises of its own. Refused here is another thing than failed over there, so it is another type.

    Rejected                 the guard did not let the operation through; nothing was sent
      └─ CircuitOpen         because the circuit breaker is open, or half-open with all its trials taken

Everything else that leaves a guard is the caller's own error, raised by one of his attempts.
"""

from __future__ import annotations

_CUT_SHORT = "_retries_cut_short_by"


class Rejected(Exception):  # noqa: N818 (named by what happened, beside "failed"; it is the error callers catch)
    """The operation was not attempted, because the guard did not let it through. Nothing was sent.

    Attributes:
        name: The name of what refused it.
        retry_after: Seconds until asking again can help; 0.0 when it can help at any time.
    """

    def __init__(self, message: str, *, name: str, retry_after: float) -> None:
        super().__init__(message)
        self.name = name
        self.retry_after = retry_after


class CircuitOpen(Rejected):
    """The circuit breaker refused the call.

    `retry_after` is the rest of the recovery time while the circuit is open. It is 0.0 while the circuit is half-open
    and its trials are all under way: the circuit closes or opens again as soon as one of them ends.
    """

    def __init__(self, name: str, retry_after: float) -> None:
        if retry_after > 0:
            message = f"circuit {name!r} is open, next trial in {retry_after:.1f} s"
        else:
            message = f"circuit {name!r} is half-open, its trial calls are under way"
        super().__init__(message, name=name, retry_after=retry_after)


def mark_cut_short(error: Exception, rejection: CircuitOpen, attempts: int) -> None:
    """Say on `error`, the last real one, that `rejection` kept it from being retried after `attempts` attempts."""
    # A caller may raise one and the same error object again and again; notes on it must not pile up.
    if not hasattr(error, _CUT_SHORT):
        error.add_note(f"not retried after attempt {attempts}: {rejection}")
    setattr(error, _CUT_SHORT, rejection)


def cut_short_by(error: BaseException) -> CircuitOpen | None:
    """Return the refusal that ended an operation's retries before they were used up, or None if none did.

    Args:
        error: What `Guard.run` raised: the last real error. When the circuit opened between two attempts, that error
            also carries a note (PEP 678) that says so.
    """
    rejection = getattr(error, _CUT_SHORT, None)
    return rejection if isinstance(rejection, CircuitOpen) else None
