"""CryptoCreate (CryptoCreateHandler.java: pureChecks at precheck, preHandle and validateSemantics at consensus)."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.aliases import address_of_key, is_address, is_long_zero, key_of_alias, signer_with_address
from localnet.protocol.keys import names_no_key
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import Account
from localnet.state.fees import KEY, extra
from localnet.transactions.account_rules import (
    MAX_ASSOCIATIONS,
    UNLIMITED_ASSOCIATIONS,
    account_key,
    check_staked_id,
    stake,
)
from localnet.transactions.field_checks import MAX_AMOUNT, check_memo, check_renewal_period, proto_key_count
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler

PRICE = 499_000_000
"""Tinycents, one key included."""


class CreateAccount(TransactionHandler):
    """The payer funds the new account; its own key signs only when every receipt of hbar needs its signature."""

    field = "cryptoCreateAccount"
    name = "CRYPTOCREATEACCOUNT"
    receipt_field = "accountID"

    def check(self, data: Any) -> None:
        """Refuse invalid numbers, deprecated fields, no key, and an alias that is neither key nor address."""
        if not data.HasField("autoRenewPeriod") or data.autoRenewPeriod.seconds < 0:
            raise RefusedError(codes.INVALID_RENEWAL_PERIOD)
        if data.shardID.shardNum < 0 or data.realmID.realmNum < 0:
            raise RefusedError(codes.INVALID_ACCOUNT_ID)
        if data.max_automatic_token_associations < UNLIMITED_ASSOCIATIONS:
            raise RefusedError(codes.INVALID_MAX_AUTO_ASSOCIATIONS)
        if data.initialBalance > MAX_AMOUNT:
            raise RefusedError(codes.INVALID_INITIAL_BALANCE)
        if data.sendRecordThreshold > MAX_AMOUNT:
            raise RefusedError(codes.INVALID_SEND_RECORD_THRESHOLD)
        if data.receiveRecordThreshold > MAX_AMOUNT:
            raise RefusedError(codes.INVALID_RECEIVE_RECORD_THRESHOLD)
        if data.HasField("proxyAccountID"):
            raise RefusedError(codes.PROXY_ACCOUNT_ID_FIELD_IS_DEPRECATED)
        if data.alias and not is_address(data.alias) and key_of_alias(data.alias) is None:
            raise RefusedError(codes.INVALID_ALIAS_KEY)
        _check_key_is_there(data)
        if data.delegation_address:  # HIP-1340: code for an account to act by, and there is no code here
            raise RefusedError(codes.NOT_SUPPORTED)

    def price(self, data: Any) -> int:
        """One key is included."""
        return PRICE + extra(proto_key_count(data.key), included=1, price=KEY)

    def debit(self, data: Any, payer: int) -> int:  # noqa: ARG002 (the payer funds it whoever it is)
        """The initial balance."""
        return int(data.initialBalance)

    def handle(self, context: HandleContext) -> None:
        """Create the account and move its initial balance."""
        data = context.data
        _check_signatures(context)
        _check_semantics(context)
        if context.state.accounts[context.payer].balance < data.initialBalance:
            raise RefusedError(codes.INSUFFICIENT_PAYER_BALANCE)
        account = _new_account(context)
        context.state.put_account(account)
        context.effect = copy(account)
        context.create(account.number)
        if data.initialBalance:
            context.move(context.payer, -data.initialBalance)
            context.move(account.number, data.initialBalance)


def _check_key_is_there(data: Any) -> None:
    """The statuses of the ways to give no key."""
    if not data.HasField("key"):
        raise RefusedError(codes.INVALID_ALIAS_KEY if data.alias else codes.KEY_REQUIRED)
    if names_no_key(data.key):
        is_list = data.key.WhichOneof("key") in ("keyList", "thresholdKey")
        raise RefusedError(codes.KEY_REQUIRED if is_list else codes.BAD_ENCODING)


def _check_signatures(context: HandleContext) -> None:
    """An address is the payer's, the new key's, or that of an ECDSA key that signed.

    A key is no alias here: only what the network creates by itself may have one (CN:tok/CryptoCreateHandler.preHandle).
    """
    data = context.data
    if data.alias and not is_address(data.alias):
        raise RefusedError(codes.INVALID_ALIAS_KEY)
    if data.alias:
        payer = context.state.accounts[context.payer]
        proven = data.alias in (address_of_key(payer.key), address_of_key(data.key))
        if not proven and signer_with_address(context.checked.signatures, data.alias) is None:
            raise RefusedError(codes.INVALID_SIGNATURE)
    if data.receiverSigRequired:
        context.require(account_key(data.key))


def _check_semantics(context: HandleContext) -> None:
    data = context.data
    if data.shardID.shardNum or data.realmID.realmNum:
        raise RefusedError(codes.INVALID_ACCOUNT_ID)
    if is_long_zero(data.alias):
        raise RefusedError(codes.INVALID_ALIAS_KEY)
    check_memo(data.memo)
    holder = context.state.account_by_alias(data.alias) if data.alias else None
    if holder is not None and not holder.deleted:
        raise RefusedError(codes.ALIAS_ALREADY_ASSIGNED)
    check_renewal_period(data.autoRenewPeriod.seconds)
    if data.max_automatic_token_associations > MAX_ASSOCIATIONS:
        raise RefusedError(codes.INVALID_MAX_AUTO_ASSOCIATIONS)
    account_key(data.key)
    check_staked_id(data, context.state)  # values that remove a stake in an update mean no stake here
    if data.hook_creation_details:
        raise RefusedError(codes.HOOKS_NOT_ENABLED)


def _new_account(context: HandleContext) -> Account:
    data = context.data
    key = type(data.key)()
    key.CopyFrom(data.key)
    account = Account(
        number=context.state.new_number(),
        key=key,
        compiled=account_key(key),
        balance=0,
        created_ns=context.consensus_ns,
        memo=data.memo,
        auto_renew_period=data.autoRenewPeriod.seconds,
        receiver_signature_required=data.receiverSigRequired,
        max_automatic_token_associations=data.max_automatic_token_associations,
        alias=data.alias,
        expiration_s=context.consensus_s + data.autoRenewPeriod.seconds,
        decline_reward=data.decline_reward,
    )
    stake(account, data, context.consensus_s)
    return account
