"""Checks whether a node, at one address, would accept a transaction of the operator, without paying for one.

The transaction moves nothing and offers one tinybar. A node checks a transaction in a fixed order
(hiero-consensus-node, IngestChecker.java, runAllChecks): whether it is for this node (INVALID_NODE_ACCOUNT), whether it
is valid now (INVALID_TRANSACTION_START, TRANSACTION_EXPIRED), whether the payer exists and has signed
(INVALID_SIGNATURE), and only then whether it offers enough (INSUFFICIENT_TX_FEE). So this last error shows that all
earlier checks passed. A node does not gossip what it refuses so, and charges nothing. From payers without fees (0.0.2,
0.0.50) it is accepted, and does nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from hedera_client import bodies
from hedera_client.bodies import Body
from hedera_client.client import HederaClient
from hedera_client.errors import PrecheckError
from hedera_client.findings import UnhealthyError, Wrong
from hedera_client.ids import BACKDATE_NS, NS_PER_S, TransactionId
from hedera_client.prices import FeeCaps
from hedera_client.transactions import prepare

BEHIND_S: Final = 10.0
"""How far a node's clock may be ahead of this machine's. It would still take transactions, but for a shorter time, and
times against consensus timestamps would be wrong by as much. Behind it may be by BACKDATE_NS: then it refuses."""

FARTHEST_S: Final = 86_400.0
"""A difference between two clocks beyond which it is not measured."""

_TELLING_S: Final = 0.5

_TOO_EARLY: Final = "INVALID_TRANSACTION_START"
_TOO_LATE: Final = "TRANSACTION_EXPIRED"
_OTHER_NODE: Final = "INVALID_NODE_ACCOUNT"
_WELL: Final = frozenset({"OK", "INSUFFICIENT_TX_FEE"})
_BUSY: Final = "BUSY"
_ONE_TINYBAR: Final = FeeCaps(most=1)
_OF_OPERATOR: Final = {
    "INVALID_SIGNATURE": "the operator's key does not sign for the account",
    "PAYER_ACCOUNT_NOT_FOUND": "the operator's account is not on this network",
    "PAYER_ACCOUNT_DELETED": "the operator's account was deleted",
}

NOTHING: Final[Body] = bodies.transfer({})


class Probe:
    """Checks one address, over a client that reaches nothing else.

    Args:
        client: Of a network of one address.
        others: Account ids of the network's other nodes, to say which of them answers where the wrong one does.
        now: Nanoseconds since 1970.
    """

    def __init__(
        self, client: HederaClient, others: Sequence[str] = (), *, now: Callable[[], int] = time.time_ns
    ) -> None:
        self._client = client
        self._node = client.nodes[0]
        self._others = others
        self._now = now

    def run(self) -> str:
        """The detail of a passed check.

        Raises:
            UnhealthyError: it would not take a transaction.
            TransportError: it did not answer.
        """
        status = self._ask(-BACKDATE_NS / NS_PER_S)
        if status == _OTHER_NODE:
            raise UnhealthyError(self._who_else(), Wrong.ACCOUNT)
        known = status in _WELL or status in _OF_OPERATOR or status in (_BUSY, _TOO_EARLY, _TOO_LATE)
        if not known:
            raise UnhealthyError(f"it refuses transactions: {status}", Wrong.REFUSES)
        if status in (_TOO_EARLY, _TOO_LATE) or self._ask(BEHIND_S) not in (_TOO_EARLY, _BUSY):
            raise UnhealthyError(clock_line(self._clock_difference()), Wrong.CLOCK)
        if status in _OF_OPERATOR:
            raise UnhealthyError(f"{_OF_OPERATOR[status]} ({status})", Wrong.OPERATOR)
        if status == _BUSY:
            return "answers, and is too busy to look at the signature"
        return "takes the operator's transactions"

    def _ask(self, start_s: float, node: str = "") -> str:
        """The node's status for a transaction whose validity begins in so many seconds."""
        start = self._now() + int(start_s * NS_PER_S) - secrets.randbelow(1_000_000)
        operator = self._client.operator
        own_id = TransactionId(operator.account_id, start)
        prepared = prepare(NOTHING, node or self._node, own_id, [operator], caps=_ONE_TINYBAR)
        try:
            self._client.submit(prepared._replace(node=self._node))
        except PrecheckError as error:
            return error.status
        return "OK"

    def _who_else(self) -> str:
        """Which of the network's nodes this is."""
        for other in self._others:
            if self._ask(-BACKDATE_NS / NS_PER_S, other) != _OTHER_NODE:
                return f"it is node {other}, not {self._node} ({_OTHER_NODE}); correct the account id of this address"
        return f"it is not node {self._node} ({_OTHER_NODE}); correct the account id of this address"

    def _clock_difference(self) -> float:
        """Seconds by which the node's clock is ahead of this machine's, to half a second; at most FARTHEST_S.

        A node answers INVALID_TRANSACTION_START for every start that is ahead of its clock, and for no other.
        """
        low, high = -1.0, 1.0
        while low > -FARTHEST_S and self._ask(low) == _TOO_EARLY:
            low, high = low * 2, low
        while high < FARTHEST_S and self._ask(high) != _TOO_EARLY:
            low, high = high, high * 2
        while high - low > _TELLING_S:
            middle = (low + high) / 2
            low, high = (low, middle) if self._ask(middle) == _TOO_EARLY else (middle, high)
        return (low + high) / 2


def clock_line(ahead_s: float) -> str:
    """How two clocks differ, and what to do."""
    seconds = abs(ahead_s)
    told = "more than a day" if seconds > FARTHEST_S / 2 else f"{seconds:.0f} s"
    return f"this machine's clock is {told} {'behind' if ahead_s > 0 else 'ahead of'} its own; set it, e.g. by NTP"
