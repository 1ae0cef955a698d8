"""CryptoTransfer of hbar."""

from __future__ import annotations

from typing import Any

from localnet.fees import extra
from localnet.ids import account_number
from localnet.status import Refused, codes
from localnet.transactions.account_rules import require_account
from localnet.transactions.operation import Operation, Settlement

MAX_ADJUSTMENTS = 10
"""Hbar adjustments in one transfer (LedgerConfig.java)."""


class Transfer(Operation):
    """Whoever loses hbar must sign, and whoever asked to sign for receiving it."""

    field = "cryptoTransfer"
    name = "CRYPTOTRANSFER"

    def check(self, data: Any) -> None:
        """Refuse token transfers, which this network does not have, and amounts that do not sum to zero."""
        if data.tokenTransfers:
            raise Refused(codes.NOT_SUPPORTED)
        amounts = data.transfers.accountAmounts
        if sum(entry.amount for entry in amounts) != 0:
            raise Refused(codes.INVALID_ACCOUNT_AMOUNTS)
        if len({entry.accountID.SerializeToString() for entry in amounts}) != len(amounts):
            raise Refused(codes.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)

    def price(self, data: Any) -> int:
        """Two accounts are included."""
        return extra(len(data.transfers.accountAmounts), included=2, price=1_000_000)

    def debit(self, data: Any, payer: int) -> int:
        """What the payer sends."""
        return sum(
            -int(entry.amount)
            for entry in data.transfers.accountAmounts
            if entry.amount < 0 and account_number(entry.accountID) == payer
        )

    def settle(self, at: Settlement) -> None:
        """Move the hbar."""
        amounts = at.data.transfers.accountAmounts
        if len(amounts) > MAX_ADJUSTMENTS:
            raise Refused(codes.TRANSFER_LIST_SIZE_LIMIT_EXCEEDED)
        moves = [(require_account(at.state, entry.accountID), int(entry.amount)) for entry in amounts]
        if len({account.number for account, _ in moves}) != len(moves):  # by number and by alias
            raise Refused(codes.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)
        for account, amount in moves:
            if amount < 0 or account.receiver_signature_required:
                if account.compiled is None:
                    raise Refused(codes.INVALID_SIGNATURE)
                at.require(account.compiled)
        if any(account.balance + amount < 0 for account, amount in moves):
            raise Refused(codes.INSUFFICIENT_ACCOUNT_BALANCE)
        for account, amount in moves:
            at.move(account.number, amount)
