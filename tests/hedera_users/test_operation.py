"""An operation ends exactly once, whatever ends it, and its record says what is known."""

from __future__ import annotations

from locust.env import Environment

from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import gevent
import pytest
from gevent import GreenletExit
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import Fate, HederaError, MirrorError, PrecheckError, RelayError, TransportError
from hedera_users.baseline import BaselineError
from hedera_users.operation import Operation
from hedera_users.operation_counts import OperationCounts
from hedera_users.outcomes import HashMismatchError, OperationNotDoneError
from records.operation import Arm, OperationRecord, Outcome
from records.statuses import STOPPED
from resilience import CircuitOpenError, QueueFullError


class Observed:
    """A Locust environment whose request events are kept."""

    def __init__(self) -> None:
        self.environment = Environment()
        self.operation_counts = OperationCounts()
        self.fired: list[dict[str, Any]] = []
        self.environment.events.request.add_listener(lambda **event: self.fired.append(event))

    def operation(self, name: str = "hcs.submit", **options: Any) -> Operation:
        """A new operation."""
        return Operation(self.environment, self.operation_counts, name, **options)

    @property
    def record(self) -> OperationRecord:
        """The record of the only event."""
        (event,) = self.fired
        record: OperationRecord = event["context"]["record"]
        return record


@pytest.fixture
def observed() -> Observed:
    """A fresh environment."""
    return Observed()


def hedera_error(fate: Fate, status: str = "BUSY") -> HederaError:
    """An error as the client raises it."""
    return HederaError(f"{status}: node 0.0.3", status=status, fate=fate)


def test_success_is_told_once(observed: Observed) -> None:
    """One event, a success in Locust's statistics, phases that add up, messages acknowledged."""
    with observed.operation(confirm="receipt", size_bytes=5) as operation:
        operation.sending("0.0.2@1.000000001")
        message = operation.message("0.0.9", "0.1", 1, "d")
        with operation.phase("ack"):
            gevent.sleep(0.001)
    record = observed.record
    assert (record.outcome, record.status, record.attempts) == (Outcome.SUCCEEDED, "SUCCESS", 1)
    assert record.phases_s["ack"] >= 0.001
    assert message.acknowledged
    assert observed.fired[0]["exception"] is None
    assert (observed.fired[0]["request_type"], observed.fired[0]["name"]) == ("HCS", "hcs.submit")


def test_waiting_for_a_connection_is_no_part_of_the_nodes_answer(observed: Observed) -> None:
    """A node takes 10 calls per connection: what the eleventh waits is ours, and stands in a phase of its own."""
    with observed.operation() as operation, operation.phase("ack"):
        gevent.sleep(0.03)
        operation.connecting(0.02)
        operation.connecting(3600.0)  # more than there was
    phases, segments = observed.record.phases_s, observed.record.segments_s
    assert phases["connection"] >= 0.03
    assert 0 <= phases["ack"] < 0.03
    assert phases == {name: pytest.approx(segments[name], abs=0.001) for name in ("connection", "ack")}


def test_arms_are_named_apart(observed: Observed) -> None:
    """Locust's own statistics show the arms of a pair as two rows."""
    with observed.operation("audit-event", arm=Arm.BASELINE, pair="p"):
        pass
    assert (observed.fired[0]["request_type"], observed.fired[0]["name"]) == ("APP", "audit-event [baseline]")


@pytest.mark.parametrize(
    ("arm", "confirm", "name"),
    [(Arm.HEDERA, "receipt", "x [hedera, receipt]"), (None, "ack", "x [ack]"), (Arm.BASELINE, "", "x [baseline]")],
)
def test_levels_are_named_apart_where_a_run_has_several(
    observed: Observed, arm: Arm | None, confirm: str, name: str
) -> None:
    """Times to different levels in one line of Locust's statistics would be those of none."""
    with observed.operation("x", arm=arm, confirm=confirm, levels_apart=True):
        pass
    assert observed.fired[0]["name"] == name


