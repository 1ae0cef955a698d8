"""One operation from its start to its outcome: a record is opened, built, and closed exactly once, however it ends."""

from __future__ import annotations

from locust.env import Environment

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from types import TracebackType
from typing import Any, Final

from hedera_client import HederaError
from hedera_users.arrivals import Turn
from hedera_users.delivery import Delivery
from hedera_users.doubts import Doubts
from hedera_users.operation_counts import OperationCounts
from hedera_users.outcomes import EXPECTED, for_locust, note_outcome
from records.operation import Arm, OperationRecord, Outcome, SentMessage
from records.stopwatch import NS_PER_S, Stopwatch

ACK: Final = "ack"
CONNECTION: Final = "connection"
_PHASE_OF_WAIT: Final = {"queue": "queue", "limiter": "limiter", "circuit": "circuit_wait", "retry": "retry_wait"}


class Operation:
    """The record of one operation while it is built; a context manager, and leaving it fires Locust's request event.

    Errors of the network and refusals by the guard end here: they are the operation's outcome. Anything else (a killed
    greenlet, a fault in a user's own code) is recorded and goes on.

    An operation that is handed over outlives its context: its time ends there, and its outcome is what its `Delivery`
    is told.

    Attributes:
        record: What is known so far; open until the operation is closed.
        doubts: What may have become of its transactions.
        delivery: Who owns it since it was handed over; None before.
        watch: Where its time goes, from entering the context until it is left or the operation handed over. What is
            done for it after that has a watch of its own, which only tells how long its phases took.
        deadline: When it must have ended, in seconds of `time.monotonic`; None for no such moment.
    """

    def __init__(
        self,
        environment: Environment,
        counts: OperationCounts,
        name: str,
        *,
        arm: Arm | None = None,
        pair: str | None = None,
        confirm: str = "",
        size_bytes: int = 0,
        allowed_s: float | None = None,
        turn: Turn | None = None,
        levels_apart: bool = False,
    ) -> None:
        self._environment = environment
        self._levels_apart = levels_apart
        self._operation_counts = counts
        self._turn = turn
        self._allowed_s = allowed_s
        self.doubts = Doubts()
        self.delivery: Delivery | None = None
        self.deadline: float | None = None
        self.watch: Stopwatch
        self.record = OperationRecord(name, arm=arm, pair=pair, confirm=confirm, size_bytes=size_bytes)

    def __enter__(self) -> Operation:
        record = self.record
        self._counts = self._operation_counts.opened(record.name, record.arm)
        delay = self._turn.start() if self._turn else 0.0
        record.started_at = time.time()
        record.scheduled_at = record.started_at - delay
        if self._allowed_s is not None:
            self.deadline = time.monotonic() + self._allowed_s - delay
        self.watch = Stopwatch(delay)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self.delivery is None:
            self._stop_watch()
            self.close(error)
        return isinstance(error, EXPECTED)

    def close(self, error: BaseException | None = None) -> None:
        """End it, once, with what it ended in; None where it succeeded. For its context, or its delivery, to call."""
        note_outcome(self.record, self.doubts, error)
        self._counts.in_flight -= 1
        self.all_sent()
        tell(self._environment, self.record, error, levels_apart=self._levels_apart)

    @property
    def succeeded(self) -> bool:
        """Whether it ended well; False while it is open."""
        return self.record.outcome is Outcome.SUCCEEDED

    @property
    def accepted(self) -> bool:
        """Whether its caller may go on: it ended well, or was handed over."""
        return self.delivery is not None or self.succeeded

    def branch(self) -> Operation:
        """Return a way for some of its transactions to go while others go on ways of their own.

        A branch's time is measured by a watch of its own, for in one watch no two things happen at once. `merge` takes
        over what became of it.
        """
        branch = copy(self)
        branch.record = OperationRecord(self.record.name, confirm=self.record.confirm)
        branch.record.transaction_ids = self.record.transaction_ids
        branch.watch = Stopwatch()
        return branch

    def merge(self, branches: Collection[Operation]) -> None:
        """Take over attempts, the longest of the branches' own waits, and the phase that ended one of them."""
        record = self.record
        for branch in branches:
            record.attempts += branch.record.attempts
            record.ended_in = branch.record.ended_in or record.ended_in
        self.our_patience(max((branch.record.patience_s for branch in branches), default=0.0))

    def hand_over(self) -> Delivery:
        """End its time here and keep it open: its user goes on, and the owner that is returned will end it.

        What was handed over already is handed on: it has a new owner.
        """
        if self.delivery is None:
            self._stop_watch()
            self.watch = Stopwatch()
            self.delivery = Delivery(self.close)
        else:
            self.delivery = self.delivery.hand_on()
        return self.delivery

    def all_sent(self) -> None:
        """Note that nothing of it is left to be sent."""
        if self.delivery is not None:
            self.delivery.all_sent.set()

    def sending(self, transaction_id: str) -> None:
        """Note that an attempt is about to leave, at which transaction; "" for one that changes nothing."""
        self.doubts.sending(transaction_id)
        record = self.record
        record.attempts += 1
        if transaction_id and transaction_id not in record.transaction_ids:
            record.transaction_ids.append(transaction_id)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One attempt at something that changes nothing: whatever becomes of it, its outcome is never unknown."""
        self.sending("")
        try:
            yield
        except HederaError as error:
            self.doubts.refused(error)
            raise

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

        They stay in their phase, for how many of them it really were is not known. Once it is handed over its time has
        ended: nobody waits any more.
        """
        if self.delivery is None:
            self.record.patience_s += seconds

    def seen(self, sequence_number: int | None) -> None:
        """Note that the network was just heard to have its latest message: what the two clocks are compared by."""
        if self.record.messages:
            message = self.record.messages[-1]
            message.seen_at = time.time()
            message.sequence_number = sequence_number

    def _stop_watch(self) -> None:
        record = self.record
        record.latency_s = self.watch.stop()
        record.segments_s, record.reached_s = self.watch.segments_s, self.watch.reached_s


def tell(
    environment: Environment,
    record: OperationRecord,
    error: BaseException | None = None,
    *,
    levels_apart: bool = False,
) -> None:
    """Fire Locust's request event for an operation that has ended, once.

    Locust's own tables name it `audit-event [hedera]`, and with `levels_apart` `audit-event [hedera, receipt]`: times
    to different confirmation levels in one line would be those of none.
    """
    request_event: Any = environment.events.request
    marks = [mark for mark in (record.arm, record.confirm if levels_apart else "") if mark]
    request_event.fire(
        request_type=_request_type(record.name),
        name=f"{record.name} [{', '.join(marks)}]" if marks else record.name,
        response_time=record.latency_s * 1000,
        response_length=record.size_bytes,
        exception=for_locust(record, error),
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
    operation = Operation(Environment(), OperationCounts(), name, allowed_s=allowed_s)
    operation.watch = Stopwatch()  # it may go without a context, for there is nobody to tell its outcome
    return operation


@lru_cache(maxsize=256)
def _request_type(name: str) -> str:
    """Locust's column `Type`: the service, or APP for a business operation."""
    service, dot, _ = name.partition(".")
    return service.upper() if dot else "APP"
