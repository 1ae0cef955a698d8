"""A message of a topic as a mirror node shows it, by either of its APIs."""

from __future__ import annotations

from dataclasses import dataclass, field

from hedera_client.bodies import ChunkInfo


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """One message (or one chunk of a message) of a topic.

    Attributes:
        topic_id: Its topic.
        sequence_number: Its place in the topic, from 1, without gaps.
        consensus_timestamp: Nanoseconds since 1970, exact.
        message: Its bytes.
        running_hash: The topic's running hash after it, 48 bytes.
        running_hash_version: 3 for all recent messages.
        payer: Account id that paid for it; "" from the gRPC stream, which does not tell.
        chunk_info: Its place in a chunked message, or None.
    """

    topic_id: str
    sequence_number: int
    consensus_timestamp: int
    message: bytes = field(repr=False)
    running_hash: bytes = field(repr=False)
    running_hash_version: int
    payer: str = ""
    chunk_info: ChunkInfo | None = None

    @property
    def consensus_s(self) -> float:
        """Consensus timestamp as Unix time in seconds; rounded to about 0.2 microseconds."""
        return self.consensus_timestamp / 1e9
