"""CryptoDelete."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.status import RefusedError, codes
from localnet.transactions.account_rules import LAST_SYSTEM_ACCOUNT, named_account, require_owner
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler


class DeleteAccount(TransactionHandler):
    """The account's key signs; what it has goes to another account (CryptoDeleteHandler.java)."""

    field = "cryptoDelete"
    name = "CRYPTODELETE"

    def check(self, data: Any) -> None:
        """Refuse missing account ids, and a transfer of the balance to the deleted account itself."""
        if not (data.HasField("deleteAccountID") and data.HasField("transferAccountID")):
            raise RefusedError(codes.ACCOUNT_ID_DOES_NOT_EXIST)
        if data.deleteAccountID == data.transferAccountID:
            raise RefusedError(codes.TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT)

    def price(self, data: Any) -> int:  # noqa: ARG002 (it costs the same for every account)
        """No extras."""
        return 49_000_000

    def handle(self, context: HandleContext) -> None:
        """Delete the account. It stays in the state, with a balance of 0."""
        account = named_account(context.state, context.data.deleteAccountID)
        heir = named_account(context.state, context.data.transferAccountID, otherwise=codes.INVALID_TRANSFER_ACCOUNT_ID)
        if account.number <= LAST_SYSTEM_ACCOUNT:
            raise RefusedError(codes.ENTITY_NOT_ALLOWED_TO_DELETE)
        context.entity = account.number
        require_owner(context, account)
        if heir.receiver_signature_required:
            require_owner(context, heir, otherwise=codes.INVALID_TRANSFER_ACCOUNT_ID)
        if account.deleted or heir.deleted:
            raise RefusedError(codes.ACCOUNT_DELETED)
        if account.balance:
            rest = account.balance
            context.move(account.number, -rest)
            context.move(heir.number, rest)
        account.deleted = True
        context.effect = copy(account)
