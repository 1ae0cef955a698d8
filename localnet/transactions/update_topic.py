"""ConsensusUpdateTopic."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.ids import entity_number
from localnet.protocol.keys import CompiledKey
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import Topic
from localnet.state.fees import KEY, extra
from localnet.transactions.create_topic import copy_key, has_account, optional_key, require_auto_renew_account
from localnet.transactions.custom_fees import check_exempt_keys, read_exempt_keys, read_fees
from localnet.transactions.field_checks import check_lifetime, check_memo, check_new_expiry, proto_key_count
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler

_KEY_FIELDS = ("adminKey", "submitKey", "fee_schedule_key")
# What the handler asks about to see whether only the submit key or only the expiry changes. It does not ask about fees
# and exempt keys: beside a new submit key or expiry they change without the admin key.
_FIELDS_OF_OLD = ("memo", "adminKey", "autoRenewPeriod", "autoRenewAccount")


class UpdateTopic(TransactionHandler):
    """The required signatures depend on the changed fields (ConsensusUpdateTopicHandler.java)."""

    field = "consensusUpdateTopic"
    name = "CONSENSUSUPDATETOPIC"

    def check(self, data: Any) -> None:
        """Refuse a missing topic id, and duplicate exempt keys."""
        if not data.HasField("topicID"):
            raise RefusedError(codes.INVALID_TOPIC_ID)
        check_exempt_keys(data.fee_exempt_key_list.keys)

    def price(self, data: Any) -> int:
        """One key is included."""
        keys = sum(proto_key_count(getattr(data, name)) for name in _KEY_FIELDS)
        return 1_200_000 + extra(keys, included=1, price=KEY)

    def handle(self, context: HandleContext) -> None:
        """Change the topic."""
        data = context.data
        topic = context.state.live_topic(entity_number(data.topicID.topicNum, data.topicID))
        if topic is None:
            raise RefusedError(codes.INVALID_TOPIC_ID)
        context.entity = topic.number
        _require_keys(context, topic, data)
        changed = _changed(context, topic, data)
        context.state.topics[topic.number] = changed
        context.effect = copy(changed)


def _require_keys(context: HandleContext, topic: Topic, data: Any) -> None:
    """Check the signatures that a change needs (ConsensusUpdateTopicHandler.preHandle).

    Raises:
        RefusedError: one is missing, or the key whose signature would be needed.
    """
    if not any(data.HasField(name) for name in _FIELDS_OF_OLD) and (
        data.HasField("submitKey") != data.HasField("expirationTime")
    ):
        if data.HasField("submitKey"):
            _require_any(context, [key for key in (topic.submit, topic.admin) if key is not None])
    else:
        if topic.admin is None:
            raise RefusedError(codes.UNAUTHORIZED)
        needed = [topic.admin]
        if data.HasField("custom_fees"):
            if topic.fee_schedule is None:
                raise RefusedError(codes.FEE_SCHEDULE_KEY_NOT_SET)
            needed.append(topic.fee_schedule)
        for key in needed:
            context.require(key)
    if data.HasField("fee_schedule_key") and topic.fee_schedule is None:
        raise RefusedError(codes.FEE_SCHEDULE_KEY_CANNOT_BE_UPDATED)


def _require_any(context: HandleContext, holders: list[CompiledKey]) -> None:
    if not holders:
        raise RefusedError(codes.UNAUTHORIZED)
    if not any(context.signed(key) for key in holders):
        raise RefusedError(codes.INVALID_SIGNATURE)


def _changed(context: HandleContext, topic: Topic, data: Any) -> Topic:
    changed = copy(topic)
    changed.updated_ns = context.consensus_ns
    _change_keys(context, changed, data)
    if data.HasField("fee_exempt_key_list"):
        changed.exempt_keys = tuple(map(copy_key, data.fee_exempt_key_list.keys))
        changed.exempt = read_exempt_keys(data.fee_exempt_key_list.keys)
    if topic.auto_renew_account and changed.admin is None and data.HasField("adminKey") and not _takes_renewer(data):
        raise RefusedError(codes.AUTORENEW_ACCOUNT_NOT_ALLOWED)
    if data.HasField("custom_fees"):
        changed.custom_fees = read_fees(data.custom_fees.fees, context.state)
    if data.HasField("memo"):
        check_memo(data.memo.value)
        changed.memo = data.memo.value
    if data.HasField("autoRenewPeriod"):
        check_lifetime(data.autoRenewPeriod.seconds)
        changed.auto_renew_period = data.autoRenewPeriod.seconds
    if has_account(data):
        changed.auto_renew_account = require_auto_renew_account(context, data.autoRenewAccount)
    elif data.HasField("autoRenewAccount"):
        changed.auto_renew_account = 0
    if data.HasField("expirationTime"):
        check_new_expiry(data.expirationTime.seconds, topic.expiration_s, context.consensus_s)
        changed.expiration_s = data.expirationTime.seconds
    return changed


def _takes_renewer(data: Any) -> bool:
    """Whether the body takes the auto-renew account away; without an admin key there must not be one."""
    return bool(data.HasField("autoRenewAccount")) and not has_account(data)


def _change_keys(context: HandleContext, topic: Topic, data: Any) -> None:
    """A new admin key must sign too; the empty key list takes a key away."""
    if data.HasField("adminKey"):
        topic.admin_key, topic.admin = optional_key(data, "adminKey", codes.BAD_ENCODING)
        if topic.admin is not None:
            context.require(topic.admin)
    if data.HasField("submitKey"):
        topic.submit_key, topic.submit = optional_key(data, "submitKey", codes.BAD_ENCODING)
    if data.HasField("fee_schedule_key"):
        key, compiled = optional_key(data, "fee_schedule_key", codes.INVALID_CUSTOM_FEE_SCHEDULE_KEY)
        topic.fee_schedule_key, topic.fee_schedule = key, compiled
