"""CryptoCreate."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.fees import KEY, extra
from localnet.keys import is_empty_key
from localnet.state import Account
from localnet.status import Refused, codes
from localnet.transactions.fields import MAX_AMOUNT, check_lifetime, check_memo, proto_key_count, usable_key
from localnet.transactions.operation import Operation, Settlement


class CreateAccount(Operation):
    """The payer funds the new account; its own key signs only when every receipt of hbar needs its signature."""

    field = "cryptoCreateAccount"
    name = "CRYPTOCREATEACCOUNT"
    receipt_field = "accountID"

    def check(self, data: Any) -> None:
        """Refuse a missing key, a negative balance, a missing renewal period and an alias that is no EVM address."""
        if data.initialBalance > MAX_AMOUNT:
            raise Refused(codes.INVALID_INITIAL_BALANCE)
        if not data.HasField("autoRenewPeriod"):
            raise Refused(codes.INVALID_RENEWAL_PERIOD)
        if not data.HasField("key") or is_empty_key(data.key):
            raise Refused(codes.KEY_REQUIRED)
        usable_key(data.key)
        if data.alias and len(data.alias) != 20:
            raise Refused(codes.INVALID_ALIAS_KEY)

    def price(self, data: Any) -> int:
        """One key is included."""
        return 499_000_000 + extra(proto_key_count(data.key), included=1, price=KEY)

    def debit(self, data: Any, payer: int) -> int:  # noqa: ARG002 (the payer funds it whoever it is)
        """The initial balance."""
        return int(data.initialBalance)

    def settle(self, at: Settlement) -> None:
        """Create the account and move its initial balance."""
        data, submission = at.data, at.submission
        assert submission.key is not None
        key = type(data.key)()
        key.CopyFrom(data.key)
        compiled = usable_key(key)
        check_memo(data.memo)
        check_lifetime(data.autoRenewPeriod.seconds)
        if data.receiverSigRequired:
            at.require(compiled)
        if data.alias in at.state.aliases:
            raise Refused(codes.ALIAS_ALREADY_ASSIGNED)
        if at.state.accounts[submission.key.payer].balance < data.initialBalance:
            raise Refused(codes.INSUFFICIENT_PAYER_BALANCE)
        account = Account(
            number=at.state.new_number(),
            key=key,
            compiled=compiled,
            balance=0,
            created_ns=at.consensus_ns,
            memo=data.memo,
            auto_renew_period=data.autoRenewPeriod.seconds,
            receiver_signature_required=data.receiverSigRequired,
            max_automatic_token_associations=data.max_automatic_token_associations,
            alias=data.alias,
        )
        at.state.accounts[account.number] = account
        if data.alias:
            at.state.aliases[data.alias] = account.number
        submission.effect = copy(account)
        at.created(account.number)
        if data.initialBalance:
            at.move(submission.key.payer, -data.initialBalance)
            at.move(account.number, data.initialBalance)
