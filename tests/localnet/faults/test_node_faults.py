"""Every fault of nodes, clocks and consensus: what the unmodified SDK sees of it, and that it ends in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from hiero_sdk_python import (
    AccountId,
    Client,
    CryptoGetAccountBalanceQuery,
    ResponseCode,
    TopicCreateTransaction,
    TopicMessageSubmitTransaction,
    TransactionGetReceiptQuery,
)
from hiero_sdk_python.exceptions import MaxAttemptsError, PrecheckError

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.faults.control import Faults

WAIT_S = 20.0


@pytest.fixture
def impatient(broken: Localnet, open_client: Callable[[Localnet], Client]) -> Callable[[], Client]:
    """Opens SDK clients that make one attempt and wait half a second; each is fresh, with no node held against it."""

    def open_one() -> Client:
        client = open_client(broken)
        client.set_max_attempts(1)
        client.set_grpc_deadline(0.5)
        client.set_min_backoff(0.01)
        client.set_max_backoff(0.01)
        return client

    return open_one


@pytest.fixture
def topic(broken: Localnet, open_client: Callable[[Localnet], Client]) -> Any:
    """A topic that was made before anything broke."""
    return TopicCreateTransaction().execute(open_client(broken)).topic_id


def submit(client: Client, topic: Any, node: int = 3) -> Any:
    """Submit one message through one node; returns the response without waiting for the receipt."""
    transaction = TopicMessageSubmitTransaction(topic, "hello")
    transaction.set_node_account_ids([AccountId(0, 0, node)])
    return transaction.execute(client, wait_for_receipt=False)


def wait_until_over(faults: Faults, fault_id: str) -> None:
    """Wait until a fault says of itself that it is over."""
    deadline = time.monotonic() + WAIT_S
    while faults.get(fault_id)["state"] != "over":
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["node-down", "node-hang", "node-reset"])
def test_a_broken_node_fails_calls_until_it_is_over(
    kind: str, faults: Faults, impatient: Callable[[], Client], topic: Any
) -> None:
    """The SDK gives up on the node, nothing reaches it, other nodes serve; afterwards it serves again."""
    arrived = faults.ledger()["arrived"]
    fault = faults.add(kind=kind, nodes=["0.0.3"])
    with pytest.raises((MaxAttemptsError, grpc.RpcError)):
        submit(impatient(), topic)
    assert faults.ledger()["arrived"] == arrived
    assert faults.get(fault)["hits"] == 1
    submit(impatient(), topic, node=4)
    faults.remove(fault)
    submit(impatient(), topic)


def test_a_duration_ends_a_fault_by_itself(faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """A fault of half a second begins when it is told to, is over afterwards, and both times are kept."""
    fault = faults.add(kind="node-down", start=0.2, duration=0.5)
    assert faults.get(fault)["state"] == "scheduled"
    submit(impatient(), topic)
    wait_until_over(faults, fault)
    submit(impatient(), topic)
    told = faults.get(fault)
    assert told["started"] < told["ended"]


def test_a_count_ends_a_fault_by_itself(faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """A fault of two hits hits two calls."""
    fault = faults.add(kind="status", status="BUSY", count=2, operations=["submitMessage"])
    for _ in range(2):
        with pytest.raises(MaxAttemptsError):
            submit(impatient(), topic)
    submit(impatient(), topic)
    assert (faults.get(fault)["state"], faults.get(fault)["hits"]) == ("over", 2)


def test_a_share_hits_its_share(faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """Of 60 calls a share of one half hits some and spares some."""
    fault = faults.add(kind="status", status="BUSY", share=0.5, operations=["submitMessage"])
    refused = 0
    for _ in range(60):
        try:
            submit(impatient(), topic)
        except MaxAttemptsError:
            refused += 1
    assert 10 <= refused <= 50
    assert faults.get(fault)["hits"] == refused


@pytest.mark.parametrize("status", ["INVALID_SIGNATURE", "PLATFORM_NOT_ACTIVE", "INSUFFICIENT_TX_FEE"])
def test_any_precheck_status(status: str, faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """The node answers with the status that was asked for, and charges nothing."""
    faults.add(kind="status", status=status)
    with pytest.raises((PrecheckError, MaxAttemptsError)) as error:
        submit(impatient(), topic)
    assert status in str(error.value) + str(error.value.__cause__) + str(getattr(error.value, "last_error", ""))
    faults.clear()
    submit(impatient(), topic)


def test_queries_are_refused_in_their_header(faults: Faults, impatient: Callable[[], Client]) -> None:
    """A status also hits queries, where it is in scope."""
    query = CryptoGetAccountBalanceQuery(AccountId(0, 0, 2))
    faults.add(kind="status", status="BUSY", operations=["cryptoGetBalance"])
    with pytest.raises(MaxAttemptsError):
        query.execute(impatient())
    faults.clear()
    assert query.execute(impatient()).hbars.to_tinybars() > 0


def test_the_platform_creates_no_transaction(faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """The SDK retries PLATFORM_TRANSACTION_NOT_CREATED; with patience it gets through when the fault is over."""
    fault = faults.add(kind="not-created", count=1)
    client = impatient()
    client.set_max_attempts(3)
    assert submit(client, topic).get_receipt(client).status == ResponseCode.SUCCESS
    assert faults.get(fault)["hits"] == 1
    assert faults.ledger()["prechecks"]["CONSENSUSSUBMITMESSAGE"]["PLATFORM_TRANSACTION_NOT_CREATED"] >= 1


def test_a_slow_node_is_slow(faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """A delay beyond the client's patience times out; one below it does not."""
    slow = faults.add(kind="node-slow", delay=5.0)
    with pytest.raises((MaxAttemptsError, grpc.RpcError)):
        submit(impatient(), topic)
    faults.remove(slow)
    faults.add(kind="node-slow", delay=0.01, jitter=0.01)
    submit(impatient(), topic)


