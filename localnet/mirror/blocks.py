"""Blocks: the mirror's transactions cut into pieces of two seconds, as record files cut them on the public networks.

Nothing is done for them while transactions come in. On a request every block that has ended since the last one is
closed, which takes the same short time whatever the number of its transactions. Block 0 is the genesis and holds no
transaction. Two seconds without a transaction are a block as well: on a public network that does not happen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from localnet.clock import NANOS
from localnet.mirror.store import MirrorStore
from localnet.transactions.stages import Handled, consensus_ns

BLOCK_NS: Final = 2 * NANOS
"""How long a block lasts (BlockStreamConfig.java, `blockPeriod`)."""

KEPT: Final = 21_600
"""How many blocks are remembered: half a day."""

_HASH_BYTES: Final = 48


@dataclass(frozen=True, slots=True)
class Block:
    """A closed block.

    Attributes:
        number: From 0, without gaps.
        start, stop: Its transactions are those with start <= index < stop.
        from_ns, to_ns: Consensus timestamps of its first and its last transaction; without any, its own two seconds.
        hash, previous_hash: SHA-384. `hash` covers the hash before it, the number, and the first and the last
            transaction.
    """

    number: int
    start: int
    stop: int
    from_ns: int
    to_ns: int
    hash: bytes
    previous_hash: bytes

    @property
    def count(self) -> int:
        """Transactions in it."""
        return self.stop - self.start

    @property
    def name(self) -> str:
        """What its record file would be called."""
        seconds, nanos = divmod(self.from_ns, NANOS)
        return f"{_utc(seconds)}.{nanos:09d}Z.rcd.gz"


class Blocks:
    """The blocks of one mirror.

    Args:
        store: The mirror's transactions.
        genesis_ns: When the network began, Unix nanoseconds.
        complete_ns: Tells until which consensus time the mirror shows everything.
        kept: How many of the newest blocks are remembered.
    """

    def __init__(
        self, store: MirrorStore, genesis_ns: int, complete_ns: Callable[[], int], *, kept: int = KEPT
    ) -> None:
        self._store = store
        self._complete_ns = complete_ns
        self._kept = kept
        self._origin_ns = genesis_ns // BLOCK_NS * BLOCK_NS
        first = Block(0, 0, 0, genesis_ns, genesis_ns, _hash(bytes(_HASH_BYTES), 0, b"genesis"), bytes(_HASH_BYTES))
        self._blocks = [first]
        self._by_hash = {first.hash[:32]: first}

    def latest(self) -> Block:
        """The newest block that is closed."""
        self._close()
        return self._blocks[-1]

    def by_number(self, number: int) -> Block | None:
        """A block; None if it is not closed yet, or forgotten."""
        self._close()
        index = number - self._blocks[0].number
        return self._blocks[index] if 0 <= index < len(self._blocks) else None

    def at(self, moment_ns: int) -> Block | None:
        """The block of a consensus timestamp; None if it is not closed yet, or forgotten."""
        return self.by_number((moment_ns - self._origin_ns) // BLOCK_NS + 1)

    def by_hash(self, value: bytes) -> Block | None:
        """A block by its hash of 48 bytes, or by the first 32 of them, which Ethereum's clients know it by."""
        self._close()
        block = self._by_hash.get(value[:32])
        return block if block is not None and block.hash.startswith(value) else None

    def between(self, low: int, high: int, *, descending: bool) -> Iterator[Block]:
        """The remembered blocks with low <= number < high."""
        self._close()
        first = self._blocks[0].number
        chosen = self._blocks[max(low - first, 0) : max(high - first, 0)]
        return reversed(chosen) if descending else iter(chosen)

    def transactions(self, block: Block) -> Iterator[Handled]:
        """A block's transactions, as far as they are remembered."""
        return self._store.transactions.span(block.start, block.stop)

    def _close(self) -> None:
        """Close every block that has ended, except those that would not be kept any more."""
        ended = (self._complete_ns() - self._origin_ns) // BLOCK_NS
        if ended - self._blocks[-1].number > self._kept:
            following = self._next(ended - self._kept + 1)
            self._forget(len(self._blocks))
            self._append(following)
        while self._blocks[-1].number < ended:
            self._append(self._next(self._blocks[-1].number + 1))
        if len(self._blocks) > self._kept * 1.1:
            self._forget(len(self._blocks) - self._kept)

    def _next(self, number: int) -> Block:
        """The block with this number, which comes after the last one."""
        previous, transactions = self._blocks[-1], self._store.transactions
        end_ns = self._origin_ns + number * BLOCK_NS
        start = max(previous.stop, transactions.first_index(end_ns - BLOCK_NS, consensus_ns))
        stop = max(start, transactions.first_index(end_ns, consensus_ns))
        from_ns, to_ns, content = end_ns - BLOCK_NS, end_ns - 1, b""
        if stop > max(start, transactions.forgotten):
            first, last = transactions[max(start, transactions.forgotten)], transactions[stop - 1]
            from_ns, to_ns, content = first.consensus_ns, last.consensus_ns, first.hash + last.hash
        return Block(number, start, stop, from_ns, to_ns, _hash(previous.hash, number, content), previous.hash)

    def _append(self, block: Block) -> None:
        self._blocks.append(block)
        self._by_hash[block.hash[:32]] = block

    def _forget(self, count: int) -> None:
        for block in self._blocks[:count]:
            del self._by_hash[block.hash[:32]]
        del self._blocks[:count]


def _hash(previous: bytes, number: int, content: bytes) -> bytes:
    return hashlib.sha384(previous + number.to_bytes(8, "big") + content).digest()


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H_%M_%S")
