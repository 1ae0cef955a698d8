"""CryptoDelete."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.status import RefusedError, codes
from localnet.transactions.account_rules import LAST_SYSTEM_ACCOUNT, named_account, require_owner
from localnet.transactions.operation import Operation
from localnet.transactions.settlement import Settlement


class DeleteAccount(Operation):
    """The account's key signs; what it has goes to another account (CryptoDeleteHandler.java)."""

    field = "cryptoDelete"
    name = "CRYPTODELETE"

    def check(self, data: Any) -> None:
        """Refuse missing account ids, and an account that is to inherit from itself."""
        if not (data.HasField("deleteAccountID") and data.HasField("transferAccountID")):
            raise RefusedError(codes.ACCOUNT_ID_DOES_NOT_EXIST)
        if data.deleteAccountID == data.transferAccountID:
            raise RefusedError(codes.TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT)

    def price(self, data: Any) -> int:  # noqa: ARG002 (it costs the same for every account)
        """No extras."""
        return 49_000_000

    def settle(self, at: Settlement) -> None:
        """Delete the account. It stays in the state, without anything."""
        account = named_account(at.state, at.data.deleteAccountID)
        heir = named_account(at.state, at.data.transferAccountID, otherwise=codes.INVALID_TRANSFER_ACCOUNT_ID)
        if account.number <= LAST_SYSTEM_ACCOUNT:
            raise RefusedError(codes.ENTITY_NOT_ALLOWED_TO_DELETE)
        at.entity = account.number
        require_owner(at, account)
        if heir.receiver_signature_required:
            require_owner(at, heir, otherwise=codes.INVALID_TRANSFER_ACCOUNT_ID)
        if account.deleted or heir.deleted:
            raise RefusedError(codes.ACCOUNT_DELETED)
        if account.balance:
            rest = account.balance
            at.move(account.number, -rest)
            at.move(heir.number, rest)
        account.deleted = True
        at.effect = copy(account)
