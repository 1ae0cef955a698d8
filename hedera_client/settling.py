"""What became of a transaction whose outcome is unknown: asked of nodes until it is certain, or time is up.

Three facts of the network decide (hiero-consensus-node: `TransactionChecker`, `RecordCacheImpl`):

- A node accepts an id until ACCEPT_BUFFER_S before its validity ends, by its own clock; at consensus the validity is
  checked once more. So after the end of its validity, and a margin for clocks and for the way to consensus and back,
  what has not happened never will.
- A receipt is kept RECEIPT_KEPT_S after consensus. So "not found" means "has not happened" only as long as a receipt
  could not have been forgotten: RECEIPT_KEPT_S after the id became valid, or after it was last seen pending.
- A node that has fallen behind does not know what others know, so one node's word is not enough.

A standstill of the whole network's consensus that outlasts RECEIPT_KEPT_S cannot be told from a loss by asking nodes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hedera_client.errors import Fate, HederaError
from hedera_client.ids import NS_PER_S, TransactionId
from hedera_client.receipts import Receipt
from hedera_client.status import RECEIPT_NOT_FOUND

ACCEPT_BUFFER_S: Final = 10.0
"""How long before the end of a transaction's validity nodes stop accepting it (hiero-consensus-node, HederaConfig)."""

RECEIPT_KEPT_S: Final = 180.0
"""How long after consensus nodes know a receipt (hiero-consensus-node, RecordCacheImpl)."""

CLOCK_SKEW_S: Final = 5.0
"""By how much a node's clock and ours are taken to differ at most."""

CONSENSUS_S: Final = 15.0
"""How long it is taken to last at most from a node's acceptance until every node that keeps up knows the receipt."""

WITNESSES: Final = 3
"""How many nodes have to say that they do not know it, where there are so many."""


class Settled(StrEnum):
    """What became of a transaction."""

    SUCCEEDED = "succeeded"
    """It reached consensus and did what it was for."""
    FAILED = "failed"
    """It reached consensus and failed; the receipt's status says why."""
    NEVER_HAPPENED = "never happened"
    """It did not reach consensus and never will: a new transaction id may be used."""
    UNKNOWN = "unknown"
    """It could not be found out in time."""