@pytest.mark.parametrize(
    ("error", "sent", "outcome", "status"),
    [
        (hedera_error(Fate.FINAL, "INVALID_SIGNATURE"), True, Outcome.FAILED, "INVALID_SIGNATURE"),
        (hedera_error(Fate.RETRYABLE), True, Outcome.FAILED, "BUSY"),
        (hedera_error(Fate.UNKNOWN, "UNAVAILABLE"), True, Outcome.UNKNOWN, "UNAVAILABLE"),
        (CircuitOpenError("0/hcs", 5.0), False, Outcome.REJECTED, "CIRCUIT_OPEN"),
        (CircuitOpenError("0/hfs", 5.0), True, Outcome.FAILED, "CIRCUIT_OPEN"),
        (BaselineError("HTTP 503"), False, Outcome.FAILED, "BASELINE_ERROR"),
        (HashMismatchError("other bytes"), True, Outcome.FAILED, "HASH_MISMATCH"),
    ],
)
def test_an_error_becomes_the_outcome(
    observed: Observed, error: Exception, sent: bool, outcome: Outcome, status: str
) -> None:
    """What the network, the guard or the baseline says ends in the record, not in the user."""
    with observed.operation() as operation:
        if sent:
            operation.sending("0.0.2@1.000000001")
        message = operation.message("0.0.9", "0.1", 1, "d")
        raise error
    assert (observed.record.outcome, observed.record.status) == (outcome, status)
    assert observed.record.error == str(error)
    assert not message.acknowledged
    assert isinstance(observed.fired[0]["exception"], OperationNotDoneError)
    assert str(observed.fired[0]["exception"]).startswith(status)


def test_a_doubt_outweighs_a_later_refusal(observed: Observed) -> None:
    """An attempt that may have been accepted leaves the outcome unknown, until it is known what became of it."""
    with observed.operation() as operation:
        operation.sending("0.0.2@1.000000001")
        operation.doubts.add("0.0.2@1.000000001")
        raise hedera_error(Fate.RETRYABLE, "UNAVAILABLE")
    assert observed.record.outcome is Outcome.UNKNOWN
    with observed.operation() as operation:
        operation.doubts.add("0.0.2@1.000000001")
        operation.doubts.never_happened("0.0.2@1.000000001")
        raise hedera_error(Fate.FINAL, "INVALID_SIGNATURE")
    assert observed.fired[1]["context"]["record"].outcome is Outcome.FAILED


def test_failures_of_one_kind_are_one_row_for_locust(observed: Observed) -> None:
    """Thousands of failures that differ in their transaction ids do not fill Locust's table, its CSV and its memory."""
    for number in range(1_000):
        with observed.operation() as operation, operation.phase("ack"):
            operation.sending(f"0.0.2@{number}.000000001")
            raise TransportError(
                f"UNAVAILABLE: node 0.0.3 did not answer ConsensusSubmitMessage 0.0.2@{number}.000000001",
                status="UNAVAILABLE",
                fate=Fate.UNKNOWN,
                transaction_id=f"0.0.2@{number}.000000001",
            )
    assert {repr(event["exception"]) for event in observed.fired} == {"OperationNotDoneError('UNAVAILABLE in ack')"}
    assert "@7.000000001" in observed.fired[7]["context"]["record"].error


def precheck(number: int) -> Exception:
    """A refusal that names its node and its transaction."""
    text = f"BUSY: node 0.0.{3 + number % 29} refused 0.0.2@{number}.000000001"
    return PrecheckError(text, status="BUSY", fate=Fate.RETRYABLE, node=f"0.0.{3 + number % 29}")


def relay(number: int) -> Exception:
    """What a relay says, with the id under which it keeps the request."""
    return RelayError(f"HTTP_503: [Request ID: {number:08x}] no", status="HTTP_503", fate=Fate.RETRYABLE)


@pytest.mark.parametrize(
    ("error", "phase", "row"),
    [
        (precheck, "ack", "BUSY in ack"),
        (relay, "ack", "HTTP_503 in ack"),
        (lambda n: MirrorError(f"not at {n}", status="NOT_SHOWN", fate=Fate.UNKNOWN), "mirror", "NOT_SHOWN in mirror"),
        (lambda n: HashMismatchError(f"file 0.0.{n} has {n} bytes"), "", "HASH_MISMATCH"),
        (lambda n: BaselineError(f"KeyError: 'order {n}'"), "baseline", "BASELINE_ERROR in baseline"),
        (lambda n: CircuitOpenError(f"0/hcs@0.0.{n}", n / 10), "", "CIRCUIT_OPEN in circuit"),
        (lambda n: QueueFullError("0/hcs", n), "", "QUEUE_FULL in queue"),
        (lambda _: GreenletExit(), "receipt", f"{STOPPED} in receipt"),
    ],
)
def test_so_is_whatever_else_an_operation_ends_in(
    observed: Observed, error: Callable[[int], BaseException], phase: str, row: str
) -> None:
    """By status and place; each text stays in our own record, where it has one."""
    for number in range(1, 101):
        with (
            suppress(GreenletExit),
            observed.operation() as operation,
            operation.phase(phase) if phase else nullcontext(),
        ):
            operation.sending(f"0.0.2@{number}.000000001")
            raise error(number)
    assert {repr(event["exception"]) for event in observed.fired} == {f"OperationNotDoneError({row!r})"}
    texts = {event["context"]["record"].error for event in observed.fired}
    assert len(texts) == (1 if STOPPED in row else 100)


