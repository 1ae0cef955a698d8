"""ConsensusDeleteTopic."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.ids import entity_number
from localnet.protocol.status import RefusedError, codes
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler


class DeleteTopic(TransactionHandler):
    """A deleted topic counts as unknown to everything that follows; a topic without admin key cannot be deleted."""

    field = "consensusDeleteTopic"
    name = "CONSENSUSDELETETOPIC"

    def check(self, data: Any) -> None:
        """Refuse a missing topic id."""
        if not data.HasField("topicID"):
            raise RefusedError(codes.INVALID_TOPIC_ID)

    def price(self, data: Any) -> int:  # noqa: ARG002 (it costs the same for every topic)
        """No extras."""
        return 49_000_000

    def handle(self, context: HandleContext) -> None:
        """Delete the topic."""
        topic = context.state.live_topic(entity_number(context.data.topicID.topicNum, context.data.topicID))
        if topic is None:
            raise RefusedError(codes.INVALID_TOPIC_ID)
        context.entity = topic.number
        if topic.admin is None:
            raise RefusedError(codes.UNAUTHORIZED)
        context.require(topic.admin)
        topic.deleted = True
        topic.updated_ns = context.consensus_ns
        context.effect = copy(topic)
