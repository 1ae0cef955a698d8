"""What the account operations share."""

from __future__ import annotations

from typing import Any

from localnet.ids import account_number
from localnet.state import Account, State
from localnet.status import Refused, codes

LAST_SYSTEM_ACCOUNT = 750
"""Entities up to this number are the network's own (`ledger.numReservedSystemEntities`)."""


def require_account(state: State, account_id: Any, otherwise: int = codes.INVALID_ACCOUNT_ID) -> Account:
    """The account of a protobuf `AccountID`, by number or alias.

    Raises:
        Refused: there is none (`otherwise`), or it is deleted (ACCOUNT_DELETED).
    """
    number = account_number(account_id)
    if number < 0:
        number = state.aliases.get(account_id.alias, -1)
    account = state.accounts.get(number)
    if account is None:
        raise Refused(otherwise)
    if account.deleted:
        raise Refused(codes.ACCOUNT_DELETED)
    return account
