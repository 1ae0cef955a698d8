"""ConsensusDeleteTopic."""

from __future__ import annotations

from copy import copy
from typing import Any

from localnet.protocol.ids import entity_number
from localnet.protocol.status import RefusedError, codes
from localnet.transactions.operation import Operation
from localnet.transactions.settlement import Settlement


class DeleteTopic(Operation):
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

    def settle(self, at: Settlement) -> None:
        """Delete the topic."""
        topic = at.state.live_topic(entity_number(at.data.topicID.topicNum, at.data.topicID))
        if topic is None:
            raise RefusedError(codes.INVALID_TOPIC_ID)
        at.entity = topic.number
        if topic.admin is None:
            raise RefusedError(codes.UNAUTHORIZED)
        at.require(topic.admin)
        topic.deleted = True
        topic.updated_ns = at.consensus_ns
        at.effect = copy(topic)
