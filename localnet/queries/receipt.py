"""TransactionGetReceipt: UNKNOWN while pending, RECEIPT_NOT_FOUND when not known or older than 180 s.

A node does not know a transaction that another one accepted a moment ago, until gossip has brought it.
"""

from __future__ import annotations

from typing import Any

from localnet import pb
from localnet.protocol import running_hash
from localnet.protocol.ids import transaction_key
from localnet.protocol.status import RefusedError, codes
from localnet.queries.query import Query, View
from localnet.transactions.stages import Handled


class GetReceipt(Query):
    """Free. With duplicates and children on request."""

    field = "transactionGetReceipt"
    paid = False

    def check(self, request: Any) -> None:
        """Refuse an id without account or valid start."""
        check_transaction_id(request)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Give the receipt, or the one that says UNKNOWN."""
        found = view.cache.find(view.node, request.transactionID)
        if found is None:
            raise RefusedError(codes.RECEIPT_NOT_FOUND)
        if not isinstance(found, Handled):
            reply.receipt.status = codes.UNKNOWN
            return
        fill_receipt(reply.receipt, found, view)
        for duplicate in wanted_duplicates(request, view):
            fill_receipt(reply.duplicateTransactionReceipts.add(), duplicate, view)
        if request.include_child_receipts and not found.nonce:
            for child in view.cache.children(transaction_key(request.transactionID)):
                fill_receipt(reply.child_transaction_receipts.add(), child, view)
        view.ledger.receipt_served(found, view.clock.now())


def check_transaction_id(request: Any) -> None:
    """Check that a query names a whole transaction id.

    Raises:
        RefusedError: INVALID_TRANSACTION_ID.
    """
    wanted = request.transactionID
    if not (
        request.HasField("transactionID") and wanted.HasField("accountID") and wanted.HasField("transactionValidStart")
    ):
        raise RefusedError(codes.INVALID_TRANSACTION_ID)


def wanted_duplicates(request: Any, view: View) -> list[Handled]:
    """The duplicates of a transaction, where the query asks for them; a child has none."""
    if not request.includeDuplicates or request.transactionID.nonce:
        return []
    return view.cache.duplicates(transaction_key(request.transactionID))


def fill_receipt(receipt: Any, handled: Handled, view: View) -> None:
    """Fill in a protobuf `TransactionReceipt` of a handled transaction."""
    receipt.status = handled.status
    receipt.exchangeRate.CopyFrom(view.fees.rate_set)
    if handled.created:
        entity = getattr(receipt, handled.kind.receipt_field)
        if isinstance(entity, pb.TopicID):
            entity.topicNum = handled.entity
        elif isinstance(entity, pb.FileID):
            entity.fileNum = handled.entity
        else:
            entity.accountNum = handled.entity
    if handled.message is not None:
        receipt.topicSequenceNumber = handled.message.sequence_number
        receipt.topicRunningHash = handled.message.running_hash
        receipt.topicRunningHashVersion = running_hash.VERSION
