"""ConsensusSubmitMessage: one message, or one chunk of one, on a topic."""

from __future__ import annotations

from typing import Any

from localnet.protocol import running_hash
from localnet.protocol.ids import TransactionKey, account_number, entity_number, transaction_key
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import State
from localnet.state.fees import extra
from localnet.transactions.custom_fees import SUBMIT_SURCHARGE, charge, check_repeated_limits
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler
from localnet.transactions.stages import Chunk, TopicMessage

MAX_MESSAGE_BYTES = 1_024
"""`consensus.message.maxBytesAllowed` (ConsensusConfig.java)."""


class SubmitMessage(TransactionHandler):
    """Order of checks as in ConsensusSubmitMessageHandler.java: topic, submit key, size, chunk, custom fees."""

    field = "consensusSubmitMessage"
    name = "CONSENSUSSUBMITMESSAGE"

    def check_body(self, body: Any) -> None:
        """Refuse limits for custom fees that are there twice, and then what `check` does."""
        check_repeated_limits(body.max_custom_fees)
        super().check_body(body)

    def check(self, data: Any) -> None:
        """Refuse a missing topic id and an empty message."""
        if not data.HasField("topicID"):
            raise RefusedError(codes.INVALID_TOPIC_ID)
        if not data.message:
            raise RefusedError(codes.INVALID_TOPIC_MESSAGE)

    def price(self, data: Any) -> int:
        """Graded by size since release 0.73: 100 bytes are included."""
        return 700_000 + _for_size(data)

    def surcharge(self, data: Any, state: State) -> int:
        """On a topic with custom fees the network's own fee is higher, whatever the size."""
        topic = state.live_topic(entity_number(data.topicID.topicNum, data.topicID))
        return SUBMIT_SURCHARGE - _for_size(data) if topic is not None and topic.custom_fees else 0

    def handle(self, context: HandleContext) -> None:
        """Give the message its sequence number and advance the topic's running hash."""
        data = context.data
        topic = context.state.live_topic(entity_number(data.topicID.topicNum, data.topicID))
        if topic is None:
            raise RefusedError(codes.INVALID_TOPIC_ID)
        context.entity = topic.number
        if topic.submit is not None:
            context.require(topic.submit)
        message = data.message
        if len(message) > MAX_MESSAGE_BYTES:
            raise RefusedError(codes.MESSAGE_SIZE_TOO_LARGE)
        key = context.checked.key
        chunk = _chunk(data.chunkInfo, key) if data.HasField("chunkInfo") else None
        charge(context, topic)
        topic.sequence_number += 1
        topic.running_hash = running_hash.advance(
            topic.running_hash,
            payer=key.payer,
            topic=topic.number,
            seconds=context.consensus_s,
            nanos=context.consensus_ns % 1_000_000_000,
            sequence_number=topic.sequence_number,
            message=message,
        )
        context.message = TopicMessage(
            topic.number, key, context.consensus_ns, message, chunk, topic.sequence_number, topic.running_hash
        )


def _for_size(data: Any) -> int:
    return extra(len(data.message), included=100, price=6_800)


def _chunk(info: Any, key: TransactionKey) -> Chunk:
    if not 1 <= info.number <= info.total:
        raise RefusedError(codes.INVALID_CHUNK_NUMBER)
    initial = transaction_key(info.initialTransactionID)
    same_payer = account_number(info.initialTransactionID.accountID) == key.payer
    if not same_payer or (info.number == 1 and initial != key):
        raise RefusedError(codes.INVALID_CHUNK_TRANSACTION_ID)
    return Chunk(initial, info.number, info.total)