def test_other_peoples_errors_are_recorded_and_go_on(observed: Observed) -> None:
    """A fault in a user's own code fails the operation and still reaches Locust."""
    with pytest.raises(ZeroDivisionError), observed.operation():
        raise ZeroDivisionError
    assert (observed.record.outcome, observed.record.status) == (Outcome.FAILED, "ZeroDivisionError")


@pytest.mark.parametrize(("sent", "outcome"), [(True, Outcome.UNKNOWN), (False, Outcome.REJECTED)])
def test_a_killed_greenlet_closes_its_operation(observed: Observed, sent: bool, outcome: Outcome) -> None:
    """Locust's stop in the middle of an operation: nothing sent is rejected, something sent is unknown."""

    def user() -> None:
        with observed.operation() as operation:
            if sent:
                operation.sending("0.0.2@1.000000001")
            gevent.sleep(60)

    greenlet = gevent.spawn(user)
    gevent.sleep(0)
    assert observed.operation_counts.snapshot()["hcs.submit|"]["in_flight"] == 1
    greenlet.kill()
    assert (observed.record.outcome, observed.record.status) == (outcome, STOPPED)
    assert observed.operation_counts.snapshot()["hcs.submit|"]["in_flight"] == 0


def cut_off(observed: Observed, before: Callable[[Operation], None]) -> OperationRecord:
    """The record of an operation that is killed after `before`."""

    def user() -> None:
        with observed.operation() as operation:
            before(operation)
            gevent.sleep(60)

    greenlet = gevent.spawn(user)
    gevent.sleep(0)
    greenlet.kill()
    return observed.record


def test_what_was_refused_at_every_attempt_has_failed_when_it_is_cut_off(observed: Observed) -> None:
    """BUSY each time, killed in the back-off: nothing may have been accepted, so nothing is unknown."""

    def refused_twice(operation: Operation) -> None:
        for _ in range(2):
            operation.sending("0.0.2@1.000000001")
            operation.doubts.refused(hedera_error(Fate.RETRYABLE, "BUSY"))

    record = cut_off(observed, refused_twice)
    assert (record.outcome, record.status) == (Outcome.FAILED, "BUSY")
    assert "the run ended before another attempt" in record.error


@pytest.mark.parametrize("then", ["doubt", "accepted", "under way"])
def test_a_refusal_does_not_outweigh_what_may_have_been_accepted(observed: Observed, then: str) -> None:
    """An earlier attempt of open fate, an earlier transaction that was accepted, or an attempt that is under way."""

    def attempts(operation: Operation) -> None:
        operation.sending("0.0.2@1.000000001")
        if then == "doubt":
            operation.doubts.add("0.0.2@1.000000001")
        elif then == "accepted":
            operation.doubts.accepted("0.0.2@1.000000001")
        operation.doubts.refused(hedera_error(Fate.RETRYABLE, "BUSY"))
        if then == "under way":
            operation.sending("0.0.2@1.000000001")

    assert cut_off(observed, attempts).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("refused", [False, True])
def test_what_only_asks_is_never_unknown(observed: Observed, refused: bool) -> None:
    """A read that is cut off has changed nothing: in its attempt, or between two of them."""

    def asks(operation: Operation) -> None:
        if refused:
            with suppress(HederaError), operation.reading():
                raise hedera_error(Fate.RETRYABLE, "UNAVAILABLE")
        else:
            reading = operation.reading()
            reading.__enter__()

    record = cut_off(observed, asks)
    assert (record.outcome, record.status) == (Outcome.FAILED, "UNAVAILABLE" if refused else STOPPED)


@given(st.lists(st.sampled_from(["ok", "error", "kill", "leave"]), max_size=30))
def test_the_counts_balance_whatever_happens(endings: list[str]) -> None:
    """Started = ended + in flight, counted independently of the events."""
    observed = Observed()

    def user(ending: str) -> None:
        with observed.operation():
            if ending == "error":
                raise hedera_error(Fate.FINAL)
            if ending in ("kill", "leave"):
                gevent.sleep(60)

    greenlets = [gevent.spawn(user, ending) for ending in endings]
    gevent.sleep(0)
    gevent.killall([g for g, ending in zip(greenlets, endings, strict=True) if ending == "kill"])
    counts = observed.operation_counts.snapshot().get("hcs.submit|", {"started": 0, "in_flight": 0})
    assert counts["started"] == len(endings) == len(observed.fired) + counts["in_flight"]
    assert counts["in_flight"] == endings.count("leave")
    gevent.killall(greenlets)
