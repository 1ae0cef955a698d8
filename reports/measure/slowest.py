"""The slowest operations of a kind, each with its whole timeline: what a percentile cannot tell."""

from __future__ import annotations

import heapq
from typing import Any, Final, NamedTuple

from records.operation import OperationRecord

KEPT: Final = 5
"""Operations kept per line of the report."""


class SlowOperation(NamedTuple):
    """One operation's joined timeline; seconds, and Unix time for `scheduled_at`.

    `segments_s` adds up to `response_s`; `reached_s` says when each segment was last left, counted from
    `scheduled_at`.
    """

    response_s: float
    scheduled_at: float
    transaction_id: str
    attempts: int
    segments_s: dict[str, float]
    reached_s: dict[str, float]

    @classmethod
    def of(cls, record: OperationRecord) -> SlowOperation:
        """The timeline of a closed record."""
        transaction_id = record.transaction_ids[0] if record.transaction_ids else ""
        return cls(
            *(record.response_s, record.scheduled_at, transaction_id, record.attempts),
            *(record.segments_s, record.reached_s),
        )


class Slowest:
    """The KEPT slowest of any number of operations; merging parts gives the slowest of the whole."""

    __slots__ = ("_heap", "threshold_s")

    def __init__(self) -> None:
        self._heap: list[tuple[float, float, str, SlowOperation]] = []
        self.threshold_s = -1.0
        """An operation that took no longer is not among them, and need not be recorded."""

    def record(self, record: OperationRecord) -> None:
        """Keep an operation if it is among the slowest so far."""
        self._add(SlowOperation.of(record))

    @property
    def operations(self) -> list[SlowOperation]:
        """Slowest first."""
        return [entry[-1] for entry in sorted(self._heap, reverse=True, key=lambda entry: entry[:3])]

    def dump(self) -> list[list[Any]]:
        """Return it in a form that msgpack can carry."""
        return [list(entry[-1]) for entry in self._heap]

    def merge_dump(self, dumped: list[list[Any]]) -> None:
        """Add what `dump` returned elsewhere."""
        for fields in dumped:
            self._add(SlowOperation(*fields))

    def _add(self, slow: SlowOperation) -> None:
        entry = (slow.response_s, slow.scheduled_at, slow.transaction_id, slow)
        if len(self._heap) < KEPT:
            heapq.heappush(self._heap, entry)
        elif entry[:3] > self._heap[0][:3]:
            heapq.heapreplace(self._heap, entry)
        if len(self._heap) == KEPT:
            self.threshold_s = self._heap[0][0]
