"""CryptoGetAccountBalance."""

from __future__ import annotations

from typing import Any

from localnet.protocol.status import RefusedError, codes
from localnet.queries.query import Query, View
from localnet.state.entities import Account


class GetAccountBalance(Query):
    """Free, but throttled to zero on the public networks since 2026, in favour of the mirror (DOCS get-balance)."""

    field = "cryptogetAccountBalance"
    paid = False

    def validate(self, request: Any, view: View) -> None:
        """Refuse unknown accounts and all contracts (CryptoGetAccountBalanceHandler.java)."""
        if request.WhichOneof("balanceSource") == "contractID":
            raise RefusedError(codes.INVALID_CONTRACT_ID)
        find_account(request.accountID, view)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Give the balance."""
        account = find_account(request.accountID, view)
        reply.accountID.accountNum = account.number
        reply.balance = account.balance


def find_account(account_id: Any, view: View) -> Account:
    """The account of a protobuf `AccountID`, by number or alias.

    Raises:
        RefusedError: it is unknown (INVALID_ACCOUNT_ID) or deleted (ACCOUNT_DELETED).
    """
    account = view.state.account(account_id)
    if account is None:
        raise RefusedError(codes.INVALID_ACCOUNT_ID)
    if account.deleted:
        raise RefusedError(codes.ACCOUNT_DELETED)
    return account
