"""Transactions by their hash. The index is built on the first request."""

from __future__ import annotations

from localnet.rolling_list import RollingList
from localnet.transactions.stages import Handled


class HashIndex:
    """Finds the transactions of a list by their hash of 48 bytes."""

    def __init__(self, transactions: RollingList[Handled]) -> None:
        self._transactions = transactions
        self._indices: dict[bytes, list[int]] = {}
        self._end = 0

    def find(self, value: bytes) -> list[Handled]:
        """The transactions with this hash in the order of consensus; as far as they are remembered."""
        self._catch_up()
        known = self._transactions
        return [known[index] for index in self._indices.get(value, ()) if index >= known.forgotten]

    def _catch_up(self) -> None:
        if len(self._indices) > 2 * len(self._transactions):  # most of it is forgotten
            self._indices.clear()
            self._end = 0
        start = max(self._end, self._transactions.forgotten)
        for index, row in enumerate(self._transactions.span(start, self._transactions.end), start):
            if row.hash:
                self._indices.setdefault(row.hash, []).append(index)
        self._end = self._transactions.end
