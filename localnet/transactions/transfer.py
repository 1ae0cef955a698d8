"""CryptoTransfer of hbar (TransferExecutor.java, EnsureAliasesStep.java, AdjustHbarChangesStep.java)."""

from __future__ import annotations

from typing import Any

from localnet.protocol.aliases import address_of_alias, signer_with_address
from localnet.protocol.ids import account_number
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import Account, State
from localnet.state.fees import COLLECTION_ACCOUNT, extra
from localnet.transactions.account_rules import require_owner
from localnet.transactions.auto_creation import check_alias, create_for_alias, creation_fee
from localnet.transactions.create_account import CreateAccount
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler
from localnet.transactions.hollow_accounts import complete

MAX_ADJUSTMENTS = 10
"""Hbar adjustments in one transfer (LedgerConfig.java)."""
STAKING_ACCOUNTS = (800, 801)
"""Staking and node rewards: they cannot be debited."""


class Transfer(TransactionHandler):
    """Senders must sign, and receivers that require it; a new alias gets an account."""

    field = "cryptoTransfer"
    name = "CRYPTOTRANSFER"

    def check(self, data: Any) -> None:
        """Refuse token transfers, which this network does not have, and invalid lists."""
        if data.tokenTransfers:
            raise RefusedError(codes.NOT_SUPPORTED)
        amounts = data.transfers.accountAmounts
        if sum(entry.amount for entry in amounts) != 0:
            raise RefusedError(codes.INVALID_ACCOUNT_AMOUNTS)
        for entry in amounts:
            if entry.accountID.WhichOneof("account") is None:
                raise RefusedError(codes.INVALID_ACCOUNT_ID)
            if entry.is_approval and _has_hook(entry):
                raise RefusedError(codes.CANNOT_SET_HOOKS_AND_APPROVAL)
        if len({entry.accountID.SerializeToString() for entry in amounts}) != len(amounts):
            raise RefusedError(codes.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)

    def throttled_as(self, data: Any, state: State) -> tuple[str, int]:
        """A transfer that makes accounts counts as that many creations (ThrottleAccumulator.java)."""
        entries = data.transfers.accountAmounts
        new = sum(e.amount > 0 and bool(e.accountID.alias) and state.account(e.accountID) is None for e in entries)
        return (CreateAccount.functionality, new) if new else (self.functionality, 1)

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

    def handle(self, context: HandleContext) -> None:
        """Make the accounts that are missing, and move the hbar."""
        amounts = context.data.transfers.accountAmounts
        _require_signatures(context, amounts)
        if any(map(_has_hook, amounts)):
            raise RefusedError(codes.HOOKS_NOT_ENABLED)
        if len(amounts) > MAX_ADJUSTMENTS:
            raise RefusedError(codes.TRANSFER_LIST_SIZE_LIMIT_EXCEEDED)
        if any(entry.is_approval and entry.amount < 0 for entry in amounts):  # there are no allowances here
            raise RefusedError(codes.SPENDER_DOES_NOT_HAVE_ALLOWANCE)
        moves = [
            (context.state.account(entry.accountID), entry.accountID.alias, int(entry.amount)) for entry in amounts
        ]
        _check_moves(context, moves)
        for account, alias, amount in moves:
            context.move((account or create_for_alias(context, alias)).number, amount)


def _has_hook(entry: Any) -> bool:
    return entry.WhichOneof("hook_call") is not None


def _require_signatures(context: HandleContext, amounts: Any) -> None:
    """Check that all accounts exist or can be created, and have signed where needed; hollow ones get their keys."""
    known = [(entry, context.state.account(entry.accountID)) for entry in amounts]
    for entry, account in known:
        if account is None and (entry.amount <= 0 or not entry.accountID.alias or entry.accountID.shardNum):
            raise RefusedError(codes.INVALID_ACCOUNT_ID)
        if account is not None and account.number in STAKING_ACCOUNTS and entry.amount < 0:
            raise RefusedError(codes.INVALID_ACCOUNT_ID)
    for entry, account in known:
        if account is None:
            continue
        if entry.amount < 0 and not (entry.is_approval or _has_hook(entry)):
            _require_spender(context, account)
        elif entry.amount > 0 and account.receiver_signature_required:
            require_owner(context, account, otherwise=codes.INVALID_TRANSFER_ACCOUNT_ID)
    for entry, account in known:
        if account is not None and entry.amount < 0:
            complete(context, account)


def _require_spender(context: HandleContext, account: Account) -> None:
    if not account.is_hollow:
        require_owner(context, account)
    elif signer_with_address(context.checked.signatures, account.alias) is None:
        raise RefusedError(codes.INVALID_SIGNATURE)


def _check_moves(context: HandleContext, moves: list[tuple[Account | None, bytes, int]]) -> None:
    """Check that the payer can pay for new accounts, and the senders for the transfers."""
    payer = context.payer
    new = [alias for account, alias, _ in moves if account is None]
    for alias in new:
        check_alias(alias)
    fees = creation_fee(context) * len(new)
    if context.state.accounts[payer].balance < fees:
        raise RefusedError(codes.INSUFFICIENT_PAYER_BALANCE)
    # An account may be named twice: by number and alias, or by a key and that key's address.
    named = {account.number if account is not None else address_of_alias(alias) or alias for account, alias, _ in moves}
    if len(named) != len(moves):
        raise RefusedError(codes.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)
    if any(account is not None and account.number == COLLECTION_ACCOUNT and amount > 0 for account, _, amount in moves):
        raise RefusedError(codes.TRANSFER_TO_FEE_COLLECTION_ACCOUNT_NOT_ALLOWED)
    for account, _, amount in moves:
        if account is None:
            continue
        if account.deleted:
            raise RefusedError(codes.ACCOUNT_DELETED)
        if account.balance - (fees if account.number == payer else 0) + amount < 0:
            raise RefusedError(codes.INSUFFICIENT_ACCOUNT_BALANCE)
