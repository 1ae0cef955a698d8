"""One operation from its start to its outcome: it opens a record, and closes it exactly once, however it ends."""

from __future__ import annotations

from locust.env import Environment

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from hedera_client import Fate, HederaError
from hedera_users.arrivals import Turn
from hedera_users.baseline import BaselineError
from hedera_users.ledger import Ledger
from reports.records import Arm, OperationRecord, Outcome, SentMessage
from reports.stopwatch import Stopwatch
from resilience import Rejected

STOPPED = "STOPPED"
"""Status of an operation that the end of the run cut off."""


class Mismatch(Exception):  # noqa: N818 (the name says what was found, not that something broke)
    """What was read back is not what was stored."""


class Operation:
    """A context manager around one operation; leaving it settles the outcome and fires Locust's request event.

    Errors of the network and refusals by the guard end here: they are the operation's outcome. Anything else (a killed
    greenlet, a fault in a user's own code) is recorded and goes on.

    Attributes:
        record: What is known so far; open until the context is left.
        watch: Where its time goes; runs while the context is open.
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
        turn: Turn | None = None,
    ) -> None:
        self._environment = environment
        self._ledger = ledger
        self._turn = turn
        self._sent = False
        self._in_doubt = False
        self.watch = Stopwatch()
        self.record = OperationRecord(name, arm=arm, pair=pair, confirm=confirm, size_bytes=size_bytes)

    def __enter__(self) -> Operation:
        record = self.record
        self._counts = self._ledger.opened(record.name, record.arm)
        delay = self._turn.start() if self._turn else 0.0
        record.started_at = time.time()
        record.scheduled_at = record.started_at - delay
        self.watch = Stopwatch(delay)
        return self

    @property
    def succeeded(self) -> bool:
        """Whether it ended well; False while it is open."""
        return self.record.outcome is Outcome.SUCCEEDED

    def sending(self, transaction_id: str) -> None:
        """Note that an attempt is about to leave: from here on the outcome can be unknown."""
        self._sent = True
        self.record.attempts += 1
        if transaction_id and transaction_id not in self.record.transaction_ids:
            self.record.transaction_ids.append(transaction_id)

    def doubt(self) -> None:
        """Note that an attempt may have been accepted although it brought no answer."""
        self._in_doubt = True

    def settled(self) -> None:
        """Note that it is known what became of every attempt so far."""
        self._in_doubt = False

    def message(self, topic_id: str, stream: str, number: int, digest: str) -> SentMessage:
        """Note an HCS message that is about to be sent, for the audit."""
        now = time.time()
        sent = SentMessage(topic_id, stream, number, digest, sent_at=now, due_at=self.record.scheduled_at)
        self.record.messages.append(sent)
        return sent

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a phase, also when it ends in an error."""
        begin = time.perf_counter()
        try:
            with self.watch.segment(name):
                yield
        finally:
            self.add_phase(name, time.perf_counter() - begin)

    def seen(self) -> None:
        """Note that the network was just heard to have its latest message: what the two clocks are compared by."""
        if self.record.messages:
            self.record.messages[-1].seen_at = time.time()

    def add_phase(self, name: str, seconds: float) -> None:
        """Add `seconds` to a phase."""
        phases = self.record.phases_s
        phases[name] = phases.get(name, 0.0) + seconds

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        record = self.record
        record.latency_s = self.watch.stop()
        record.segments_s, record.reached_s = self.watch.segments_s, self.watch.reached_s
        record.outcome, record.status, record.error = self._settle(error)
        for message in record.messages:
            message.acknowledged = record.outcome is Outcome.SUCCEEDED
        self._counts.in_flight -= 1
        self._fire(error if isinstance(error, Exception) else None)
        return isinstance(error, HederaError | Rejected | BaselineError | Mismatch)

    def _settle(self, error: BaseException | None) -> tuple[Outcome, str, str]:
        """Outcome, status and one line for people."""
        if error is None:
            return Outcome.SUCCEEDED, "SUCCESS", ""
        if not isinstance(error, Exception):
            outcome = Outcome.UNKNOWN if self._sent else Outcome.REJECTED
            return outcome, STOPPED, "the run ended before the outcome was known"
        return self._outcome_of(error), _status_of(error), str(error) or type(error).__name__

    def _outcome_of(self, error: Exception) -> Outcome:
        """What is known after an error: an attempt that may have been accepted outweighs a later refusal."""
        if self._in_doubt or (isinstance(error, HederaError) and error.fate is Fate.UNKNOWN):
            return Outcome.UNKNOWN
        if isinstance(error, Rejected) and not self._sent:
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
            exception=(error or OperationNotDone(record.status)) if failed else None,
            context={"record": record},
            start_time=record.started_at,
        )


class OperationNotDone(Exception):  # noqa: N818 (an outcome, shown in Locust's list of failures)
    """Stands in Locust's statistics for an operation that ended without an exception of its own."""


def _status_of(error: Exception) -> str:
    """One word for an error, the network's own where it has one."""
    if isinstance(error, HederaError):
        return error.status
    if isinstance(error, Rejected):
        return "CIRCUIT_OPEN"
    return {BaselineError: "BASELINE_ERROR", Mismatch: "HASH_MISMATCH"}.get(type(error), type(error).__name__)


def _request_type(name: str) -> str:
    """Locust's column `Type`: the service, or APP for a business operation."""
    service, dot, _ = name.partition(".")
    return service.upper() if dot else "APP"
