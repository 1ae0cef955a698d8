"""The running hash of a topic, version 3.

The network hashes a Java object stream; its 211 bytes are laid out here as
`ConsensusSubmitMessageHandler.java` (hiero-consensus-node) writes them with Java's serialization format.
"""

from __future__ import annotations

import hashlib
import struct

VERSION = 3
INITIAL = bytes(48)
"""The running hash of a topic without messages."""

# Stream header, class descriptor of byte[], array length 48.
_HEAD = bytes.fromhex("aced0005757200025b42acf317f8060854e0020000787000000030")
# A block of 76 bytes: version, payer, topic, consensus timestamp, sequence number.
_BLOCK = struct.Struct(">2s q qqq qqq qi q")
# An array of the class described before, length 48.
_TAIL = bytes.fromhex("7571007e000000000030")


def advance(
    previous: bytes, *, payer: int, topic: int, seconds: int, nanos: int, sequence_number: int, message: bytes
) -> bytes:
    """The running hash (48 bytes) after `message`.

    Args:
        previous: The hash before, 48 bytes.
        payer: Account number of the transaction id.
        topic: Number of the topic.
        seconds: Consensus timestamp, whole seconds.
        nanos: Consensus timestamp, the nanoseconds within the second.
        sequence_number: The message's own, from 1.
        message: The bytes of this transaction's message (of the chunk, if it is one).
    """
    block = _BLOCK.pack(b"\x77\x4c", VERSION, 0, 0, payer, 0, 0, topic, seconds, nanos, sequence_number)
    return hashlib.sha384(_HEAD + previous + block + _TAIL + hashlib.sha384(message).digest()).digest()
