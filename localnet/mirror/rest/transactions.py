"""`/api/v1/transactions`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiohttp import web

from localnet.ids import parse_entity
from localnet.mirror.rest.errors import invalid, not_found
from localnet.mirror.rest.query import Interval, QueryString, parse_timestamp, parse_transaction_id
from localnet.mirror.rest.rows import transaction_row
from localnet.mirror.store import MirrorStore
from localnet.status import codes
from localnet.submission import Submission

_LIST_PARAMETERS = {"account.id", "limit", "order", "result", "timestamp", "transactiontype", "type"}
_ONE_PARAMETERS = {"nonce", "scheduled"}


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
        """One transaction by its id."""
        query = QueryString(request, _ONE_PARAMETERS)
        key = parse_transaction_id(request.match_info["id"])
        if key is None:
            raise invalid("transactionId")
        found = self._store.by_key.get(key)
        # There are neither child nor scheduled transactions here, so asking for one finds none.
        if found is None or query.last("nonce") not in (None, "0") or query.last("scheduled") not in (None, "false"):
            raise not_found()
        return web.json_response({"transactions": [transaction_row(found)]})

    async def transactions(self, request: web.Request) -> web.Response:
        """A page of transactions, newest first by default."""
        query = QueryString(request, _LIST_PARAMETERS)
        limit, descending = query.limit, query.descending("desc")
        timestamp = query.interval("timestamp", parse_timestamp)
        matching = (
            row for row in between(self._store, timestamp, descending=descending) if _matches(row, _wanted(query))
        )
        rows = [transaction_row(row) for row in islice(matching, limit)]
        link = None
        if len(rows) == limit:
            link = query.next_link(rows[-1]["consensus_timestamp"], descending=descending)
        return web.json_response({"transactions": rows, "links": {"next": link}})


def between(store: MirrorStore, timestamp: Interval, *, descending: bool) -> Iterator[Submission]:
    """The mirror's transactions whose consensus timestamp lies in the interval."""
    journal = store.transactions
    start = journal.first_index(timestamp.low, _consensus_ns)
    stop = journal.first_index(timestamp.high, _consensus_ns)
    return journal.span(start, stop, descending=descending)


def touches(submission: Submission, account: int) -> bool:
    """Whether an account's balance changed in a transaction."""
    return any(number == account for number, _ in submission.transfers)


def _wanted(query: QueryString) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    account = query.last("account.id")
    if account is not None:
        wanted["account"] = parse_entity(account.removeprefix("eq:"))
        if wanted["account"] is None:
            raise invalid("account.id")
    result = query.last("result")
    if result is not None:
        if result.lower() not in ("success", "fail"):
            raise invalid("result")
        wanted["success"] = result.lower() == "success"
    kind = query.last("transactiontype")
    if kind is not None:
        wanted["kind"] = kind.upper()
    direction = query.last("type")
    if direction is not None:
        if direction.lower() not in ("credit", "debit"):
            raise invalid("type")
        wanted["credit"] = direction.lower() == "credit"
    return wanted


def _matches(submission: Submission, wanted: dict[str, Any]) -> bool:
    if "success" in wanted and (submission.status == codes.SUCCESS) != wanted["success"]:
        return False
    if wanted.get("kind", submission.kind) != submission.kind:
        return False
    account, credit = wanted.get("account"), wanted.get("credit")
    if account is None and credit is None:
        return True
    return any(
        (account is None or number == account) and (credit is None or (amount > 0) == credit)
        for number, amount in submission.transfers
    )


def _consensus_ns(submission: Submission) -> int:
    return submission.consensus_ns
