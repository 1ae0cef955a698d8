"""CryptoGetInfo."""

from __future__ import annotations

from typing import Any

from localnet.clock import NANOS
from localnet.genesis import LEDGER_ID
from localnet.queries.account_balance import find_account
from localnet.queries.query import Query, View
from localnet.status import Refused, codes


class GetAccountInfo(Query):
    """What an account is and has."""

    field = "cryptoGetInfo"

    def check(self, request: Any) -> None:
        """Refuse a missing account id."""
        if not request.HasField("accountID"):
            raise Refused(codes.INVALID_ACCOUNT_ID)

    def validate(self, request: Any, view: View) -> None:
        """Refuse an account that there is not, or not any more."""
        super().validate(request, view)
        find_account(request.accountID, view)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Describe the account."""
        account = find_account(request.accountID, view)
        info = reply.accountInfo
        info.accountID.accountNum = account.number
        info.contractAccountID = account.evm_address.hex()
        if account.key is not None:
            info.key.CopyFrom(account.key)
        info.balance = account.balance
        info.receiverSigRequired = account.receiver_signature_required
        info.expirationTime.seconds = account.created_ns // NANOS + account.auto_renew_period
        info.autoRenewPeriod.seconds = account.auto_renew_period
        info.memo = account.memo
        info.max_automatic_token_associations = account.max_automatic_token_associations
        info.alias = account.alias
        info.ledger_id = LEDGER_ID
