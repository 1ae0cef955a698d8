"""What the handlers of account transactions share."""

from __future__ import annotations

from typing import Any

from localnet.protocol.ids import account_number
from localnet.protocol.keys import CompiledKey, KeyTooDeepError, UnusableKeyError, compile_key
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import NO_NODE, Account, State
from localnet.transactions.handle_context import HandleContext

LAST_SYSTEM_ACCOUNT = 750
"""Entities up to this number are the network's own (`ledger.numReservedSystemEntities`)."""
MAX_ASSOCIATIONS = 5_000
"""`ledger.maxAutoAssociations`."""
UNLIMITED_ASSOCIATIONS = -1
"""HIP-904."""
DAY_S = 86_400


def named_account(state: State, account_id: Any, otherwise: int = codes.INVALID_ACCOUNT_ID) -> Account:
    """The account of a protobuf `AccountID`, deleted or not. An alias names none: only transfers and queries take it.

    Raises:
        RefusedError: it is unknown; the status is `otherwise`.
    """
    account = state.accounts.get(account_number(account_id))
    if account is None:
        raise RefusedError(otherwise)
    return account


def require_account(state: State, account_id: Any, otherwise: int = codes.INVALID_ACCOUNT_ID) -> Account:
    """The account of a protobuf `AccountID`, which is not deleted (TokenHandlerHelper.getIfUsable).

    Raises:
        RefusedError: it is unknown (`otherwise`) or deleted (ACCOUNT_DELETED).
    """
    account = named_account(state, account_id, otherwise)
    if account.deleted:
        raise RefusedError(codes.ACCOUNT_DELETED)
    return account


def require_owner(context: HandleContext, account: Account, otherwise: int = codes.INVALID_ACCOUNT_ID) -> None:
    """Check that an account's key signed (PreHandleContext.requireKeyOrThrow).

    Raises:
        RefusedError: it did not (INVALID_SIGNATURE), or the account has no key; then the status is `otherwise`.
    """
    if account.compiled is None:
        raise RefusedError(otherwise)
    context.require(account.compiled)


def account_key(key: Any) -> CompiledKey:
    """Compile a key for an account (CryptoCreateValidator.validateKey).

    Raises:
        RefusedError: it has too many levels (BAD_ENCODING), or is unusable (INVALID_ADMIN_KEY).
    """
    try:
        return compile_key(key)
    except KeyTooDeepError as error:
        raise RefusedError(codes.BAD_ENCODING) from error
    except UnusableKeyError as error:
        raise RefusedError(codes.INVALID_ADMIN_KEY) from error


def check_staked_id(data: Any, state: State) -> None:
    """Check what a body wants to stake to, if anything (StakingValidator.validateStakedId).

    Raises:
        RefusedError: there is no such account or node (INVALID_STAKING_ID).
    """
    kind = data.WhichOneof("staked_id")
    if kind == "staked_account_id" and account_number(data.staked_account_id) not in state.accounts:
        raise RefusedError(codes.INVALID_STAKING_ID)
    if kind == "staked_node_id" and not 0 <= data.staked_node_id < state.node_count:
        raise RefusedError(codes.INVALID_STAKING_ID)


def stake(account: Account, data: Any, now_s: int) -> None:
    """Stake an account to what a body names, which was checked; a node's stake counts from the day's beginning."""
    kind = data.WhichOneof("staked_id")
    if kind is None:
        return
    account.staked_account = account_number(data.staked_account_id) if kind == "staked_account_id" else 0
    account.staked_node = data.staked_node_id if kind == "staked_node_id" else NO_NODE
    account.staked_since_s = now_s // DAY_S * DAY_S if account.staked_node != NO_NODE else 0
