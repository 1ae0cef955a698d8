"""The ledger: the ground truth of every transaction that reached a node, to check a load test's own counts against."""

from __future__ import annotations

from collections import Counter
from typing import Any

from localnet.clock import NANOS
from localnet.ids import format_entity
from localnet.journal import Journal
from localnet.status import status_name
from localnet.submission import Submission


class Ledger:
    """Keeps the last `keep` transactions, and counts all of them.

    When there are a tenth more than `keep`, the oldest are forgotten together.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self.entries: Journal[Submission] = Journal()
        self._prechecks: Counter[tuple[str, str]] = Counter()
        self._statuses: Counter[tuple[str, str]] = Counter()

    def open(self, node: int, arrival: float, size: int) -> Submission:
        """A transaction arrived."""
        submission = Submission(self.entries.end, node, arrival, size)
        self.entries.append(submission)
        if len(self.entries) > self._keep * 1.1:
            self.entries.forget(len(self.entries) - self._keep)
        return submission

    def answered(self, submission: Submission) -> None:
        """The node answered it."""
        self._prechecks[submission.kind, status_name(submission.precheck or 0)] += 1

    def settled(self, submission: Submission) -> None:
        """It reached consensus."""
        assert submission.status is not None
        self._statuses[submission.kind, status_name(submission.status)] += 1

    def summary(self) -> dict[str, Any]:
        """Totals since the start: how many arrived, and per type and status how they were answered and settled.

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


def entry_json(submission: Submission) -> dict[str, Any]:
    """One ledger entry as JSON. Times are Unix seconds; null is "not yet", or "never" for what was refused.

    `consensus` is the consensus timestamp, `known` the moment from which there was a receipt that told of it.
    """
    status, precheck = submission.status, submission.precheck
    return {
        "index": submission.index,
        "transaction_id": str(submission.key) if submission.key else None,
        "type": submission.kind or "UNREADABLE",
        "node": format_entity(submission.node),
        "payer": format_entity(submission.key.payer) if submission.key else None,
        "entity": format_entity(submission.entity) if submission.entity else None,
        "precheck": None if precheck is None else status_name(precheck),
        "status": None if status is None else status_name(status),
        "sequence_number": submission.sequence_number or None,
        "fee": submission.fee,
        "size": submission.size,
        "arrival": submission.arrival,
        "ack": submission.ack,
        "consensus": submission.consensus_ns / NANOS if submission.consensus_ns else None,
        "known": submission.known,
        "receipt_served": submission.receipt_served,
        "mirror_visible": submission.mirror_visible,
        "fault": submission.fault or None,
    }
