"""The unmodified SDK `Client` against the embedded network: what an application would do."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hiero_sdk_python import (
    AccountCreateTransaction,
    AccountId,
    AccountInfoQuery,
    Client,
    CryptoGetAccountBalanceQuery,
    FileAppendTransaction,
    FileContentsQuery,
    FileCreateTransaction,
    FileDeleteTransaction,
    FileInfoQuery,
    FileUpdateTransaction,
    Hbar,
    PrivateKey,
    ResponseCode,
    TokenCreateTransaction,
    TopicCreateTransaction,
    TopicDeleteTransaction,
    TopicInfoQuery,
    TopicMessageQuery,
    TopicMessageSubmitTransaction,
    TopicUpdateTransaction,
    TransactionRecordQuery,
    TransferTransaction,
)
from hiero_sdk_python.crypto.key_list import KeyList
from hiero_sdk_python.exceptions import PrecheckError

if TYPE_CHECKING:
    from tests.localnet.clients import Rest

WAIT_S = 10.0


def create_topic(client: Client, **options: Any) -> Any:
    receipt = TopicCreateTransaction(**options).execute(client)
    assert receipt.status == ResponseCode.SUCCESS
    return receipt.topic_id


def create_account(client: Client, key: PrivateKey, hbar: int = 100) -> Any:
    transaction = AccountCreateTransaction().set_key_without_alias(key.public_key()).set_initial_balance(Hbar(hbar))
    receipt = transaction.execute(client)
    assert receipt.status == ResponseCode.SUCCESS
    return receipt.account_id


def test_long_message_comes_back_over_rest(client: Client, rest: Rest) -> None:
    """A message of 14 chunks, submitted by the SDK, is put together again from the mirror's REST rows."""
    topic_id = create_topic(client, memo="long")
    message = "".join(chr(97 + n % 26) for n in range(14 * 1024 - 100))
    receipt = TopicMessageSubmitTransaction(topic_id, message).execute(client)
    assert receipt.status == ResponseCode.SUCCESS

    status, page = rest(f"/api/v1/topics/{topic_id}/messages?limit=100")
    rows = page["messages"]
    assert status == 200
    assert [row["sequence_number"] for row in rows] == list(range(1, 15))
    assert [row["chunk_info"]["number"] for row in rows] == list(range(1, 15))
    assert {row["chunk_info"]["total"] for row in rows} == {14}
    assert len({str(row["chunk_info"]["initial_transaction_id"]) for row in rows}) == 1
    assert b"".join(base64.b64decode(row["message"]) for row in rows).decode() == message
    assert TopicInfoQuery(topic_id).execute(client).sequence_number == 14


def test_long_message_comes_back_over_the_stream(client: Client) -> None:
    """The SDK's own subscription puts the 14 chunks together again."""
    topic_id = create_topic(client)
    message = "é" * 7_000
    TopicMessageSubmitTransaction(topic_id, message).execute(client)
    arrived, seen = threading.Event(), []

    def on_message(got: Any) -> None:
        seen.append(got)
        arrived.set()

    subscription = TopicMessageQuery(
        topic_id=topic_id, start_time=datetime.now(UTC) - timedelta(minutes=1), chunking_enabled=True
    )
    handle = subscription.subscribe(client, on_message=on_message)
    try:
        assert arrived.wait(WAIT_S)
    finally:
        handle.cancel()
    assert bytes(seen[0].contents).decode() == message


def test_file_in_appends_comes_back(client: Client) -> None:
    """A file created and appended to in several chunks is read back whole, and described."""
    key = client.operator_private_key.public_key()
    content = bytes(n % 251 for n in range(30_000))
    created = FileCreateTransaction(keys=[key], contents=content[:4_000], file_memo="model").execute(client)
    assert created.status == ResponseCode.SUCCESS
    appended = FileAppendTransaction(file_id=created.file_id, contents=content[4_000:]).execute(client)
    assert appended.status == ResponseCode.SUCCESS
    assert FileContentsQuery(file_id=created.file_id).execute(client) == content
    info = FileInfoQuery(file_id=created.file_id).execute(client)
    assert (info.size, info.file_memo, info.is_deleted) == (30_000, "model", False)


def test_file_lives_and_dies(client: Client) -> None:
    """An update replaces the contents; a deleted file keeps its entry and loses its contents."""
    key = client.operator_private_key.public_key()
    file_id = FileCreateTransaction(keys=[key], contents=b"one").execute(client).file_id
    assert FileUpdateTransaction(file_id=file_id, contents=b"two").execute(client).status == ResponseCode.SUCCESS
    assert FileContentsQuery(file_id=file_id).execute(client) == b"two"
    assert FileDeleteTransaction(file_id=file_id).execute(client).status == ResponseCode.SUCCESS
    assert FileContentsQuery(file_id=file_id).execute(client) == b""
    assert FileInfoQuery(file_id=file_id).execute(client).is_deleted
    again = FileAppendTransaction(file_id=file_id, contents=b"x").execute(client)
    assert again.status == ResponseCode.FILE_DELETED