def test_a_lost_transaction_never_reaches_consensus(
    faults: Faults, impatient: Callable[[], Client], topic: Any
) -> None:
    """It is accepted, its receipt stays UNKNOWN, and the ledger knows that it was lost; the next one arrives."""
    faults.add(kind="lost", count=1, operations=["submitMessage"])
    client = impatient()
    lost = submit(client, topic)
    with pytest.raises(MaxAttemptsError):
        TransactionGetReceiptQuery(lost.transaction_id).execute(client)
    entry = faults.entry(lost.transaction_id)
    assert (entry["precheck"], entry["status"], entry["consensus"], entry["fault"]) == ("OK", None, None, "lost")
    assert submit(client, topic).get_receipt(client).status == ResponseCode.SUCCESS


@pytest.mark.parametrize("how", ["hang", "reset"])
def test_a_lost_acknowledgement_makes_a_duplicate(
    how: str, faults: Faults, impatient: Callable[[], Client], topic: Any
) -> None:
    """The client sees an error although the message is on the topic; sending it again is DUPLICATE_TRANSACTION."""
    faults.add(kind="ack-lost", how=how, count=1, duration=5.0, operations=["submitMessage"])
    client = impatient()
    transaction = TopicMessageSubmitTransaction(topic, "once").set_node_account_ids([AccountId(0, 0, 3)])
    with pytest.raises((MaxAttemptsError, grpc.RpcError)):
        transaction.execute(client, wait_for_receipt=False)
    again = impatient()
    assert TransactionGetReceiptQuery(transaction.transaction_id).execute(again).status == ResponseCode.SUCCESS
    with pytest.raises(PrecheckError, match="DUPLICATE_TRANSACTION"):
        transaction.execute(again, wait_for_receipt=False)
    entry = faults.entry(transaction.transaction_id)
    assert (entry["status"], entry["ack"], entry["fault"]) == ("SUCCESS", None, "ack-lost")


@pytest.mark.parametrize(("skew", "status"), [(-60.0, "INVALID_TRANSACTION_START"), (300.0, "TRANSACTION_EXPIRED")])
def test_a_wrong_clock(skew: float, status: str, faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """A node behind the time finds transactions too early, one ahead finds them expired; its neighbours do not."""
    fault = faults.add(kind="clock-skew", delay=skew, nodes=["0.0.3"])
    with pytest.raises(PrecheckError, match=status):
        submit(impatient(), topic)
    submit(impatient(), topic, node=4)
    faults.remove(fault)
    submit(impatient(), topic)


def test_a_stall_holds_consensus_back(faults: Faults, impatient: Callable[[], Client], topic: Any) -> None:
    """During a stall receipts stay UNKNOWN; when it is over, what waited reaches consensus."""
    fault = faults.add(kind="stall")
    client = impatient()
    response = submit(client, topic)
    with pytest.raises(MaxAttemptsError):
        TransactionGetReceiptQuery(response.transaction_id).execute(client)
    faults.remove(fault)
    assert TransactionGetReceiptQuery(response.transaction_id).execute(client).status == ResponseCode.SUCCESS
