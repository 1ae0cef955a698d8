"""CryptoUpdate."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.fees import KEY, extra
from localnet.keys import is_empty_key
from localnet.state import Account
from localnet.status import Refused, codes
from localnet.transactions.account_rules import require_account
from localnet.transactions.fields import check_lifetime, check_memo, proto_key_count, usable_key
from localnet.transactions.operation import Operation, Settlement


class UpdateAccount(Operation):
    """The account's key signs, and a new key besides (CryptoUpdateHandler.java)."""

    field = "cryptoUpdateAccount"
    name = "CRYPTOUPDATEACCOUNT"

    def check(self, data: Any) -> None:
        """Refuse a missing account id and a key that would let nobody in."""
        if not data.HasField("accountIDToUpdate"):
            raise Refused(codes.INVALID_ACCOUNT_ID)
        if data.HasField("key"):
            if is_empty_key(data.key):
                raise Refused(codes.INVALID_ADMIN_KEY)
            usable_key(data.key)

    def price(self, data: Any) -> int:
        """One key is included."""
        return 1_200_000 + extra(proto_key_count(data.key), included=1, price=KEY)

    def settle(self, at: Settlement) -> None:
        """Change the account."""
        data = at.data
        account = require_account(at.state, data.accountIDToUpdate)
        at.submission.entity = account.number
        if account.compiled is None:
            raise Refused(codes.INVALID_SIGNATURE)
        at.require(account.compiled)
        changed = _changed(at, account, data)
        changed.balance = account.balance
        at.state.accounts[account.number] = changed
        at.submission.effect = copy(changed)


def _changed(at: Settlement, account: Account, data: Any) -> Account:
    changed = copy(account)
    if data.HasField("key"):
        changed.key = type(data.key)()
        changed.key.CopyFrom(data.key)
        changed.compiled = usable_key(changed.key)
        at.require(changed.compiled)
    if data.HasField("memo"):
        check_memo(data.memo.value)
        changed.memo = data.memo.value
    if data.HasField("autoRenewPeriod"):
        check_lifetime(data.autoRenewPeriod.seconds)
        changed.auto_renew_period = data.autoRenewPeriod.seconds
    if data.HasField("receiverSigRequiredWrapper"):
        changed.receiver_signature_required = data.receiverSigRequiredWrapper.value
    if data.HasField("max_automatic_token_associations"):
        changed.max_automatic_token_associations = data.max_automatic_token_associations.value
    return changed
