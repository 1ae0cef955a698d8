"""CryptoGetAccountRecords: records of the transactions that an account paid in the last 180 s."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from localnet.protocol.status import RefusedError, codes
from localnet.queries.account_balance import find_account
from localnet.queries.query import Query, View
from localnet.queries.record import RECORD, fill_record
from localnet.transactions.stages import Handled

MAX_RECORDS: Final = 180
"""`ledger.records.maxQueryableByAccount` (LedgerConfig.java): not more are given, the oldest of the last 180 s."""


class GetAccountRecords(Query):
    """The records of the transactions that an account was the payer of, in the order of consensus."""

    field = "cryptoGetAccountRecords"

    def check(self, request: Any) -> None:
        """Refuse a query that names no account."""
        if not request.HasField("accountID"):
            raise RefusedError(codes.INVALID_ACCOUNT_ID)

    def validate(self, request: Any, view: View) -> None:
        """Refuse an unknown or deleted account."""
        super().validate(request, view)
        find_account(request.accountID, view)

    def extras(self, request: Any, view: View) -> int:
        """One record is included."""
        return RECORD * max(0, len(_paid_by(request, view)) - 1)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Give the records."""
        number = find_account(request.accountID, view).number
        reply.accountID.accountNum = number
        for handled in _paid_by(request, view):
            fill_record(reply.records.add(), handled, view)


def _paid_by(request: Any, view: View) -> list[Handled]:
    number = request.accountID.accountNum
    paid = (one for one in view.cache.recent() if one.key.payer == number)
    return list(islice(paid, MAX_RECORDS))
