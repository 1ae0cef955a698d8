"""The record cache: recent transactions, for duplicates, receipts and records."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from localnet.clock import NANOS, Clock
from localnet.protocol.ids import TransactionKey, transaction_key
from localnet.protocol.status import codes
from localnet.transactions.stages import Checked, Handled, Received

KEPT_S = 180
"""The longest valid duration, and so how long receipts and ids are kept (RecordCacheImpl.java)."""


class Lost(NamedTuple):
    """A transaction that a node accepted and that will never reach consensus; `received` is without its bytes."""

    received: Received


Known = Checked | Lost | Handled
"""What is known by a transaction id; what is not `Handled` is pending."""


class RecordCache:
    """Transactions by id, from the moment a node accepts them until 180 s after consensus.

    A node knows its own at once, and those of other nodes after gossip or consensus. Until then two nodes can accept
    the same id; the one that reaches consensus later is the duplicate.

    Args:
        clock: The network's.
        gossip_s: Seconds after its arrival at one node until the others know of a transaction.
    """

    def __init__(self, clock: Clock, gossip_s: float = 0.0) -> None:
        self._clock = clock
        self._gossip_s = gossip_s
        self._by_id: dict[TransactionKey, Known] = {}
        self._duplicates: dict[TransactionKey, list[Known]] = {}
        self._children: dict[TransactionKey, list[Handled]] = {}
        self._handled: deque[Handled] = deque()

    def find(self, node: int, transaction_id: Any) -> Known | None:
        """Find by a protobuf `TransactionID` the transaction that counts, or with a nonce its child.

        The whole id is compared (RecordCacheImpl.java): `scheduled` makes another one, and nothing is scheduled here.
        """
        if transaction_id.scheduled:
            return None
        key, nonce = transaction_key(transaction_id), transaction_id.nonce
        known = self.known_to(node, key)
        if known is None or not nonce:
            return known
        children = self.children(key)
        return children[nonce - 1] if 0 < nonce <= len(children) else None

    def known_to(self, node: int, key: TransactionKey) -> Known | None:
        """The transaction that counts, if this node knows one with this id; else None."""
        first = self.get(key)
        if first is None or not self._gossip_s or isinstance(first, Handled):
            return first
        now = self._clock.now()
        for one in (first, *self._duplicates.get(key, ())):
            if not isinstance(one, Handled) and (
                one.received.node == node or one.received.arrival + self._gossip_s <= now
            ):
                return first
        return None

    def get(self, key: TransactionKey) -> Known | None:
        """The transaction that counts. None if it is unknown or forgotten."""
        known = self._by_id.get(key)
        if known is None:
            return None
        if isinstance(known, Handled):
            return None if known.consensus_ns < self._oldest_ns() else known
        # What is lost never reaches consensus: it is forgotten by its valid start.
        is_old = isinstance(known, Lost) and key.seconds * NANOS < self._oldest_ns()
        return None if is_old else known

    def duplicates(self, key: TransactionKey) -> list[Handled]:
        """The duplicates of a transaction that have reached consensus."""
        return [one for one in self._duplicates.get(key, ()) if isinstance(one, Handled)]

    def children(self, key: TransactionKey) -> list[Handled]:
        """The children of a transaction, in the order of their nonces."""
        return self._children.get(key, [])

    def add_children(self, parent: Handled, children: list[Handled]) -> None:
        """Note the children of a handled transaction."""
        self._children[parent.key] = children

    def recent(self) -> Iterator[Handled]:
        """What reached consensus in the last 180 s, in that order."""
        oldest = self._oldest_ns()
        return (one for one in self._handled if one.consensus_ns >= oldest)

    def is_duplicate(self, checked: Checked) -> bool:
        """Whether another transaction with the same id reached consensus before, and was not expired."""
        first = self._by_id.get(checked.key)
        return isinstance(first, Handled) and first.status != codes.TRANSACTION_EXPIRED

    def accept(self, checked: Checked) -> None:
        """A node accepted it."""
        self._accept(checked.key, checked)

    def lose(self, checked: Checked) -> None:
        """A node accepted it, and it will never reach consensus."""
        self._accept(checked.key, Lost(checked.received._replace(raw=b"")))

    def complete(self, checked: Checked, handled: Handled) -> None:
        """It reached consensus. Also forgets transactions that are too old."""
        self._put(checked, handled)
        recent, oldest = self._handled, self._oldest_ns()
        recent.append(handled)
        while recent[0].consensus_ns < oldest:
            gone = recent.popleft()
            if self._by_id.get(gone.key) is gone:
                del self._by_id[gone.key]
                self._duplicates.pop(gone.key, None)
                self._children.pop(gone.key, None)

    def _accept(self, key: TransactionKey, pending: Checked | Lost) -> None:
        if self.get(key) is None:
            self._by_id[key] = pending
        else:
            self._duplicates.setdefault(key, []).append(pending)

    def _put(self, checked: Checked, handled: Handled) -> None:
        """Replace the pending one; it becomes the one that counts if the present one gives way."""
        first = self._by_id.get(handled.key)
        if first is checked:
            self._by_id[handled.key] = handled
            return
        others = self._duplicates.get(handled.key, [])
        for place, one in enumerate(others):
            if one is checked:
                others[place] = handled
                if first is not None and _gives_way(first):
                    others[place] = first
                    self._by_id[handled.key] = handled
                return

    def _oldest_ns(self) -> int:
        return self._clock.now_ns() - KEPT_S * NANOS


def _gives_way(first: Known) -> bool:
    """Whether the transaction that counts so far has not reached consensus, or was expired (its node's fault)."""
    return not isinstance(first, Handled) or first.status == codes.TRANSACTION_EXPIRED
