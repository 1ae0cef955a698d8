"""Expiry, staking and aliases as the unmodified Python SDK sets and reads them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hiero_sdk_python import (
    AccountCreateTransaction,
    AccountId,
    AccountInfoQuery,
    AccountUpdateTransaction,
    Client,
    FileCreateTransaction,
    FileInfoQuery,
    FileUpdateTransaction,
    Hbar,
    PrivateKey,
    ResponseCode,
    Timestamp,
    TopicCreateTransaction,
    TopicInfoQuery,
    TopicUpdateTransaction,
    TransferTransaction,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_S = 86_400
MAX_S = 8_000_001


def in_s(seconds: int) -> Timestamp:
    """So long from now."""
    return Timestamp(int(time.time()) + seconds, 0)


def outcome(transaction: Any, client: Client, *keys: PrivateKey) -> str:
    """The receipt's status of a transaction that others sign too."""
    transaction.freeze_with(client)
    for key in keys:
        transaction.sign(key)
    return str(ResponseCode(transaction.execute(client).status).name)


def create_account(
    client: Client, key: PrivateKey, change: Callable[[Any], Any] = lambda transaction: transaction
) -> Any:
    transaction = AccountCreateTransaction().set_key_without_alias(key.public_key()).set_initial_balance(Hbar(2))
    receipt = change(transaction).execute(client)
    assert receipt.status == ResponseCode.SUCCESS
    return receipt.account_id


def test_what_is_staked_is_told(client: Client) -> None:
    """To a node with the day's beginning, then to an account, then to nobody (CN:AccountSummariesApi)."""
    key = PrivateKey.generate_ed25519()
    account = create_account(client, key, lambda one: one.set_staked_node_id(1).set_decline_staking_reward(True))
    stake = AccountInfoQuery(account).execute(client).staking_info
    assert (stake.staked_node_id, stake.staked_account_id, stake.decline_reward) == (1, None, True)
    assert stake.stake_period_start.seconds % DAY_S == 0
    stakee = create_account(client, key)
    update = AccountUpdateTransaction().set_account_id(account).set_staked_account_id(stakee)
    assert outcome(update.set_decline_staking_reward(False), client, key) == "SUCCESS"
    stake = AccountInfoQuery(account).execute(client).staking_info
    assert (stake.staked_node_id, stake.staked_account_id, stake.decline_reward) == (None, stakee, False)
    assert AccountInfoQuery(stakee).execute(client).staking_info.staked_to_me == Hbar(2)
    clear = AccountUpdateTransaction().set_account_id(account).clear_staked_account_id()
    assert outcome(clear, client, key) == "SUCCESS"
    stake = AccountInfoQuery(account).execute(client).staking_info
    assert (stake.staked_node_id, stake.staked_account_id) == (None, None)
    unknown = AccountUpdateTransaction().set_account_id(account).set_staked_node_id(99)
    assert outcome(unknown, client, key) == "INVALID_STAKING_ID"


def test_accounts_are_extended(client: Client) -> None:
    """To the same time or a later one; not to an earlier, a past or a too late one (CN:ExpiryValidatorImpl)."""
    key = PrivateKey.generate_ed25519()
    account = create_account(client, key)
    present = AccountInfoQuery(account).execute(client).expiration_time

    def extend(to: Timestamp) -> str:
        return outcome(AccountUpdateTransaction().set_account_id(account).set_expiration_time(to), client, key)

    assert extend(present) == "SUCCESS"
    assert extend(Timestamp(present.seconds - 1, 0)) == "EXPIRATION_REDUCTION_NOT_ALLOWED"
    assert extend(in_s(-5)) == extend(in_s(MAX_S + DAY_S)) == "INVALID_EXPIRATION_TIME"
    later = in_s(MAX_S - DAY_S)
    assert extend(later) == "SUCCESS"
    assert AccountInfoQuery(account).execute(client).expiration_time == later


def test_topics_are_extended(client: Client) -> None:
    """As accounts are, by anybody (CN:hcs/ConsensusUpdateTopicHandler)."""
    topic = TopicCreateTransaction().execute(client).topic_id
    present = TopicInfoQuery(topic).execute(client).expiration_time

    def extend(to: Any) -> str:
        return outcome(TopicUpdateTransaction(topic_id=topic, expiration_time=to), client)

    assert extend(Timestamp(present.seconds, 0)) == "SUCCESS"
    assert extend(Timestamp(present.seconds - 1, 0)) == "EXPIRATION_REDUCTION_NOT_ALLOWED"
    assert extend(in_s(-5)) == "INVALID_EXPIRATION_TIME"


def test_a_file_may_expire_tomorrow(client: Client) -> None:
    """When it is created; a new expiry is 30 days away at least (CN:hfs/FileCreateHandler, FileUpdateHandler)."""
    tomorrow = in_s(DAY_S)
    file = FileCreateTransaction(contents=b"x", expiration_time=tomorrow).execute(client).file_id
    assert FileInfoQuery(file).execute(client).expiration_time == tomorrow
    update = FileUpdateTransaction(file_id=file, expiration_time=in_s(2 * DAY_S))
    assert outcome(update, client) == "AUTORENEW_DURATION_NOT_IN_RANGE"
    update = FileUpdateTransaction(file_id=file, expiration_time=in_s(40 * DAY_S))
    assert outcome(update, client) == "SUCCESS"


def test_an_address_is_paid_and_pays(client: Client) -> None:
    """Hbar to an unknown EVM address makes an account, which pays with the key of that address (HIP-583)."""
    key = PrivateKey.generate_ecdsa()
    address = key.public_key().to_evm_address()
    to = AccountId.from_evm_address(address, 0, 0)
    operator = client.operator_account_id
    give = TransferTransaction().add_hbar_transfer(operator, -(3 * 10**8)).add_hbar_transfer(to, 3 * 10**8)
    assert outcome(give, client) == "SUCCESS"
    info = AccountInfoQuery(to).execute(client)
    assert info.contract_account_id == address.to_string()
    client.set_operator(info.account_id, key)
    assert TopicCreateTransaction().execute(client).status == ResponseCode.SUCCESS
    assert AccountInfoQuery(info.account_id).execute(client).key.to_bytes_raw() == key.public_key().to_bytes_raw()