@dataclass(frozen=True, slots=True)
class Window:
    """When things can still happen to a transaction, in Unix seconds by our clock, margins included.

    Attributes:
        accepted_until: No node accepts it later.
        consensus_until: It reaches consensus, visibly, no later.
        remembered_until: If it reached consensus, however early, its receipt is still there.
    """

    accepted_until: float
    consensus_until: float
    remembered_until: float


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was found out.

    Attributes:
        transaction_id: About which transaction.
        verdict: What became of it.
        receipt: Its receipt, where it reached consensus.
        looks: How often a node was asked.
        reason: One line on how it is known, or why it is not.
    """

    transaction_id: TransactionId
    verdict: Settled
    receipt: Receipt | None
    looks: int
    reason: str


def window_of(
    transaction_id: TransactionId, valid_duration: float, margin: float = CLOCK_SKEW_S + CONSENSUS_S
) -> Window:
    """The window of a transaction that is valid for so many seconds; `margin` is added to its end for consensus."""
    start = transaction_id.valid_start_ns / NS_PER_S
    return Window(
        accepted_until=start + valid_duration - ACCEPT_BUFFER_S + min(margin, CLOCK_SKEW_S),
        consensus_until=start + valid_duration + margin,
        remembered_until=start + RECEIPT_KEPT_S - CLOCK_SKEW_S,
    )


def settle(
    look: Callable[[str, float], Receipt | None],
    transaction_id: TransactionId,
    nodes: Sequence[str],
    window: Window,
    *,
    timeout: float,
    interval: float,
    witnesses: int = WITNESSES,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    now: Callable[[], float],
) -> Settlement:
    """Ask the nodes in turn, `interval` seconds apart, until it is certain what became of a transaction.

    The first look is at once. A look that fails tells nothing, unless it fails because the client is closed, which
    ends the search.

    Args:
        look: Asks one node for the receipt, within so many seconds; None while it is pending there.
        transaction_id: Which transaction.
        nodes: Account ids, in the order in which they are asked.
        window: When things can still happen to it.
        timeout: Seconds from now after which no look starts; a look in progress is cut off there.
        interval: Seconds between the starts of two looks.
        witnesses: How many different nodes have to say that they do not know it; never more than there are.
        sleep: Waits so many seconds.
        clock: Monotonic seconds.
        now: Unix seconds.
    """
    evidence = _Evidence(transaction_id, window, min(witnesses, len(nodes)))
    deadline = clock() + timeout
    for node in itertools.cycle(nodes):
        begin = clock()
        if begin >= deadline:
            break
        asked_at = now()
        try:
            settlement = evidence.answered(node, asked_at, look(node, deadline - begin))
        except HederaError as error:
            settlement = evidence.failed(node, asked_at, error)
        if settlement is not None:
            return settlement
        sleep(min(max(0.0, begin + interval - clock()), max(0.0, deadline - clock())))
    return evidence.out_of_time(timeout)


class _Evidence:
    """What the nodes have said so far."""

    def __init__(self, transaction_id: TransactionId, window: Window, witnesses: int) -> None:
        self._transaction_id = transaction_id
        self._window = window
        self._needed = witnesses
        self._remembered_until = window.remembered_until
        self._absent: set[str] = set()  # nodes that did not know it when they would have had to
        self._forgetful: set[str] = set()  # nodes that did not know it when they may have forgotten
        self._last = "no node was asked"
        self._looks = 0

    def answered(self, node: str, asked_at: float, receipt: Receipt | None) -> Settlement | None:
        """Take in a receipt, or None for "pending"; returns what it settles."""
        self._looks += 1
        if receipt is None:
            self._last = f"node {node} says that it is pending"
            # Whatever happens to it happens about now or later (this node may be late), and is remembered from then.
            kept = RECEIPT_KEPT_S - CLOCK_SKEW_S - CONSENSUS_S
            self._remembered_until = max(self._remembered_until, asked_at + kept)
            return None
        verdict = Settled.SUCCEEDED if receipt.succeeded else Settled.FAILED
        receipt = replace(receipt, looks=self._looks)
        return self._settlement(verdict, f"node {node} has its receipt: {receipt.status}", receipt)

    def failed(self, node: str, asked_at: float, error: HederaError) -> Settlement | None:
        """Take in an answer that is no receipt; returns what it settles."""
        self._looks += 1
        self._last = str(error)
        if error.status == RECEIPT_NOT_FOUND:
            return self._not_found(node, asked_at)
        if error.fate is Fate.FINAL:
            return self._settlement(Settled.UNKNOWN, f"nodes cannot be asked: {error}")
        return None

    def _not_found(self, node: str, asked_at: float) -> Settlement | None:
        if asked_at < self._window.consensus_until:
            return None  # it may still be on its way
        if asked_at < self._remembered_until:
            self._absent.add(node)
            if len(self._absent) >= self._needed:
                told = ", ".join(sorted(self._absent))
                return self._settlement(
                    Settled.NEVER_HAPPENED, f"its validity is over, and no receipt is known to {told}"
                )
            return None
        self._forgetful.add(node)
        if len(self._forgetful) >= self._needed:
            return self._settlement(
                Settled.UNKNOWN, "it is too late to ask nodes, which may have forgotten the receipt; ask the mirror"
            )
        return None

    def out_of_time(self, timeout: float) -> Settlement:
        """Nothing more is asked."""
        return self._settlement(Settled.UNKNOWN, f"not found out within {timeout:g} s; at last: {self._last}")

    def _settlement(self, verdict: Settled, reason: str, receipt: Receipt | None = None) -> Settlement:
        return Settlement(self._transaction_id, verdict, receipt, self._looks, reason)
