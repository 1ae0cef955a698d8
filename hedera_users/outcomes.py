"""What an operation ended in, as outcome, status and place, and as Locust is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hedera_client import Fate, HederaError
from hedera_users.application_ways import ApplicationError
from hedera_users.baseline import BaselineError
from hedera_users.doubts import Doubts
from records.operation import OperationRecord, Outcome
from records.statuses import STOPPED, SUCCESS
from resilience import RejectedError


class HashMismatchError(Exception):
    """What was read back is not what was stored."""


class NotFoundError(Exception):
    """What was looked for is not there."""


class OperationNotDoneError(Exception):
    """Stands in Locust's statistics for what an operation ended in.

    Locust keeps a row for every text that it is given. Transaction ids and addresses stand in our own record; here the
    text is the status and where it was met, so that a thousand failures of one kind are one row.
    """


EXPECTED: Final = (HederaError, RejectedError, BaselineError, ApplicationError, HashMismatchError, NotFoundError)
"""Errors that are an operation's outcome; any other is a fault in somebody's code."""

_WORDS: Final[Mapping[type[Exception], str]] = {
    BaselineError: "BASELINE_ERROR",
    ApplicationError: "APPLICATION_ERROR",
    HashMismatchError: "HASH_MISMATCH",
    NotFoundError: "NOT_FOUND",
}

_LAYERS: Final = {
    "CIRCUIT_OPEN": "circuit",
    "RATE_LIMITED": "limiter",
    "QUEUE_FULL": "queue",
    "QUEUE_EXPIRED": "queue",
    "QUEUE_LEFT": "queue",
    "DEADLINE_PASSED": "deadline",
}


def note_outcome(record: OperationRecord, doubts: Doubts, error: BaseException | None) -> None:
    """Write into a record what its operation ended in; `error` is None where it succeeded."""
    if error is None:
        record.outcome, record.status, record.ended_in = Outcome.SUCCEEDED, SUCCESS, ""
    elif isinstance(error, Exception):
        record.outcome, record.status = _outcome_of(error, doubts), _status_of(error)
        record.error = str(error) or type(error).__name__
        if isinstance(error, RejectedError):  # a layer of ours; a phase notes itself
            record.ended_in = _LAYERS.get(error.kind, record.ended_in)
    else:
        record.outcome, record.status, record.error = _cut_off(doubts)
    for message in record.messages:
        message.acknowledged = record.outcome is Outcome.SUCCEEDED


def for_locust(record: OperationRecord, error: BaseException | None) -> Exception | None:
    """What Locust is told: the outcome by its kind; faults in somebody's code as they are; None for a success."""
    if record.outcome is Outcome.SUCCEEDED:
        return None
    if isinstance(error, Exception) and not isinstance(error, EXPECTED):
        return error
    place = f" in {record.ended_in}" if record.ended_in else ""
    return OperationNotDoneError(f"{record.status}{place}")


def _outcome_of(error: Exception, doubts: Doubts) -> Outcome:
    """What is known after an error: an attempt that may have been accepted outweighs a later refusal."""
    if doubts.any or (isinstance(error, HederaError) and error.fate is Fate.UNKNOWN):
        return Outcome.UNKNOWN
    if isinstance(error, RejectedError) and not doubts.sent:
        return Outcome.REJECTED
    return Outcome.FAILED


def _cut_off(doubts: Doubts) -> tuple[Outcome, str, str]:
    """Outcome, status and one line for people, of what was killed at the end of the run."""
    refusal = doubts.last_refusal
    if not doubts.sent:
        return Outcome.REJECTED, STOPPED, "the run ended before the outcome was known"
    if doubts.may_have_happened:
        return Outcome.UNKNOWN, STOPPED, "the run ended before the outcome was known"
    if refusal is None:
        return Outcome.FAILED, STOPPED, "the run ended before the answer came; nothing was changed"
    return Outcome.FAILED, refusal.status, f"the run ended before another attempt; the last one: {refusal}"


def _status_of(error: Exception) -> str:
    """One word for an error, the network's own where it has one."""
    if isinstance(error, HederaError):
        return error.status
    if isinstance(error, RejectedError):
        return error.kind
    return _WORDS.get(type(error), type(error).__name__)
