"""Custom fees on topics (HIP-991) by the unmodified Python SDK: each refusal at its stage, with its status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hiero_sdk_python import (
    AccountCreateTransaction,
    AccountDeleteTransaction,
    AccountId,
    Client,
    CustomFixedFee,
    Hbar,
    PrivateKey,
    ResponseCode,
    TokenId,
    TopicCreateTransaction,
    TopicInfoQuery,
    TopicMessageSubmitTransaction,
    TopicUpdateTransaction,
    TransactionRecordQuery,
)
from hiero_sdk_python.exceptions import PrecheckError
from hiero_sdk_python.transaction.custom_fee_limit import CustomFeeLimit

KEY, OTHER = PrivateKey.generate_ed25519(), PrivateKey.generate_ecdsa()


def account(client: Client, hbar: int = 0) -> AccountId:
    """A new account, whose key is KEY."""
    created = AccountCreateTransaction().set_key_without_alias(KEY.public_key()).set_initial_balance(Hbar(hbar))
    return created.execute(client).account_id


@pytest.fixture
def collector(client: Client) -> AccountId:
    """Who gets the fees."""
    return account(client)


def fee(collector: AccountId, tinybars: int, token: TokenId | None = None) -> CustomFixedFee:
    return CustomFixedFee(amount=tinybars, denominating_token_id=token, fee_collector_account_id=collector)


def topic_with(client: Client, *fees: CustomFixedFee, **keys: Any) -> Any:
    """A topic with these fees, and KEY for its fee schedule key."""
    keys = {"fee_schedule_key": KEY.public_key(), **keys}
    receipt = TopicCreateTransaction(custom_fees=list(fees), **keys).execute(client)
    assert receipt.status == ResponseCode.SUCCESS
    return receipt.topic_id


def limit(payer: AccountId, *tinybars: int) -> CustomFeeLimit:
    return CustomFeeLimit(payer, [CustomFixedFee(amount=amount) for amount in tinybars])


def test_a_message_pays_and_says_so(client: Client, collector: AccountId) -> None:
    """The record lists the assessed fees, in one transaction (CN: ConsensusSubmitMessageHandler.chargeCustomFees)."""
    topic = topic_with(client, fee(collector, 500), fee(collector, 7))
    info = TopicInfoQuery(topic).execute(client)
    assert [one.amount for one in info.custom_fees] == [500, 7]
    message = TopicMessageSubmitTransaction(topic, "paid").add_custom_fee_limit(limit(client.operator_account_id, 507))
    receipt = message.execute(client)
    assert receipt.status == ResponseCode.SUCCESS
    record = TransactionRecordQuery(receipt.transaction_id, include_children=True).execute(client)
    assert [one.amount for one in record.assessed_custom_fees] == [500, 7]
    assert {one.fee_collector_account_id for one in record.assessed_custom_fees} == {collector}
    assert record.transfers[collector] == 507
    assert record.transfers[AccountId(0, 0, 802)] == record.transaction_fee
    assert sum(record.transfers.values()) == 0
    assert not record.children


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (lambda me: [limit(me)], "INVALID_MAX_CUSTOM_FEES"),
        (lambda me: [limit(me, -1)], "INVALID_MAX_CUSTOM_FEES"),
        (lambda me: [limit(me, 1), limit(me, 2)], "DUPLICATE_ACCOUNT_ID_IN_MAX_CUSTOM_FEE_LIST"),
        (lambda me: [limit(me, 1, 1)], "DUPLICATE_DENOMINATION_IN_MAX_CUSTOM_FEE_LIST"),
    ],
)
def test_limits_are_checked_at_precheck(
    limits: Callable[[AccountId], list[CustomFeeLimit]], expected: str, client: Client, collector: AccountId
) -> None:
    """CN: PreCheckValidator.checkMaxCustomFees, ConsensusSubmitMessageHandler.pureChecks."""
    topic = topic_with(client, fee(collector, 5))
    message = TopicMessageSubmitTransaction(topic, "m").set_custom_fee_limits(limits(client.operator_account_id))
    with pytest.raises(PrecheckError, match=expected):
        message.execute(client)


def test_too_low_a_limit_and_too_little_hbar_are_told_by_the_receipt(client: Client, collector: AccountId) -> None:
    """CN: hip991/TopicCustomFeeSubmitMessageTest."""
    topic = topic_with(client, fee(collector, 5 * 10**8))
    message = TopicMessageSubmitTransaction(topic, "m").add_custom_fee_limit(limit(client.operator_account_id, 5))
    assert message.execute(client).status == ResponseCode.MAX_CUSTOM_FEE_LIMIT_EXCEEDED
    client.set_operator(account(client, hbar=5), KEY)
    receipt = TopicMessageSubmitTransaction(topic, "m").execute(client)
    assert receipt.status == ResponseCode.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda to: {"custom_fees": [fee(to, number) for number in range(1, 12)]}, "CUSTOM_FEES_LIST_TOO_LONG"),
        (lambda to: {"custom_fees": [fee(to, 0)]}, "CUSTOM_FEE_MUST_BE_POSITIVE"),
        (lambda to: {"custom_fees": [fee(to, 1, TokenId(0, 0, 77))]}, "INVALID_TOKEN_ID_IN_CUSTOM_FEES"),
        (lambda to: {"custom_fees": [fee(AccountId(0, 0, 999_999), 1)]}, "INVALID_CUSTOM_FEE_COLLECTOR"),
        (
            lambda to: {"fee_exempt_keys": [PrivateKey.generate_ed25519().public_key() for _ in range(11)]},
            "MAX_ENTRIES_FOR_FEE_EXEMPT_KEY_LIST_EXCEEDED",
        ),
    ],
)
def test_fees_that_cannot_be_are_told_by_the_receipt(
    build: Callable[[AccountId], dict[str, Any]], expected: str, client: Client, collector: AccountId
) -> None:
    """CN: hcs/ConsensusCreateTopicHandler.validateSemantics, not its pureChecks."""
    receipt = TopicCreateTransaction(**build(collector)).execute(client)
    assert ResponseCode(receipt.status).name == expected


def test_a_deleted_collector(client: Client, collector: AccountId) -> None:
    """CN: hip991/TopicCustomFeeUpdateTest."""
    deletion = AccountDeleteTransaction(account_id=collector, transfer_account_id=client.operator_account_id)
    assert deletion.freeze_with(client).sign(KEY).execute(client).status == ResponseCode.SUCCESS
    receipt = TopicCreateTransaction(custom_fees=[fee(collector, 1)]).execute(client)
    assert receipt.status == ResponseCode.ACCOUNT_DELETED


def test_the_fee_schedule_key_alone_is_not_enough(client: Client, collector: AccountId) -> None:
    """The admin key signs too, and where there is none nobody can (CN: hcs/ConsensusUpdateTopicHandler.preHandle)."""

    def change(topic: Any, *signers: PrivateKey) -> int:
        update = TopicUpdateTransaction(topic_id=topic).set_custom_fees([fee(collector, 9)]).freeze_with(client)
        for signer in signers:
            update.sign(signer)
        return update.execute(client).status

    assert change(topic_with(client, fee(collector, 5)), KEY) == ResponseCode.UNAUTHORIZED
    created = TopicCreateTransaction(
        custom_fees=[fee(collector, 5)], fee_schedule_key=KEY.public_key(), admin_key=OTHER.public_key()
    )
    topic = created.freeze_with(client).sign(OTHER).execute(client).topic_id
    assert change(topic, KEY) == ResponseCode.INVALID_SIGNATURE
    assert change(topic, KEY, OTHER) == ResponseCode.SUCCESS
    assert [one.amount for one in TopicInfoQuery(topic).execute(client).custom_fees] == [9]
