"""The rows of one topic in order: which are missing, which came late, and whether the running hashes follow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from hedera_client import TopicMessage

START_OF_CHAIN: Final = bytes(48)
"""Running hash of a topic before its first message (hedera-protocol facts, running hash version 3)."""

MAX_GAPS: Final = 10_000
"""Gaps that are looked after at once; a mirror with more holes than that cannot be audited."""

ChainHash = Callable[[bytes, TopicMessage], bytes]
"""`(running hash before, row) -> running hash after`."""


class TooManyGapsError(Exception):
    """The mirror leaves out so much that it cannot be audited."""


class Shown(NamedTuple):
    """A row as it came: `late` where rows after it had come before."""

    row: TopicMessage
    late: bool


@dataclass(slots=True)
class Gap:
    """Sequence numbers that were passed over, and what their hashes have to join.

    Attributes:
        low: The first one.
        high: The last one.
        before: Running hash before `low`.
        after: The row that follows `high`; the hash of `high` leads to its own.
        asked: How often the mirror was asked for them once more, and answered without them.
    """

    low: int
    high: int
    before: bytes
    after: TopicMessage
    asked: int = 0


class TopicChain:
    """Takes in rows of a topic and keeps track of the chain. Memory grows with the gaps, not with the topic.

    Attributes:
        rows: Rows that came, repetitions included.
        last_sequence: The highest sequence number that came.
        broken_at: The lowest sequence number whose running hash does not follow from the row before, or None.
        gaps: What is missing.

    Args:
        chain_hash: Recomputes the running hash of a row.
        after: Sequence number that the chain begins after: a topic that was there before is audited from there on.
        running_hash: The topic's running hash after that message.
    """

    def __init__(self, chain_hash: ChainHash, after: int = 0, running_hash: bytes = START_OF_CHAIN) -> None:
        self.rows = 0
        self.last_sequence = after
        self.broken_at: int | None = None
        self.gaps: list[Gap] = []
        self._hash = running_hash
        self._chain_hash = chain_hash

    @property
    def unasked(self) -> list[tuple[int, int]]:
        """Lowest and highest sequence number of each gap that was not asked for once more."""
        return [(gap.low, gap.high) for gap in self.gaps if not gap.asked]

    @property
    def proven_below(self) -> float:
        """The sequence number below which every hash that could be checked follows; infinity where all do."""
        return math.inf if self.broken_at is None else self.broken_at

    @property
    def missing(self) -> int:
        """Rows that must exist and were not shown."""
        return sum(gap.high - gap.low + 1 for gap in self.gaps)

    @property
    def verified(self) -> bool | None:
        """Whether every running hash follows; None where a gap or an empty topic leaves it open."""
        if self.broken_at is not None:
            return False
        return None if self.gaps or not self.rows else True

    def advance(self, rows: Iterable[TopicMessage]) -> Iterator[Shown]:
        """Take in rows beyond the last one, as they are shown, and yield each.

        Raises:
            TooManyGapsError: more is missing than can be looked after.
        """
        for row in rows:
            sequence = row.sequence_number
            if sequence <= self.last_sequence:
                yield Shown(row, late=self._take_back(row))
                continue
            if sequence == self.last_sequence + 1:
                self._check(self._hash, row)
            else:
                self._add(Gap(self.last_sequence + 1, sequence - 1, self._hash, row))
            self.rows += 1
            self.last_sequence, self._hash = sequence, row.running_hash
            yield Shown(row, late=False)

    def fill(self, gap: Gap, rows: Iterable[TopicMessage]) -> Iterator[Shown]:
        """Take in what a gap turned out to hold, in ascending order, and yield each; what still lacks stays a gap."""
        return self._fill(gap, rows, asked=1)

    def _fill(self, gap: Gap, rows: Iterable[TopicMessage], asked: int) -> Iterator[Shown]:
        """As `fill`; `asked` is 0 where the rows came unasked."""
        self.gaps.remove(gap)
        expected, before, times = gap.low, gap.before, gap.asked
        try:
            for row in rows:
                if not gap.low <= row.sequence_number <= gap.high:
                    continue
                self.rows += 1
                if row.sequence_number >= expected:
                    self._join(expected, before, row, gap.asked + asked)
                    expected, before = row.sequence_number + 1, row.running_hash
                yield Shown(row, late=True)
            times += asked
        finally:  # whoever reads may fail in the middle
            self._join(expected, before, gap.after, times)

    def _take_back(self, row: TopicMessage) -> bool:
        """A row that stands behind later ones: it belongs into a gap, or is shown a second time."""
        for gap in self.gaps:
            if gap.low <= row.sequence_number <= gap.high:
                return any(shown.late for shown in list(self._fill(gap, [row], asked=0)))
        self.rows += 1
        return False

    def _join(self, expected: int, before: bytes, row: TopicMessage, asked: int) -> None:
        """Check a row against its predecessor, or note the gap between them."""
        if row.sequence_number == expected:
            self._check(before, row)
        else:
            self._add(Gap(expected, row.sequence_number - 1, before, row, asked))

    def _add(self, gap: Gap) -> None:
        if len(self.gaps) >= MAX_GAPS:
            raise TooManyGapsError(f"the mirror leaves out rows in more than {MAX_GAPS:,} places")
        self.gaps.append(gap)

    def _check(self, before: bytes, row: TopicMessage) -> None:
        if self._chain_hash(before, row) != row.running_hash:
            sequence = row.sequence_number
            self.broken_at = sequence if self.broken_at is None else min(self.broken_at, sequence)
