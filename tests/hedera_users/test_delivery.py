"""Who owns an operation that was handed over."""

from __future__ import annotations

from locust.env import Environment

from typing import Any

import pytest

from hedera_client import Fate, HederaError
from hedera_users.delivery import Delivery
from hedera_users.operation import Operation
from hedera_users.operation_counts import OperationCounts

ERROR = HederaError("BUSY: node 0.0.3", status="BUSY", fate=Fate.RETRYABLE)


@pytest.fixture
def fired() -> list[Any]:
    """The status of each operation that ended."""
    return []


@pytest.fixture
def operation(fired: list[Any]) -> Operation:
    """One that was handed over."""
    environment = Environment()
    environment.events.request.add_listener(lambda context, **_: fired.append(context["record"].status))
    with Operation(environment, OperationCounts(), "hcs.submit") as one:
        one.hand_over()
    return one


def owner(operation: Operation) -> Delivery:
    """Who owns it now."""
    assert operation.delivery is not None
    return operation.delivery


def test_leaving_the_context_ends_nothing_and_the_owner_does(operation: Operation, fired: list[Any]) -> None:
    """Once, and then nothing is left to be sent."""
    assert fired == []
    assert not owner(operation).all_sent.is_set()
    owner(operation).close(ERROR)
    assert fired == ["BUSY"]
    assert owner(operation).all_sent.is_set()


def test_who_has_handed_it_on_ends_nothing(operation: Operation, fired: list[Any]) -> None:
    """The new owner does; who waits for the sending waits for the same event."""
    first = owner(operation)
    second = operation.hand_over()
    first.close(ERROR)
    assert fired == []
    assert not first.all_sent.is_set()
    second.close()
    assert fired == ["SUCCESS"]
    assert first.all_sent.is_set()


def test_only_the_owner_hands_it_on(operation: Operation) -> None:
    """A second owner beside the first would end it twice."""
    first = owner(operation)
    operation.hand_over()
    with pytest.raises(AssertionError):
        first.hand_on()


def test_nobody_waits_for_what_was_handed_over(operation: Operation) -> None:
    """A late look is a part of the latency only while its user waits: `queued` was told of "190 % own waiting"."""
    operation.our_patience(0.3)
    operation.merge([operation.branch()])
    assert operation.record.patience_s == 0.0
    waiting = Operation(Environment(), OperationCounts(), "hcs.submit")
    waiting.our_patience(0.3)
    assert waiting.record.patience_s == 0.3
