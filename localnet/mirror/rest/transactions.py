"""`/api/v1/transactions`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from aiohttp import web

from localnet import pb
from localnet.ids import parse_entity
from localnet.mirror.rest.errors import invalid, not_found
from localnet.mirror.rest.query import Interval, QueryString, parse_timestamp, parse_transaction_id
from localnet.mirror.rest.rows import detailed_row, transaction_row
from localnet.mirror.store import MirrorStore
from localnet.status import codes
from localnet.submission import Submission, consensus_ns

_LIST_PARAMETERS = {"account.id", "limit", "order", "result", "timestamp", "transactiontype", "type"}
_ONE_PARAMETERS = {"nonce", "scheduled"}

KINDS: Final = frozenset(field.name.upper() for field in pb.TransactionBody.DESCRIPTOR.oneofs_by_name["data"].fields)
"""The mirror's names of all types of transactions, also of those that this network does not know."""


class Transactions:
    """The handlers of the transaction paths."""

    def __init__(self, store: MirrorStore) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/transactions", self.transactions),
            web.get("/api/v1/transactions/{id}", self.transaction),
        ]

    async def transaction(self, request: web.Request) -> web.Response:
        """What has an id: one transaction, and the duplicates and children that there may be."""
        query = QueryString(request, _ONE_PARAMETERS)
        key = parse_transaction_id(request.match_info["id"])
        if key is None:
            raise invalid("transactionId")
        found = self._store.with_key(key)
        nonce = query.last("nonce")
        if nonce is not None:
            found = [one for one in found if str(one.nonce) == nonce]
        if not found or query.last("scheduled") not in (None, "false"):  # nothing is scheduled here
            raise not_found()
        return web.json_response({"transactions": [detailed_row(one) for one in found]})

    async def transactions(self, request: web.Request) -> web.Response:
        """A page of transactions, newest first by default."""
        query = QueryString(request, _LIST_PARAMETERS)
        limit, descending = query.limit, query.descending("desc")
        timestamp = query.interval("timestamp", parse_timestamp)
        wanted = _Wanted.of(query)
        matching = (row for row in between(self._store, timestamp, descending=descending) if wanted.includes(row))
        rows = list(islice(matching, limit))
        link = query.next_link(rows, consensus_ns, timestamp, limit=limit, descending=descending)
        return web.json_response({"transactions": [transaction_row(row) for row in rows], "links": {"next": link}})


def between(store: MirrorStore, timestamp: Interval, *, descending: bool) -> Iterator[Submission]:
    """The mirror's transactions whose consensus timestamp lies in the interval."""
    journal = store.transactions
    start = journal.first_index(timestamp.low, consensus_ns)
    stop = journal.first_index(timestamp.high, consensus_ns)
    return journal.span(start, stop, descending=descending)


def touches(submission: Submission, account: int) -> bool:
    """Whether an account paid for a transaction, or its balance changed in it."""
    assert submission.key is not None
    return submission.key.payer == account or any(number == account for number, _ in submission.transfers)


def kinds_of(query: QueryString) -> frozenset[str]:
    """The types of transactions of which any is wanted; empty for all.

    Raises:
        ApiError: one is no type of transaction (400).
    """
    kinds = frozenset(kind.upper() for kind in query.every("transactiontype"))
    if not kinds <= KINDS:
        raise invalid("transactiontype")
    return kinds


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the filters of a list of transactions ask for.

    Attributes:
        accounts: Numbers of which one must have paid or moved hbar; None for any account.
        range: And which numbers at all.
        success: Whether it must have succeeded, or failed; None for both.
        kinds: The types of which it must be one; empty for any.
        credits: Whether somebody must have received hbar, or lost some; a set of both asks for what cannot be.
    """

    accounts: frozenset[int] | None
    range: Interval
    success: bool | None
    kinds: frozenset[str]
    credits: frozenset[bool]

    @classmethod
    def of(cls, query: QueryString) -> _Wanted:
        """Read the filters.

        Raises:
            ApiError: one is malformed (400).
        """
        equal, others = query.split("account.id", parse_entity)
        result = query.choice("result", ("success", "fail"))
        credit = frozenset(query.choices("type", ("credit", "debit")))
        return cls(
            accounts=equal or None,
            range=others,
            success=None if result is None else result == "success",
            kinds=kinds_of(query),
            credits=frozenset(direction == "credit" for direction in credit),
        )

    def includes(self, row: Submission) -> bool:
        """Whether a transaction is wanted."""
        if self.success is not None and (row.status == codes.SUCCESS) != self.success:
            return False
        if self.kinds and row.kind not in self.kinds:
            return False
        assert row.key is not None
        if not self.credits:
            return self._names(row.key.payer) or any(self._names(number) for number, _ in row.transfers)
        return len(self.credits) == 1 and any(
            self._names(number) and (amount > 0) in self.credits for number, amount in row.transfers
        )

    def _names(self, account: int) -> bool:
        return account in self.range and (self.accounts is None or account in self.accounts)
