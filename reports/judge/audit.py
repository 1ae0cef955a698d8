"""The audit: every message that was acknowledged must be on its topic exactly once, in order, in an unbroken chain.

The rules, per message (one envelope, in one piece or in chunks):

* delivered: it stands on its topic exactly once, byte for byte.
* lost: it was acknowledged, and is not there, or is there only with other bytes (`corrupted`).
* duplicated: it stands there more than once, acknowledged or not. A retry that landed twice is a duplicate.
* out of order: two acknowledged messages of one stream on one topic stand in the other order than they were sent in.
  A stream sends one message after another and goes on only when the one before was acknowledged, so the network had
  said yes to the first before it ever saw the second. Messages of different streams have no order among each other.
* landed after failure: it was not acknowledged (failed, unknown, cut off), and is there all the same.

Only messages of this run count; whatever else stands on a topic is part of the hash chain and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from hedera_client import ChunkInfo, TopicMessage
from reports.collect.journal import JournalEntry
from reports.envelope import decode, digest
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey

MAX_OFFENDERS: Final = 100
"""Offending messages that are listed one by one."""

MAX_OPEN_CHUNKS: Final = 10_000
"""Chunked messages that may be incomplete at once while a topic is read."""

START_OF_CHAIN: Final = bytes(48)
"""Running hash of a topic before its first message (hedera-protocol facts, running hash version 3)."""


ChainHash = Callable[[bytes, TopicMessage], bytes]
"""`(running hash before, row) -> running hash after`."""


@dataclass(slots=True)
class Expected:
    """A message of the journal and what was seen of it. `first` and `last` are its first copy's sequence numbers."""

    entry: JournalEntry
    copies: int = 0
    corrupted: int = 0
    first: int = 0
    last: int = 0


class TopicAudit:
    """Reads one topic's rows in order and settles the messages that were sent to it.

    Args:
        topic_id: The topic.
        run_id: Messages of other runs are left alone.
        entries: What was sent to it.
        chain_hash: Recomputes the running hash of a row.
    """

    def __init__(self, topic_id: str, run_id: str, entries: Iterable[JournalEntry], chain_hash: ChainHash) -> None:
        self.topic_id = topic_id
        self.rows = 0
        self.strangers = 0
        self.last_sequence = 0
        self.broken_at: int | None = None
        self.consensus: dict[OperationKey, Distribution] = {}
        self.expected = {(entry.stream, entry.number): Expected(entry) for entry in entries}
        self._run_id = run_id
        self._chain_hash = chain_hash
        self._chain = START_OF_CHAIN
        self._copies: dict[str, list[dict[int, TopicMessage]]] = {}

    def see(self, row: TopicMessage) -> None:
        """Take in the next row; rows come in ascending order of their sequence numbers."""
        self.rows += 1
        self._check_chain(row)
        self.last_sequence = row.sequence_number
        info = row.chunk_info
        if info is None or info.total <= 1:
            self._settle(row.message, row, row)
        else:
            self._gather(row, info)

    @property
    def outstanding(self) -> int:
        """Acknowledged messages that have not been seen."""
        return sum(1 for one in self.expected.values() if one.entry.acknowledged and not one.copies)

    @property
    def unsettled(self) -> int:
        """Messages of unknown fate that have not been seen."""
        return sum(1 for one in self.expected.values() if one.entry.outcome == "unknown" and not one.copies)

    def _check_chain(self, row: TopicMessage) -> None:
        if self.broken_at is None and (
            row.sequence_number != self.last_sequence + 1 or self._chain_hash(self._chain, row) != row.running_hash
        ):
            self.broken_at = row.sequence_number
        self._chain = row.running_hash

    def _gather(self, row: TopicMessage, info: ChunkInfo) -> None:
        """Keep a chunk until its message is whole. A chunk that comes again belongs to a second copy of the message."""
        message_id = str(info.initial_transaction_id)
        copies = self._copies.setdefault(message_id, [])
        copy = next((copy for copy in copies if info.number not in copy), None)
        if copy is None:
            copy = {}
            copies.append(copy)
        copy[info.number] = row
        if len(copy) == info.total:
            copies.remove(copy)
            if not copies:
                del self._copies[message_id]
            chunks = [copy[number] for number in sorted(copy)]
            self._settle(b"".join(chunk.message for chunk in chunks), chunks[0], chunks[-1])
        elif len(self._copies) > MAX_OPEN_CHUNKS:
            del self._copies[next(iter(self._copies))]

    def _settle(self, message: bytes, first: TopicMessage, last: TopicMessage) -> None:
        """Hold a whole message against the journal."""
        envelope = decode(message)
        if envelope is None or envelope.run_id != self._run_id:
            return
        one = self.expected.get((envelope.stream, envelope.number))
        if one is None:
            self.strangers += 1  # of this run, but its sender never reported it: a worker that died
            return
        if digest(message) != one.entry.digest:
            one.corrupted += 1
            return
        one.copies += 1
        if one.copies == 1:
            one.first, one.last = first.sequence_number, last.sequence_number
            if one.entry.acknowledged:
                key = OperationKey.load(one.entry.operation)
                took_s = last.consensus_timestamp / 1e9 - one.entry.sent_at
                self.consensus.setdefault(key, Distribution()).record(max(0.0, took_s))

    def out_of_order(self) -> list[Expected]:
        """Acknowledged messages that stand before one that their stream had sent, and been told of, earlier."""
        wrong = []
        reached: dict[str, int] = {}
        for (stream, _), one in sorted(self.expected.items(), key=lambda item: item[0]):
            if not one.entry.acknowledged or not one.copies:
                continue
            if one.first < reached.get(stream, 0):
                wrong.append(one)
            reached[stream] = max(reached.get(stream, 0), one.last)
        return wrong


