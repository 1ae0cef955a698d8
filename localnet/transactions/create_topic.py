"""ConsensusCreateTopic."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.ids import account_number
from localnet.keys import CompiledKey, is_empty_key
from localnet.state import Topic
from localnet.status import Refused, codes
from localnet.transactions.fields import check_lifetime, check_memo, proto_key_count, usable_key
from localnet.transactions.operation import Operation, Settlement


class CreateTopic(Operation):
    """A topic starts with sequence number 0 and a running hash of 48 zero bytes."""

    field = "consensusCreateTopic"
    name = "CONSENSUSCREATETOPIC"
    receipt_field = "topicID"

    def check(self, data: Any) -> None:
        """Custom fees need tokens and child transfers, which this network does not have."""
        if data.custom_fees or data.fee_exempt_key_list:
            raise Refused(codes.NOT_SUPPORTED)

    def price(self, data: Any) -> int:
        """Every key is an extra."""
        keys = (data.adminKey, data.submitKey, data.fee_schedule_key)
        return 99_000_000 + sum(map(proto_key_count, keys)) * 100_000_000

    def settle(self, at: Settlement) -> None:
        """Create the topic."""
        data = at.data
        admin_key, admin = optional_key(data, "adminKey", codes.BAD_ENCODING)
        submit_key, submit = optional_key(data, "submitKey", codes.INVALID_SUBMIT_KEY)
        fee_schedule_key, _ = optional_key(data, "fee_schedule_key", codes.BAD_ENCODING)
        check_memo(data.memo)
        if not data.HasField("autoRenewPeriod"):
            raise Refused(codes.INVALID_RENEWAL_PERIOD)
        check_lifetime(data.autoRenewPeriod.seconds)
        if admin is not None:
            at.require(admin)
        auto_renew_account = require_auto_renew_account(at, data.autoRenewAccount) if has_account(data) else 0
        topic = Topic(
            number=at.state.new_number(),
            created_ns=at.consensus_ns,
            updated_ns=at.consensus_ns,
            memo=data.memo,
            admin_key=admin_key,
            admin=admin,
            submit_key=submit_key,
            submit=submit,
            fee_schedule_key=fee_schedule_key,
            auto_renew_account=auto_renew_account,
            auto_renew_period=data.autoRenewPeriod.seconds,
            expiration_s=at.consensus_s + data.autoRenewPeriod.seconds,
        )
        at.state.topics[topic.number] = topic
        at.created(topic.number)
        at.submission.effect = copy(topic)


def optional_key(data: Any, field: str, otherwise: int) -> tuple[Any, CompiledKey | None]:
    """A key field of a body as (protobuf, compiled); (None, None) where it is absent or the empty key list.

    Raises:
        Refused: nobody could sign with it; the status is `otherwise`.
    """
    if not data.HasField(field) or is_empty_key(getattr(data, field)):
        return None, None
    key = type(getattr(data, field))()
    key.CopyFrom(getattr(data, field))
    return key, usable_key(key, otherwise)


def has_account(data: Any) -> bool:
    """Whether the body names an auto-renew account; SDKs say "none" with 0.0.0."""
    return bool(data.HasField("autoRenewAccount") and account_number(data.autoRenewAccount) != 0)


def require_auto_renew_account(at: Settlement, account_id: Any) -> int:
    """The number of an auto-renew account, which must exist and sign.

    Raises:
        Refused: INVALID_AUTORENEW_ACCOUNT or INVALID_SIGNATURE.
    """
    account = at.state.accounts.get(account_number(account_id))
    if account is None:
        raise Refused(codes.INVALID_AUTORENEW_ACCOUNT)
    if account.compiled is None:
        raise Refused(codes.INVALID_SIGNATURE)
    at.require(account.compiled)
    return account.number
