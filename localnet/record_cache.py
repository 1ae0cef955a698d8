"""What the nodes remember of recent transactions: for duplicates, receipts and records."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from localnet.clock import NANOS, Clock
from localnet.ids import TransactionKey, transaction_key
from localnet.status import codes
from localnet.submission import Submission

KEPT_S = 180
"""The longest valid duration, and so how long receipts and ids are kept (RecordCacheImpl.java)."""


class RecordCache:
    """Transactions by id, from the moment a node accepts them until 180 s after consensus.

    A node knows its own at once, and everybody else's when gossip has brought it or it reached consensus. Until then
    two nodes can accept the same id; what reaches consensus later is the duplicate of what was there first.

    Args:
        clock: The network's.
        gossip_s: So long after its arrival at one node the others know of a transaction.
    """

    def __init__(self, clock: Clock, gossip_s: float = 0.0) -> None:
        self._clock = clock
        self._gossip_s = gossip_s
        self._by_id: dict[TransactionKey, Submission] = {}
        self._duplicates: dict[TransactionKey, list[Submission]] = {}
        self._children: dict[TransactionKey, list[Submission]] = {}
        self._settled: deque[Submission] = deque()

    def find(self, node: int, transaction_id: Any) -> Submission | None:
        """What a node knows by a protobuf `TransactionID`: the transaction that counts, or with a nonce its child.

        The whole id counts (RecordCacheImpl.java): with `scheduled` it is another one, and nothing is scheduled here.
        """
        if transaction_id.scheduled:
            return None
        key, nonce = transaction_key(transaction_id), transaction_id.nonce
        known = self.known_to(node, key)
        if known is None or not nonce:
            return known
        children = self.children(key)
        return children[nonce - 1] if 0 < nonce <= len(children) else None

    def known_to(self, node: int, key: TransactionKey) -> Submission | None:
        """The transaction that counts, if this node has heard of one with this id; else None."""
        first = self.get(key)
        if first is None or not self._gossip_s or first.consensus_ns:
            return first
        now = self._clock.now()
        for one in (first, *self._duplicates.get(key, ())):
            if one.node == node or one.arrival + self._gossip_s <= now:
                return first
        return None

    def get(self, key: TransactionKey) -> Submission | None:
        """The transaction that counts; its `status` is None while it is pending. None if it is unknown or forgotten."""
        submission = self._by_id.get(key)
        if submission is None:
            return None
        # What is lost never reaches consensus: it is forgotten by its valid start.
        since_ns = key.seconds * NANOS if submission.fault == "lost" else submission.consensus_ns
        return None if since_ns and since_ns < self._oldest_ns() else submission

    def duplicates(self, key: TransactionKey) -> list[Submission]:
        """The duplicates of a transaction that have reached consensus."""
        return [one for one in self._duplicates.get(key, ()) if one.status is not None]

    def children(self, key: TransactionKey) -> list[Submission]:
        """The children of a transaction, in the order of their nonces."""
        return self._children.get(key, [])

    def add_children(self, parent: Submission, children: list[Submission]) -> None:
        """A transaction that was settled has children."""
        assert parent.key is not None
        self._children[parent.key] = children

    def recent(self) -> Iterator[Submission]:
        """What reached consensus in the last 180 s, in that order."""
        oldest = self._oldest_ns()
        return (one for one in self._settled if one.consensus_ns >= oldest)

    def is_duplicate(self, submission: Submission) -> bool:
        """Whether another transaction with the same id reached consensus before, and not by its node's mistake."""
        assert submission.key is not None
        first = self._by_id.get(submission.key)
        return first is not None and first is not submission and not _gives_way(first)

    def accept(self, submission: Submission) -> None:
        """A node accepted it."""
        assert submission.key is not None
        if self.get(submission.key) is None:
            self._by_id[submission.key] = submission
        else:
            self._duplicates.setdefault(submission.key, []).append(submission)

    def settle(self, submission: Submission) -> None:
        """It reached consensus. Also forgets those that are too old."""
        self._put_first(submission)
        settled, oldest = self._settled, self._oldest_ns()
        settled.append(submission)
        while settled[0].consensus_ns < oldest:
            gone = settled.popleft()
            assert gone.key is not None
            if self._by_id.get(gone.key) is gone:
                del self._by_id[gone.key]
                self._duplicates.pop(gone.key, None)
                self._children.pop(gone.key, None)

    def _put_first(self, submission: Submission) -> None:
        """Let what was settled count, where so far something counts that was not, or that its node is to blame for."""
        assert submission.key is not None
        first = self._by_id.get(submission.key)
        if first is not None and first is not submission and submission.key in self._duplicates and _gives_way(first):
            others = self._duplicates[submission.key]
            others[others.index(submission)] = first
            self._by_id[submission.key] = submission

    def _oldest_ns(self) -> int:
        return self._clock.now_ns() - KEPT_S * NANOS


def _gives_way(first: Submission) -> bool:
    return first.status is None or first.status == codes.TRANSACTION_EXPIRED
