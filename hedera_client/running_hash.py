"""The running hash of a topic, by which anybody can check that no message was lost, changed or moved.

Version 3 is SHA-384 over a Java object stream, written by `ConsensusSubmitMessageHandler.java` of
hiero-consensus-node; the layout of its 211 bytes follows the Java Object Serialization Specification, chapter 6.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

from hedera_client.ids import NS_PER_S, parse_entity

VERSION: Final = 3
HASH_BYTES: Final = 48
EMPTY_TOPIC: Final = bytes(HASH_BYTES)
"""The running hash before the first message."""

# STREAM_MAGIC and STREAM_VERSION; TC_ARRAY of the class `[B` with its serialVersionUID; 48 elements follow.
_PREVIOUS_HEADER: Final = bytes.fromhex("aced0005757200025b42acf317f8060854e0020000787000000030")
# TC_BLOCKDATA of 76 bytes: version, payer, topic, seconds and nanoseconds of consensus, sequence number.
_FACTS: Final = struct.Struct(">BBqqqqqqqqiq")
_TC_BLOCKDATA: Final = 0x77
_FACTS_BYTES: Final = 76
# TC_ARRAY of the class seen before; 48 elements follow.
_MESSAGE_HEADER: Final = bytes.fromhex("7571007e000000000030")


def running_hash_v3(
    previous: bytes, payer: str, topic: str, consensus_ns: int, sequence_number: int, message: bytes
) -> bytes:
    """Running hash of a topic after one message.

    Args:
        previous: Running hash before it, 48 bytes; EMPTY_TOPIC for a topic's first message.
        payer: Account id in the message's transaction id.
        topic: Topic id.
        consensus_ns: Consensus timestamp, nanoseconds since 1970.
        sequence_number: The message's, from 1.
        message: Its bytes; for a chunk, the chunk's.

    Returns:
        48 bytes.

    Raises:
        ValueError: `previous` is not 48 bytes long, or an id is malformed.
    """
    if len(previous) != HASH_BYTES:
        raise ValueError(f"the previous running hash has {len(previous)} bytes instead of {HASH_BYTES}")
    seconds, nanos = divmod(consensus_ns, NS_PER_S)
    facts = _FACTS.pack(
        *(_TC_BLOCKDATA, _FACTS_BYTES, VERSION),
        *parse_entity(payer),
        *parse_entity(topic),
        *(seconds, nanos, sequence_number),
    )
    message_hash = hashlib.sha384(message).digest()
    return hashlib.sha384(_PREVIOUS_HEADER + previous + facts + _MESSAGE_HEADER + message_hash).digest()
