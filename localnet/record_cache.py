"""What the nodes remember of recent transactions: for duplicates, receipts and records."""

from __future__ import annotations

from collections import deque

from localnet.clock import NANOS, Clock
from localnet.ids import TransactionKey
from localnet.submission import Submission

KEPT_S = 180
"""The longest valid duration, and so how long receipts and ids are kept (RecordCacheImpl.java)."""


class RecordCache:
    """Transactions by id, from the moment a node accepts them until 180 s after consensus.

    All nodes share it: gossip takes no time here.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[TransactionKey, Submission] = {}
        self._settled: deque[Submission] = deque()

    def __contains__(self, key: TransactionKey) -> bool:
        return self.get(key) is not None

    def get(self, key: TransactionKey) -> Submission | None:
        """The transaction; its `status` is None while it is pending. None if it is unknown or forgotten."""
        submission = self._by_id.get(key)
        if submission is None:
            return None
        # What is lost never reaches consensus: it is forgotten by its valid start.
        since_ns = key.seconds * NANOS if submission.fault == "lost" else submission.consensus_ns
        return None if since_ns and since_ns < self._oldest_ns() else submission

    def accept(self, submission: Submission) -> None:
        """A node accepted it."""
        assert submission.key is not None
        self._by_id[submission.key] = submission

    def settle(self, submission: Submission) -> None:
        """It reached consensus. Also forgets those that are too old."""
        settled, oldest = self._settled, self._oldest_ns()
        settled.append(submission)
        while settled[0].consensus_ns < oldest:
            key = settled.popleft().key
            assert key is not None
            self._by_id.pop(key, None)

    def _oldest_ns(self) -> int:
        return self._clock.now_ns() - KEPT_S * NANOS
