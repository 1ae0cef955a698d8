"""ConsensusCreateTopic."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.ids import account_number
from localnet.protocol.keys import CompiledKey, is_empty_key
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import Topic
from localnet.transactions.account_rules import named_account, require_owner
from localnet.transactions.custom_fees import (
    CREATE_SURCHARGE,
    check_exempt_keys,
    read_exempt_keys,
    read_fees,
)
from localnet.transactions.field_checks import check_lifetime, check_memo, proto_key_count, usable_key
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler


class CreateTopic(TransactionHandler):
    """A topic starts with sequence number 0 and a running hash of 48 zero bytes."""

    field = "consensusCreateTopic"
    name = "CONSENSUSCREATETOPIC"
    receipt_field = "topicID"

    def check(self, data: Any) -> None:
        """Refuse duplicate exempt keys; nothing else is checked here."""
        check_exempt_keys(data.fee_exempt_key_list)

    def price(self, data: Any) -> int:
        """Every key is an extra, and so are custom fees."""
        keys = (data.adminKey, data.submitKey, data.fee_schedule_key)
        return bool(data.custom_fees) * CREATE_SURCHARGE + 99_000_000 + sum(map(proto_key_count, keys)) * 100_000_000

    def handle(self, context: HandleContext) -> None:
        """Create the topic."""
        data = context.data
        admin_key, admin = optional_key(data, "adminKey", codes.BAD_ENCODING)
        submit_key, submit = optional_key(data, "submitKey", codes.BAD_ENCODING)
        fee_schedule_key, fee_schedule = optional_key(data, "fee_schedule_key", codes.INVALID_CUSTOM_FEE_SCHEDULE_KEY)
        exempt = read_exempt_keys(data.fee_exempt_key_list)
        custom_fees = read_fees(data.custom_fees, context.state)
        check_memo(data.memo)
        if not data.HasField("autoRenewPeriod"):
            raise RefusedError(codes.INVALID_RENEWAL_PERIOD)
        check_lifetime(data.autoRenewPeriod.seconds)
        if admin is not None:
            context.require(admin)
        auto_renew_account = require_auto_renew_account(context, data.autoRenewAccount) if has_account(data) else 0
        topic = Topic(
            number=context.state.new_number(),
            created_ns=context.consensus_ns,
            updated_ns=context.consensus_ns,
            memo=data.memo,
            admin_key=admin_key,
            admin=admin,
            submit_key=submit_key,
            submit=submit,
            fee_schedule_key=fee_schedule_key,
            fee_schedule=fee_schedule,
            custom_fees=custom_fees,
            exempt_keys=tuple(map(copy_key, data.fee_exempt_key_list)),
            exempt=exempt,
            auto_renew_account=auto_renew_account,
            auto_renew_period=data.autoRenewPeriod.seconds,
            expiration_s=context.consensus_s + data.autoRenewPeriod.seconds,
        )
        context.state.topics[topic.number] = topic
        context.create(topic.number)
        context.effect = copy(topic)


def optional_key(data: Any, field: str, otherwise: int) -> tuple[Any, CompiledKey | None]:
    """A key field of a body as (protobuf, compiled); (None, None) where it is absent or the empty key list.

    Raises:
        RefusedError: it is unusable; the status is `otherwise`.
    """
    if not data.HasField(field) or is_empty_key(getattr(data, field)):
        return None, None
    key = copy_key(getattr(data, field))
    return key, usable_key(key, otherwise)


def copy_key(key: Any) -> Any:
    """A copy of a protobuf key that outlives the transaction."""
    copied = type(key)()
    copied.CopyFrom(key)
    return copied


def has_account(data: Any) -> bool:
    """Whether the body names an auto-renew account; SDKs say "none" with 0.0.0."""
    return bool(data.HasField("autoRenewAccount") and account_number(data.autoRenewAccount) != 0)


def require_auto_renew_account(context: HandleContext, account_id: Any) -> int:
    """The number of an auto-renew account, which must exist and sign (ExpiryValidatorImpl.validateAutoRenewAccount).

    Raises:
        RefusedError: there is none, or it is deleted or hollow (INVALID_AUTORENEW_ACCOUNT), or it did not sign
            (INVALID_SIGNATURE).
    """
    account = named_account(context.state, account_id, otherwise=codes.INVALID_AUTORENEW_ACCOUNT)
    require_owner(context, account, otherwise=codes.INVALID_AUTORENEW_ACCOUNT)
    if account.deleted:
        raise RefusedError(codes.INVALID_AUTORENEW_ACCOUNT)
    return account.number
