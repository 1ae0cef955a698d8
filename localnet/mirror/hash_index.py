"""Transactions by their hash. Nothing is done for it until somebody asks for the first time."""

from __future__ import annotations

from localnet.journal import Journal
from localnet.transactions.stages import Settled


class HashIndex:
    """Finds the transactions of a journal by their hash of 48 bytes."""

    def __init__(self, journal: Journal[Settled]) -> None:
        self._journal = journal
        self._indices: dict[bytes, list[int]] = {}
        self._end = 0

    def find(self, value: bytes) -> list[Settled]:
        """The transactions with this hash in the order of consensus; as far as they are remembered."""
        self._catch_up()
        return [self._journal[index] for index in self._indices.get(value, ()) if index >= self._journal.forgotten]

    def _catch_up(self) -> None:
        if len(self._indices) > 2 * len(self._journal):  # most of it is forgotten
            self._indices.clear()
            self._end = 0
        start = max(self._end, self._journal.forgotten)
        for index, row in enumerate(self._journal.span(start, self._journal.end), start):
            if row.hash:
                self._indices.setdefault(row.hash, []).append(index)
        self._end = self._journal.end