def test_topic_lives_and_dies(client: Client) -> None:
    """A topic is described, changed and deleted; after that it is unknown."""
    admin = client.operator_private_key.public_key()
    topic_id = create_topic(client, memo="before", admin_key=admin)
    updated = TopicUpdateTransaction(topic_id=topic_id, memo="after").execute(client)
    assert updated.status == ResponseCode.SUCCESS
    assert TopicInfoQuery(topic_id).execute(client).memo == "after"
    assert TopicDeleteTransaction(topic_id=topic_id).execute(client).status == ResponseCode.SUCCESS
    receipt = TopicMessageSubmitTransaction(topic_id, "too late").execute(client)
    assert receipt.status == ResponseCode.INVALID_TOPIC_ID
    with pytest.raises(PrecheckError, match="INVALID_TOPIC_ID"):
        TopicInfoQuery(topic_id).execute(client)


@pytest.mark.parametrize("generate", [PrivateKey.generate_ed25519, PrivateKey.generate_ecdsa])
def test_accounts_of_both_kinds_pay_and_receive(client: Client, generate: Callable[[], PrivateKey]) -> None:
    """An account with an Ed25519 or an ECDSA key signs for itself: it pays for a topic and sends hbar."""
    key = generate()
    account_id = create_account(client, key, hbar=50)
    assert AccountInfoQuery(account_id).execute(client).key.to_bytes_raw() == key.public_key().to_bytes_raw()
    operator_id, operator_key = client.operator_account_id, client.operator_private_key
    client.set_operator(account_id, key)
    create_topic(client)
    transfer = TransferTransaction().add_hbar_transfer(account_id, -5 * 10**8).add_hbar_transfer(operator_id, 5 * 10**8)
    record = TransactionRecordQuery(transfer.execute(client).transaction_id).execute(client)
    assert sum(record.transfers.values()) == 0
    assert record.transfers[account_id] == -5 * 10**8 - record.transaction_fee
    client.set_operator(operator_id, operator_key)
    balance = CryptoGetAccountBalanceQuery(account_id).execute(client).hbars
    assert Hbar(44) < balance < Hbar(45)


def test_key_lists_and_thresholds_are_enforced(client: Client) -> None:
    """A topic with a 2-of-3 submit key takes a message that two have signed, and refuses one that one has signed."""
    holders = [PrivateKey.generate_ed25519(), PrivateKey.generate_ecdsa(), PrivateKey.generate_ed25519()]
    submit_key = KeyList([holder.public_key() for holder in holders], threshold=2)
    topic_id = create_topic(client, submit_key=submit_key)

    def submit(*signers: PrivateKey) -> Any:
        transaction = TopicMessageSubmitTransaction(topic_id, "hello").freeze_with(client)
        for signer in signers:
            transaction.sign(signer)
        return transaction.execute(client).status

    assert submit(holders[0]) == ResponseCode.INVALID_SIGNATURE
    assert submit(holders[0], holders[1]) == ResponseCode.SUCCESS
    assert submit(holders[1], holders[2]) == ResponseCode.SUCCESS


@pytest.mark.parametrize(
    "build",
    [
        lambda client: (
            TokenCreateTransaction()
            .set_token_name("coin")
            .set_token_symbol("C")
            .set_treasury_account_id(client.operator_account_id)
        ),
        lambda client: (
            TransferTransaction()
            .add_hbar_transfer(client.operator_account_id, -1)
            .add_hbar_transfer(AccountId(0, 0, 2), 1)
            .schedule()
        ),
    ],
    ids=["token", "schedule"],
)
def test_what_is_not_built_says_so(client: Client, build: Callable[[Client], Any]) -> None:
    """Tokens and schedules are answered with the network's own status, not with a gRPC error."""
    with pytest.raises(PrecheckError, match="NOT_SUPPORTED"):
        build(client).execute(client)


def test_record_tells_the_fee(client: Client) -> None:
    """A record's transfers sum to zero, and the payer's part is the fee."""
    topic_id = create_topic(client)
    receipt = TopicMessageSubmitTransaction(topic_id, "x" * 100).execute(client)
    record = TransactionRecordQuery(receipt.transaction_id).execute(client)
    assert record.receipt.status == ResponseCode.SUCCESS
    assert sum(record.transfers.values()) == 0
    assert -record.transfers[client.operator_account_id] == record.transaction_fee > 0


def test_sdk_waits_for_consensus(start: Callable[..., Any], open_client: Callable[..., Client]) -> None:
    """With a delay, the SDK's receipt polling sees UNKNOWN until consensus and then the topic."""
    client = open_client(start("--consensus-delay", "0.3", "--mirror-lag", "0"))
    began = time.monotonic()
    create_topic(client)
    assert time.monotonic() - began >= 0.3
