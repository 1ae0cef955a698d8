"""The ledger: the ground truth of every transaction that reached a node, against which load tests are checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from localnet.clock import NANOS
from localnet.protocol.ids import TransactionKey, format_entity
from localnet.protocol.status import status_name
from localnet.rolling_list import RollingList
from localnet.transactions.stages import Handled


@dataclass(slots=True, eq=False)
class Entry:
    """The fate of one transaction so far. Times are Unix seconds.

    Attributes:
        index: Position in the ledger, from 0.
        node: Account number of the node it was sent to.
        arrival: When it arrived.
        size: Bytes of the whole serialised transaction.
        kind: The mirror's name of its kind, e.g. `CONSENSUSSUBMITMESSAGE`; "" if it could not be read.
        key: Its transaction id; None where it has none, or none that could be read.
        precheck: The node's answer; None until it answered.
        ack: When the node's answer was sent; None until then, and where a fault took the answer away.
        fault: The kind of fault that hit it at its node; "" for none.
        handled: The transaction after consensus; None until then.
        receipt_served: When the first receipt with the final status was served.
        mirror_visible: When the mirror began to show it.
    """

    index: int
    node: int
    arrival: float
    size: int
    kind: str = ""
    key: TransactionKey | None = None
    precheck: int | None = None
    ack: float | None = None
    fault: str = ""
    handled: Handled | None = None
    receipt_served: float | None = None
    mirror_visible: float | None = None


class Ledger:
    """Keeps the last `keep` transactions, and counts all of them.

    When there are 10 % more than `keep`, the oldest are forgotten together.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self.entries: RollingList[Entry] = RollingList()
        self._prechecks: Counter[tuple[str, str]] = Counter()
        self._statuses: Counter[tuple[str, str]] = Counter()

    def open(self, node: int, arrival: float, size: int) -> Entry:
        """A transaction arrived."""
        entry = Entry(self.entries.end, node, arrival, size)
        self.entries.append(entry)
        if len(self.entries) > self._keep * 1.1:
            self.entries.forget(len(self.entries) - self._keep)
        return entry

    def answered(self, entry: Entry, precheck: int, ack: float | None) -> None:
        """The node answered it."""
        entry.precheck, entry.ack = precheck, ack
        self._prechecks[entry.kind, status_name(precheck)] += 1

    def handled(self, handled: Handled) -> None:
        """It reached consensus."""
        entry = self.entries.get(handled.position)
        if entry is not None:
            entry.handled = handled
        self._statuses[handled.kind.name, status_name(handled.status)] += 1

    def receipt_served(self, handled: Handled, moment: float) -> None:
        """A receipt with its final status was served; only the first counts. Children have no entry."""
        entry = None if handled.nonce else self.entries.get(handled.position)
        if entry is not None and entry.receipt_served is None:
            entry.receipt_served = moment

    def shown(self, handled: Handled, moment: float | None) -> None:
        """The mirror began to show it, or (None) left its message out. Children have no entry."""
        entry = None if handled.nonce else self.entries.get(handled.position)
        if entry is not None:
            entry.mirror_visible = moment

    def summary(self) -> dict[str, Any]:
        """Totals since the start: how many arrived, and per type, the prechecks and receipts by status.

        `pending` passed precheck and is on its way to consensus.
        """
        accepted = sum(count for (_, status), count in self._prechecks.items() if status == "OK")
        return {
            "arrived": self.entries.end,
            "forgotten": self.entries.forgotten,
            "pending": accepted - self._statuses.total(),
            "prechecks": _nested(self._prechecks),
            "statuses": _nested(self._statuses),
        }


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (kind, status), count in sorted(counts.items()):
        nested.setdefault(kind or "UNREADABLE", {})[status] = count
    return nested


def entry_json(entry: Entry) -> dict[str, Any]:
    """One ledger entry as JSON. Times are Unix seconds; null is "not yet", or "never" where it was refused.

    `consensus` is the consensus timestamp, `known` the moment from which its receipt was available.
    """
    key, precheck, handled = entry.key, entry.precheck, entry.handled
    message = handled.message if handled else None
    return {
        "index": entry.index,
        "transaction_id": str(key) if key else None,
        "type": entry.kind or "UNREADABLE",
        "node": format_entity(entry.node),
        "payer": format_entity(key.payer) if key else None,
        "entity": format_entity(handled.entity) if handled and handled.entity else None,
        "precheck": None if precheck is None else status_name(precheck),
        "status": status_name(handled.status) if handled else None,
        "sequence_number": message.sequence_number if message else None,
        "fee": handled.fee if handled else 0,
        "size": entry.size,
        "arrival": entry.arrival,
        "ack": entry.ack,
        "consensus": handled.consensus_ns / NANOS if handled else None,
        "known": handled.known if handled else None,
        "receipt_served": entry.receipt_served,
        "mirror_visible": entry.mirror_visible,
        "fault": entry.fault or None,
    }