def verdict(topics: list[TopicAudit], error: str | None = None) -> dict[str, Any]:
    """Return the report's `audit` for topics that were read, as far as they could be.

    Args:
        topics: One audit per topic of the run.
        error: Why the mirror could not be read to the end, or None. `lost` is None then: nothing is called lost that
            was not looked for.
    """
    everything = [one for topic in topics for one in topic.expected.values()]
    acknowledged = [one for one in everything if one.entry.acknowledged]
    lost = [] if error else [one for one in acknowledged if not one.copies]
    duplicated = [one for one in everything if one.copies > 1]
    disordered = [one for topic in topics for one in topic.out_of_order()]
    late = [one for one in everything if one.copies and not one.entry.acknowledged]
    kinds = {"lost": lost, "duplicated": duplicated, "out_of_order": disordered, "landed_after_failure": late}
    read = [topic for topic in topics if topic.rows]
    return {
        "acknowledged": len(acknowledged),
        "delivered": sum(1 for one in acknowledged if one.copies == 1),
        **{kind: len(ones) for kind, ones in kinds.items()},
        "lost": None if error else len(lost),
        "corrupted": sum(1 for one in everything if one.corrupted),
        "of_unreported_senders": sum(topic.strangers for topic in topics),
        "running_hash_verified": None if error or not read else all(topic.broken_at is None for topic in read),
        "topics": [
            {
                "topic_id": topic.topic_id,
                "rows": topic.rows,
                "last_sequence_number": topic.last_sequence,
                "chain_broken_at": topic.broken_at,
            }
            for topic in topics
        ],
        "offenders": [
            _offender(kind, one) for kind, ones in kinds.items() for one in ones[: MAX_OFFENDERS // len(kinds)]
        ],
        "error": error,
    }


def _offender(kind: str, one: Expected) -> dict[str, Any]:
    entry = one.entry
    return {
        "kind": "corrupted" if kind == "lost" and one.corrupted else kind,
        "topic_id": entry.topic_id,
        "stream": entry.stream,
        "number": entry.number,
        "transaction_id": entry.transaction_id,
        "sequence_number": one.first or entry.sequence_number,
        "copies": one.copies,
        "outcome": entry.outcome,
        "status": entry.status,
    }
