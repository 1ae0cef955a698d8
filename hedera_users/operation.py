"""One operation from its start to its outcome: it opens a record, and closes it exactly once, however it ends."""

from __future__ import annotations

from locust.env import Environment

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any, Final

from gevent.event import Event

from hedera_client import Fate, HederaError
from hedera_users.arrivals import Turn
from hedera_users.baseline import BaselineError
from hedera_users.ledger import Ledger
from records.operation import Arm, OperationRecord, Outcome, SentMessage
from records.statuses import STOPPED, SUCCESS
from records.stopwatch import NS_PER_S, Stopwatch
from resilience import RejectedError

ACK: Final = "ack"
CONNECTION: Final = "connection"


class HashMismatchError(Exception):
    """What was read back is not what was stored."""


EXPECTED: Final = (HederaError, RejectedError, BaselineError, HashMismatchError)
"""Errors that are an operation's outcome; any other is a fault in somebody's code."""

_LAYERS: Final = {
    "CIRCUIT_OPEN": "circuit",
    "RATE_LIMITED": "limiter",
    "QUEUE_FULL": "queue",
    "QUEUE_EXPIRED": "queue",
    "QUEUE_LEFT": "queue",
    "DEADLINE_PASSED": "deadline",
}
_PHASE_OF_WAIT: Final = {"queue": "queue", "limiter": "limiter", "circuit": "circuit_wait", "retry": "retry_wait"}


