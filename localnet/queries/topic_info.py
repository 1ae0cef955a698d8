"""ConsensusGetTopicInfo."""

from __future__ import annotations

from typing import Any

from localnet.protocol.ids import entity_number
from localnet.protocol.status import RefusedError, codes
from localnet.queries.query import Query, View
from localnet.state.entities import Topic
from localnet.state.genesis import LEDGER_ID


class GetTopicInfo(Query):
    """The properties of a topic. A deleted topic is unknown."""

    field = "consensusGetTopicInfo"

    def check(self, request: Any) -> None:
        """Refuse a missing topic id."""
        if not request.HasField("topicID"):
            raise RefusedError(codes.INVALID_TOPIC_ID)

    def validate(self, request: Any, view: View) -> None:
        """Refuse an unknown or deleted topic."""
        super().validate(request, view)
        _known_topic(request, view)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Describe the topic."""
        topic = _known_topic(request, view)
        reply.topicID.topicNum = topic.number
        info = reply.topicInfo
        info.memo = topic.memo
        info.runningHash = topic.running_hash
        info.sequenceNumber = topic.sequence_number
        info.expirationTime.seconds = topic.expiration_s
        info.autoRenewPeriod.seconds = topic.auto_renew_period
        if topic.admin_key is not None:
            info.adminKey.CopyFrom(topic.admin_key)
        if topic.submit_key is not None:
            info.submitKey.CopyFrom(topic.submit_key)
        if topic.fee_schedule_key is not None:
            info.fee_schedule_key.CopyFrom(topic.fee_schedule_key)
        if topic.auto_renew_account:
            info.autoRenewAccount.accountNum = topic.auto_renew_account
        info.fee_exempt_key_list.extend(topic.exempt_keys)
        for fee in topic.custom_fees:
            shown = info.custom_fees.add()
            shown.fixed_fee.amount = fee.amount
            shown.fee_collector_account_id.accountNum = fee.collector
        info.ledger_id = LEDGER_ID


def _known_topic(request: Any, view: View) -> Topic:
    topic = view.state.live_topic(entity_number(request.topicID.topicNum, request.topicID))
    if topic is None:
        raise RefusedError(codes.INVALID_TOPIC_ID)
    return topic
