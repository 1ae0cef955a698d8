"""CryptoUpdate (CryptoUpdateHandler.java: pureChecks at precheck, preHandle and validateSemantics at consensus)."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.ids import account_number
from localnet.protocol.keys import CompiledKey, names_no_key
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import NO_NODE, Account
from localnet.state.fees import KEY, extra
from localnet.transactions.account_rules import (
    MAX_ASSOCIATIONS,
    UNLIMITED_ASSOCIATIONS,
    account_key,
    check_staked_id,
    named_account,
    require_owner,
    stake,
)
from localnet.transactions.field_checks import check_memo, check_new_expiry, check_renewal_period, proto_key_count
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler


class UpdateAccount(TransactionHandler):
    """The account's key signs, and a new key besides."""

    field = "cryptoUpdateAccount"
    name = "CRYPTOUPDATEACCOUNT"

    def check(self, data: Any) -> None:
        """Refuse a missing account id and deprecated fields."""
        if not data.HasField("accountIDToUpdate"):
            raise RefusedError(codes.ACCOUNT_ID_DOES_NOT_EXIST)
        if data.proxyAccountID.ByteSize():
            raise RefusedError(codes.PROXY_ACCOUNT_ID_FIELD_IS_DEPRECATED)
        if data.delegation_address:  # HIP-1340: code for an account to act by, and there is no code here
            raise RefusedError(codes.NOT_SUPPORTED)

    def price(self, data: Any) -> int:
        """One key is included."""
        return 1_200_000 + extra(proto_key_count(data.key), included=1, price=KEY)

    def handle(self, context: HandleContext) -> None:
        """Change the account."""
        data = context.data
        account = named_account(context.state, data.accountIDToUpdate)
        context.entity = account.number
        new_key = _new_key(data)
        require_owner(context, account)
        if new_key is not None:
            context.require(new_key)
        if account.deleted:
            raise RefusedError(codes.ACCOUNT_DELETED)
        _check(context, account)
        changed = _changed(context, account)
        context.state.put_account(changed)
        context.effect = copy(changed)


def _new_key(data: Any) -> CompiledKey | None:
    """The new key, if there is one; an account cannot have the empty key list."""
    if not data.HasField("key"):
        return None
    if names_no_key(data.key):
        raise RefusedError(codes.INVALID_ADMIN_KEY)
    return account_key(data.key)


def _check(context: HandleContext, account: Account) -> None:
    data = context.data
    if data.HasField("memo"):
        check_memo(data.memo.value)
    if data.HasField("autoRenewPeriod"):
        check_renewal_period(data.autoRenewPeriod.seconds)
    if not _takes_stake_away(data):
        check_staked_id(data, context.state)
    if data.HasField("expirationTime"):
        check_new_expiry(data.expirationTime.seconds, account.expiration_s, context.consensus_s)
    associations = data.max_automatic_token_associations.value
    if associations < UNLIMITED_ASSOCIATIONS:
        raise RefusedError(codes.INVALID_MAX_AUTO_ASSOCIATIONS)
    if associations > MAX_ASSOCIATIONS:
        raise RefusedError(codes.REQUESTED_NUM_AUTOMATIC_ASSOCIATIONS_EXCEEDS_ASSOCIATION_LIMIT)
    if data.hook_creation_details or data.hook_ids_to_delete:
        raise RefusedError(codes.HOOKS_NOT_ENABLED)


def _takes_stake_away(data: Any) -> bool:
    """Account 0.0.0 and node -1 mean none."""
    kind = data.WhichOneof("staked_id")
    if kind == "staked_account_id":
        return account_number(data.staked_account_id) == 0
    return kind == "staked_node_id" and bool(data.staked_node_id == NO_NODE)


def _changed(context: HandleContext, account: Account) -> Account:
    data = context.data
    changed = copy(account)
    if data.HasField("key"):
        changed.key = type(data.key)()
        changed.key.CopyFrom(data.key)
        changed.compiled = account_key(changed.key)
    if data.HasField("memo"):
        changed.memo = data.memo.value
    if data.HasField("autoRenewPeriod"):
        changed.auto_renew_period = data.autoRenewPeriod.seconds
    if data.HasField("expirationTime"):
        changed.expiration_s = data.expirationTime.seconds
    if data.HasField("receiverSigRequiredWrapper"):
        changed.receiver_signature_required = data.receiverSigRequiredWrapper.value
    elif data.WhichOneof("receiverSigRequiredField") == "receiverSigRequired":
        changed.receiver_signature_required = data.receiverSigRequired
    if data.HasField("max_automatic_token_associations"):
        changed.max_automatic_token_associations = data.max_automatic_token_associations.value
    if data.HasField("decline_reward"):
        changed.decline_reward = data.decline_reward.value
    stake(changed, data, context.consensus_s)
    return changed
