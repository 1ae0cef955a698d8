"""TransactionGetRecord: RECORD_NOT_FOUND also while pending; the payment is gone all the same."""

from __future__ import annotations

from typing import Any

from localnet import pb
from localnet.clock import NANOS
from localnet.ids import transaction_key
from localnet.queries.query import Query, View
from localnet.queries.receipt import check_transaction_id, fill_receipt
from localnet.status import Refused, codes


class GetRecord(Query):
    """There are no child records here, and duplicates never get past precheck."""

    field = "transactionGetRecord"

    def check(self, request: Any) -> None:
        """Refuse an id without account or valid start."""
        check_transaction_id(request)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Give the record."""
        submission = view.cache.get(transaction_key(request.transactionID))
        if submission is None or submission.status is None:
            raise Refused(codes.RECORD_NOT_FOUND)
        record = reply.transactionRecord
        fill_receipt(record.receipt, submission, view)
        record.transactionHash = submission.hash
        record.consensusTimestamp.seconds, record.consensusTimestamp.nanos = divmod(submission.consensus_ns, NANOS)
        record.transactionID.CopyFrom(request.transactionID)
        record.memo = submission.memo
        record.transactionFee = submission.fee
        for account, amount in submission.transfers:
            record.transferList.accountAmounts.append(
                pb.AccountAmount(accountID=pb.AccountID(accountNum=account), amount=amount)
            )