class Operation:
    """A context manager around one operation; leaving it settles the outcome and fires Locust's request event.

    Errors of the network and refusals by the guard end here: they are the operation's outcome. Anything else (a killed
    greenlet, a fault in a user's own code) is recorded and goes on.

    An operation that is handed over (`hand_over`) outlives its context: its time ends there, its outcome is what
    `close` is told later.

    Attributes:
        record: What is known so far; open until the operation is closed.
        watch: Where its time goes, from entering the context until it is left or the operation handed over. What is
            done for it after that has a watch of its own, which only tells how long its phases took.
        deadline: When it must have ended, in seconds of `time.monotonic`; None for no such moment.
        passed: Set when nothing of a handed-over operation is left to be sent, or it has ended; what must not overtake
            it waits for this. None while it is not handed over.
    """

    def __init__(
        self,
        environment: Environment,
        ledger: Ledger,
        name: str,
        *,
        arm: Arm | None = None,
        pair: str | None = None,
        confirm: str = "",
        size_bytes: int = 0,
        allowed_s: float | None = None,
        turn: Turn | None = None,
    ) -> None:
        self._environment = environment
        self._ledger = ledger
        self._turn = turn
        self._sent = False
        self._may_have_happened = False  # some attempt was accepted, or is under way, or its fate is open
        self._accepted = False
        self._last_refusal: HederaError | None = None
        self._in_doubt: set[str] = set()
        self._allowed_s = allowed_s
        self._hands = 0  # how often it was handed over; whoever has it last closes it
        self.passed: Event | None = None
        self.deadline: float | None = None
        self.watch: Stopwatch
        self.record = OperationRecord(name, arm=arm, pair=pair, confirm=confirm, size_bytes=size_bytes)

    def __enter__(self) -> Operation:
        record = self.record
        self._counts = self._ledger.opened(record.name, record.arm)
        delay = self._turn.start() if self._turn else 0.0
        record.started_at = time.time()
        record.scheduled_at = record.started_at - delay
        if self._allowed_s is not None:
            self.deadline = time.monotonic() + self._allowed_s - delay
        self.watch = Stopwatch(delay)
        return self

    @property
    def succeeded(self) -> bool:
        """Whether it ended well; False while it is open."""
        return self.record.outcome is Outcome.SUCCEEDED

    @property
    def accepted(self) -> bool:
        """Whether its caller may go on: it ended well, or was handed over."""
        return self._hands > 0 or self.succeeded

    def sending(self, transaction_id: str) -> None:
        """Note that an attempt is about to leave. One that names a transaction may be accepted from here on."""
        self._sent = True
        if transaction_id:
            self._may_have_happened = True
        self.record.attempts += 1
        if transaction_id and transaction_id not in self.record.transaction_ids:
            self.record.transaction_ids.append(transaction_id)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One attempt at something that changes nothing: whatever becomes of it, its outcome is never unknown."""
        self.sending("")
        try:
            yield
        except HederaError as error:
            self.refused(error)
            raise

    @property
    def underway(self) -> bool:
        """Whether anything of it has been sent: what follows belongs to an operation that was let in."""
        return self._sent

    def refused(self, error: HederaError) -> None:
        """Note that the attempt that was just made has surely not been accepted, and by which error that is known."""
        self._last_refusal = error
        self._may_have_happened = self._accepted or bool(self._in_doubt)

    def taken(self) -> None:
        """Note that a node has accepted a transaction of it: it may take effect, whatever happens to its caller."""
        self._accepted = self._may_have_happened = True

    def doubt(self, transaction_id: str) -> None:
        """Note that an attempt may have been accepted although it brought no answer."""
        self._in_doubt.add(transaction_id)

    def settled(self, transaction_id: str) -> None:
        """Note that it is known what became of every attempt at this transaction."""
        self._in_doubt.discard(transaction_id)
        self._may_have_happened = self._accepted or bool(self._in_doubt)

    def in_doubt(self, transaction_id: str) -> bool:
        """Whether an attempt at this transaction may have been accepted."""
        return transaction_id in self._in_doubt

    def message(self, topic_id: str, stream: str, number: int, digest: str) -> SentMessage:
        """Note an HCS message that is about to be sent, for the audit."""
        now = time.time()
        sent = SentMessage(topic_id, stream, number, digest, sent_at=now, due_at=self.record.scheduled_at)
        self.record.messages.append(sent)
        return sent

    def phase(self, name: str) -> Phase:
        """Add the time spent inside to a phase; when it ends in an error, this is the phase that ended it, so far."""
        return Phase((self, name))

    def waited(self, what: str, seconds: float) -> None:
        """Book time that has just been spent waiting: `queue`, `limiter`, `circuit` or `retry`."""
        self.watch.claim(_PHASE_OF_WAIT[what], seconds)

    def connecting(self, seconds: float) -> None:
        """Book time that the call just made to a node waited for a connection: it is no part of the node's answer.

        To be called within the phase `ack`.
        """
        seconds = self.watch.claim(CONNECTION, seconds)
        phases = self.record.phases_s
        phases[CONNECTION] = phases.get(CONNECTION, 0.0) + seconds
        phases[ACK] = phases.get(ACK, 0.0) - seconds  # which the phase's end will add

    def our_patience(self, seconds: float) -> None:
        """Note that up to so many seconds of what has just passed were not the network's, for we looked late.

        They stay in their phase, for how many of them it really were is not known.
        """
        self.record.patience_s += seconds

    def seen(self, sequence_number: int | None) -> None:
        """Note that the network was just heard to have its latest message: what the two clocks are compared by."""
        if self.record.messages:
            message = self.record.messages[-1]
            message.seen_at = time.time()
            message.sequence_number = sequence_number

    def hand_over(self) -> int:
        """End its time here and keep it open: its user goes on, and `close` will tell how it ended.

        It may be handed on, e.g. by a delivery that is cut off to whoever clears away behind it.

        Returns:
            The hand that now holds it, for `close`.
        """
        self._hands += 1
        if self.passed is None:
            self.passed = Event()
            self._stop_watch()
            self.watch = Stopwatch()
        return self._hands

    def passed_on(self) -> None:
        """Note that nothing of it is left to be sent."""
        if self.passed is not None:
            self.passed.set()

    def close(self, error: BaseException | None = None, hand: int = 0) -> None:
        """Settle it; `error` is what it ended in.

        Args:
            error: None where it succeeded.
            hand: Who closes it: what `hand_over` returned. A hand that has handed it on has nothing to close.
        """
        if hand != self._hands:
            return
        record = self.record
        if error is None:
            record.outcome, record.status, record.ended_in = Outcome.SUCCEEDED, SUCCESS, ""
        else:
            record.outcome, record.status, record.error = self._settle(error)
            record.ended_in = _ended_in(error) or record.ended_in
        for message in record.messages:
            message.acknowledged = record.outcome is Outcome.SUCCEEDED
        self._counts.in_flight -= 1
        self.passed_on()
        self._fire(error if isinstance(error, Exception) else None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not self._hands:
            self._stop_watch()
            self.close(error)
        return isinstance(error, EXPECTED)

    def _stop_watch(self) -> None:
        record = self.record
        record.latency_s = self.watch.stop()
        record.segments_s, record.reached_s = self.watch.segments_s, self.watch.reached_s

    def _settle(self, error: BaseException) -> tuple[Outcome, str, str]:
        """Outcome, status and one line for people."""
        if isinstance(error, Exception):
            return self._outcome_of(error), _status_of(error), str(error) or type(error).__name__
        refusal = self._last_refusal
        if self._may_have_happened or not self._sent:
            outcome = Outcome.UNKNOWN if self._sent else Outcome.REJECTED
            return outcome, STOPPED, "the run ended before the outcome was known"
        if refusal is None:
            return Outcome.FAILED, STOPPED, "the run ended before the answer came; nothing was changed"
        return Outcome.FAILED, refusal.status, f"the run ended before another attempt; the last one: {refusal}"

    def _outcome_of(self, error: Exception) -> Outcome:
        """What is known after an error: an attempt that may have been accepted outweighs a later refusal."""
        if self._in_doubt or (isinstance(error, HederaError) and error.fate is Fate.UNKNOWN):
            return Outcome.UNKNOWN
        if isinstance(error, RejectedError) and not self._sent:
            return Outcome.REJECTED
        return Outcome.FAILED

    def _fire(self, error: Exception | None) -> None:
        record = self.record
        failed = record.outcome is not Outcome.SUCCEEDED
        request_event: Any = self._environment.events.request
        request_event.fire(
            request_type=_request_type(record.name),
            name=f"{record.name} [{record.arm}]" if record.arm else record.name,
            response_time=record.latency_s * 1000,
            response_length=record.size_bytes,
            exception=_for_locust(record, error) if failed else None,
            context={"record": record},
            start_time=record.started_at,
        )


class Phase(tuple[Operation, str]):
    """The time that an operation spends in one of its phases; a context manager. `Operation.phase` makes it."""

    __slots__ = ()

    def __enter__(self) -> None:
        operation, name = self
        operation.watch.enter(name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        operation, name = self
        record = operation.record
        if error is not None:
            record.ended_in = name
        record.phases_s[name] = record.phases_s.get(name, 0.0) + operation.watch.leave() / NS_PER_S


def uncounted(name: str, allowed_s: float | None = None) -> Operation:
    """Return an operation that is no part of the load: it goes the way of every other, and nobody counts it.

    Args:
        name: What it is for.
        allowed_s: Seconds that it may take; None for no limit.
    """
    operation = Operation(Environment(), Ledger(), name, allowed_s=allowed_s)
    operation.watch = Stopwatch()  # it may go without a context, for there is nobody to tell its outcome
    return operation


class OperationNotDoneError(Exception):
    """Stands in Locust's statistics for what an operation ended in.

    Locust keeps a row for every text that it is given. Transaction ids and addresses stand in our own record; here the
    text is the status and where it was met, so that a thousand failures of one kind are one row.
    """


def _for_locust(record: OperationRecord, error: Exception | None) -> Exception:
    """What Locust is told: the outcome by its kind; faults in somebody's code as they are."""
    if error is not None and not isinstance(error, EXPECTED):
        return error
    place = f" in {record.ended_in}" if record.ended_in else ""
    return OperationNotDoneError(f"{record.status}{place}")


def _status_of(error: Exception) -> str:
    """One word for an error, the network's own where it has one."""
    if isinstance(error, HederaError):
        return error.status
    if isinstance(error, RejectedError):
        return error.kind
    return {BaselineError: "BASELINE_ERROR", HashMismatchError: "HASH_MISMATCH"}.get(type(error), type(error).__name__)


def _ended_in(error: BaseException | None) -> str:
    """The layer that refused an operation; "" for an error of a phase, which notes itself."""
    return _LAYERS.get(error.kind, "") if isinstance(error, RejectedError) else ""


@lru_cache(maxsize=256)
def _request_type(name: str) -> str:
    """Locust's column `Type`: the service, or APP for a business operation."""
    service, dot, _ = name.partition(".")
    return service.upper() if dot else "APP"
