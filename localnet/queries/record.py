"""TransactionGetRecord: RECORD_NOT_FOUND also while pending; the payment is taken in any case."""

from __future__ import annotations

from typing import Any

from localnet import pb
from localnet.clock import NANOS
from localnet.protocol.aliases import address_of_alias, is_address
from localnet.protocol.ids import transaction_key
from localnet.protocol.status import RefusedError, codes
from localnet.queries.query import Query, View
from localnet.queries.receipt import check_transaction_id, fill_receipt, wanted_duplicates
from localnet.state.entities import Account
from localnet.transactions.stages import EthereumResult, Handled

RECORD = 1_000_000
"""Tinycents for each record above the first (simpleFeesSchedules.json)."""


class GetRecord(Query):
    """With duplicates and children on request, for a price of their own."""

    field = "transactionGetRecord"

    def extras(self, request: Any, view: View) -> int:
        """One record is included."""
        return RECORD * (len(wanted_duplicates(request, view)) + len(_wanted_children(request, view)))

    def check(self, request: Any) -> None:
        """Refuse an id without account or valid start."""
        check_transaction_id(request)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Give the record."""
        found = view.cache.find(view.node, request.transactionID)
        if not isinstance(found, Handled):
            raise RefusedError(codes.RECORD_NOT_FOUND)
        fill_record(reply.transactionRecord, found, view)
        for duplicate in wanted_duplicates(request, view):
            fill_record(reply.duplicateTransactionRecords.add(), duplicate, view)
        for child in _wanted_children(request, view):
            fill_record(reply.child_transaction_records.add(), child, view)


def _wanted_children(request: Any, view: View) -> list[Handled]:
    if not request.include_child_records or request.transactionID.nonce:
        return []
    return view.cache.children(transaction_key(request.transactionID))


def fill_record(record: Any, handled: Handled, view: View) -> None:
    """Fill in a protobuf `TransactionRecord` of a handled transaction."""
    fill_receipt(record.receipt, handled, view)
    record.transactionHash = handled.hash
    record.consensusTimestamp.seconds, record.consensusTimestamp.nanos = divmod(handled.consensus_ns, NANOS)
    record.transactionID.CopyFrom(handled.key.to_proto())
    if handled.nonce:
        record.transactionID.nonce = handled.nonce
    if handled.created and isinstance(handled.effect, Account) and not is_address(handled.effect.alias):
        record.evm_address = address_of_alias(handled.effect.alias) or b""
    if isinstance(handled.effect, EthereumResult):
        record.ethereum_hash = handled.effect.transaction.hash
    record.memo = handled.terms.memo
    record.transactionFee = handled.fee
    for account, amount in handled.transfers:
        record.transferList.accountAmounts.append(
            pb.AccountAmount(accountID=pb.AccountID(accountNum=account), amount=amount)
        )
    for fee in handled.assessed:
        record.assessed_custom_fees.add(
            amount=fee.amount,
            fee_collector_account_id=pb.AccountID(accountNum=fee.collector),
            effective_payer_account_id=[pb.AccountID(accountNum=handled.key.payer)],
        )
