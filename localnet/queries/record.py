"""TransactionGetRecord: RECORD_NOT_FOUND also while pending; the payment is gone all the same."""

from __future__ import annotations

from typing import Any

from localnet import pb
from localnet.clock import NANOS
from localnet.ids import transaction_key
from localnet.queries.query import Query, View
from localnet.queries.receipt import check_transaction_id, fill_receipt
from localnet.status import Refused, codes
from localnet.submission import Submission

RECORD = 1_000_000
"""Tinycents for each record above the first (simpleFeesSchedules.json)."""


class GetRecord(Query):
    """With duplicates on request, each of which costs as much as the record itself."""

    field = "transactionGetRecord"

    def extras(self, request: Any, view: View) -> int:
        """One record is included."""
        if not request.includeDuplicates:
            return 0
        return RECORD * len(view.cache.duplicates(transaction_key(request.transactionID)))

    def check(self, request: Any) -> None:
        """Refuse an id without account or valid start."""
        check_transaction_id(request)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Give the record."""
        key = transaction_key(request.transactionID)
        submission = view.cache.known_to(view.node, key)
        if submission is None or submission.status is None:
            raise Refused(codes.RECORD_NOT_FOUND)
        fill_record(reply.transactionRecord, submission, view)
        if request.includeDuplicates:
            for duplicate in view.cache.duplicates(key):
                fill_record(reply.duplicateTransactionRecords.add(), duplicate, view)


def fill_record(record: Any, submission: Submission, view: View) -> None:
    """Fill in a protobuf `TransactionRecord` of a settled transaction."""
    assert submission.key is not None
    fill_receipt(record.receipt, submission, view)
    record.transactionHash = submission.hash
    record.consensusTimestamp.seconds, record.consensusTimestamp.nanos = divmod(submission.consensus_ns, NANOS)
    record.transactionID.CopyFrom(submission.key.to_proto())
    record.memo = submission.memo
    record.transactionFee = submission.fee
    for account, amount in submission.transfers:
        record.transferList.accountAmounts.append(
            pb.AccountAmount(accountID=pb.AccountID(accountNum=account), amount=amount)
        )
