"""Checks of the payment for a query, beside those of every transaction (QueryChecker.java)."""

from __future__ import annotations

from typing import Any

from localnet.protocol.ids import account_number
from localnet.protocol.keys import is_satisfied
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import State
from localnet.transactions.account_rules import require_account
from localnet.transactions.stages import Checked


def check_payment(payment: Checked, cost: int, state: State) -> None:
    """Check that a transaction which passed precheck pays its node for a query.

    Args:
        payment: The payment.
        cost: The price of the query, in tinybars.
        state: Accounts and their balances.

    Raises:
        RefusedError: it does not, or it cannot: an account is unknown, has too little, or sends hbar without its
            signature.
    """
    if payment.kind.field != "cryptoTransfer":
        raise RefusedError(codes.INSUFFICIENT_TX_FEE, cost)
    amounts = payment.data.transfers.accountAmounts
    if not amounts:
        raise RefusedError(codes.INVALID_ACCOUNT_AMOUNTS)
    others = [entry for entry in amounts if account_number(entry.accountID) != payment.key.payer]
    for entry in others:
        if entry.amount < 0:
            _check_signature(payment, entry, state)
    received = None
    for entry in others:
        account = require_account(state, entry.accountID, otherwise=codes.ACCOUNT_ID_DOES_NOT_EXIST)
        if entry.amount < 0 and account.balance < -entry.amount:
            raise RefusedError(codes.INSUFFICIENT_PAYER_BALANCE, -entry.amount)
        if entry.amount >= 0 and account.number == payment.received.node:
            received = entry.amount
            if received < cost:
                raise RefusedError(codes.INSUFFICIENT_TX_FEE, cost)
    if received is None:
        raise RefusedError(codes.INVALID_RECEIVING_NODE_ACCOUNT)


def _check_signature(payment: Checked, entry: Any, state: State) -> None:
    """Check that an account that sends hbar, and is not the payer, has signed.

    Raises:
        RefusedError: it has not, or there is none.
    """
    account = require_account(state, entry.accountID)
    if account.compiled is None or not is_satisfied(account.compiled, payment.signatures):
        raise RefusedError(codes.INVALID_SIGNATURE)
