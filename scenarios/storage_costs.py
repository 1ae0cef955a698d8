"""What storing a model takes by the published prices and throttles, in each way of `StorageComparer`.

Prices: `hedera_client.prices` (the network's simple fee schedule). Throttles: `hedera_users.send_limits`, and for
topics the bucket CreationLimits of the same file, 5 ConsensusCreateTopic a second. Models are taken not to compress.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Final, NamedTuple

from hedera_client import bodies, hcs1, prices
from hedera_users.send_limits import FILES, MESSAGES
from hedera_users.storage_comparer import CHUNK_BYTES

TOPICS_PER_S: Final = 5
MIB: Final = 1_048_576
ANNOUNCEMENT_BYTES: Final = 285
"""Of the message that anchors a hash, give or take 20: envelope, and the model's name, version, size and SHA-256."""

CARRIED_BYTES: Final = 180
"""Of an envelope before a model, give or take 20."""

_TINYCENTS_PER_DOLLAR: Final = 100 * prices.TINYCENTS
_ONE_KEY: Final = 1
_CHUNK_INFO_BYTES: Final = 45


class Cost(NamedTuple):
    """What one model takes.

    Attributes:
        dollars: By the published prices.
        file_writes: FileCreate and FileAppend.
        messages: ConsensusSubmitMessage.
        topics: ConsensusCreateTopic.
    """

    dollars: float
    file_writes: int = 0
    messages: int = 0
    topics: int = 0

    @property
    def throttle_s(self) -> float:
        """Seconds for which it takes all that the network's throttles let through of what it needs most of."""
        return max(self.file_writes / FILES.rate, self.messages / MESSAGES.rate, self.topics / TOPICS_PER_S)


def cost(way: str, size: int) -> Cost:
    """What a model of so many bytes takes in a way of `storage_comparer.WAYS`."""
    if way in CHUNK_BYTES:
        chunks = _cut(size, CHUNK_BYTES[way])
        return Cost(
            _dollars(prices.with_network(prices.file_bytes(one), one) for one in chunks), file_writes=len(chunks)
        )
    if way == "hash":
        return Cost(_dollars([_message(ANNOUNCEMENT_BYTES)]), messages=1)
    if way == "hcs-chunks":
        chunks = _cut(CARRIED_BYTES + size, bodies.MESSAGE_LIMIT_BYTES)
        return Cost(_dollars(_message(one) for one in chunks), messages=len(chunks))
    messages = hcs1.to_messages(random.Random(size).randbytes(size)).messages
    topic = prices.with_network(prices.topic(_ONE_KEY), 0)
    return Cost(_dollars([topic, *(_message(len(one)) for one in messages)]), messages=len(messages), topics=1)


def _message(size: int) -> int:
    return prices.with_network(prices.message(size), size + _CHUNK_INFO_BYTES)


def _cut(size: int, chunk: int) -> list[int]:
    """Sizes of the pieces; at least one."""
    whole, rest = divmod(size, chunk)
    return [chunk] * whole + [rest] * bool(rest) or [0]


def _dollars(tinycents: Iterable[int]) -> float:
    return sum(tinycents) / _TINYCENTS_PER_DOLLAR
