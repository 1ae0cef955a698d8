"""`/api/v1/transactions` (MN:rest/transactions.js, transactionId.js, transactionHash.js)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from aiohttp import web

from localnet.clock import format_timestamp
from localnet.mirror.rest.entity import parse_entity_id
from localnet.mirror.rest.errors import ApiError, not_found
from localnet.mirror.rest.interval import Interval
from localnet.mirror.rest.links import next_link
from localnet.mirror.rest.query import QueryString
from localnet.mirror.rest.rows import detailed_row, transaction_row
from localnet.mirror.rest.times import Times, Window
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import TransactionKey
from localnet.protocol.status import codes
from localnet.transactions.stages import Handled, consensus_ns

_LIST_PARAMETERS: Final = ("account.id", "limit", "order", "result", "timestamp", "transactiontype", "type")
_ONE_PARAMETERS: Final = ("nonce", "scheduled")

_ID: Final = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)-([0-9]{1,19})-([0-9]{1,9})")
_HASH: Final = re.compile(r"[0-9A-Za-z+\-/_]{64}|(0x)?[0-9A-Fa-f]{96}")
_BASE64_HASH: Final = 64
_NO_ID: Final = (
    'Invalid Transaction id. Please use "shard.realm.num-sss-nnn" format where sss are seconds and nnn are nanoseconds'
)


class Transactions:
    """The handlers of the transaction paths."""

    def __init__(self, store: MirrorStore, window: Window) -> None:
        self._store = store
        self._window = window

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/transactions", self.transactions),
            web.get("/api/v1/transactions/{id}", self.transaction),
        ]

    async def transaction(self, request: web.Request) -> web.Response:
        """What has an id or a hash: one transaction, and the duplicates and children that there may be of an id."""
        query = QueryString(request, _ONE_PARAMETERS)
        found = self._find(request.match_info["id"])
        nonce = query.last("nonce")
        if nonce is not None:
            found = [one for one in found if one.nonce == int(nonce)]
        if not found or query.flag("scheduled", default=False):  # nothing is scheduled here
            raise not_found()
        return web.json_response({"transactions": [detailed_row(one) for one in found]})

    async def transactions(self, request: web.Request) -> web.Response:
        """A page of transactions, newest first by default."""
        query = QueryString(request, _LIST_PARAMETERS)
        return web.json_response(page_of(self._store, self._window, query, Wanted.of(query)))

    def _find(self, text: str) -> list[Handled]:
        """The transactions with an id or a hash.

        Raises:
            ApiError: the text is neither (400).
        """
        if _HASH.fullmatch(text):
            return self._store.with_hash(_hash(text))
        parts = _ID.fullmatch(text)
        if parts is None:
            raise ApiError(400, _NO_ID)
        payer = parse_entity_id(".".join(parts.group(1, 2, 3)))
        assert isinstance(payer, int)  # three numbers are not an address
        return self._store.with_key(TransactionKey(payer, int(parts[4]), int(parts[5])))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a list of transactions.

    Attributes:
        accounts: Numbers of which one must have paid or moved hbar; None for any account.
        success: Whether it must have succeeded, or failed; None for both.
        kinds: The types of which it must be one; empty for any.
        credits: Whether an account must have received hbar, or sent some; with both, nothing matches.
    """

    accounts: Interval | None
    success: bool | None
    kinds: frozenset[str]
    credits: frozenset[bool]

    @classmethod
    def of(cls, query: QueryString, accounts: Interval | None = None) -> Wanted:
        """Read the filters, of accounts too unless they are given."""
        if accounts is None and "account.id" in query.values:
            accounts = query.choice("account.id", account_id)
        result = query.last("result")
        return cls(
            accounts=accounts,
            success=None if result is None else result == "success",
            kinds=frozenset(kind.upper() for kind in query.every("transactiontype")),
            credits=frozenset(direction.lower() == "credit" for direction in query.every("type")),
        )

    def includes(self, row: Handled) -> bool:
        """Whether a transaction is wanted."""
        if self.success is not None and (row.status == codes.SUCCESS) != self.success:
            return False
        if self.kinds and row.kind.name not in self.kinds:
            return False
        if not self.credits:
            return self._names(row.key.payer) or any(self._names(number) for number, _ in row.transfers)
        return len(self.credits) == 1 and any(
            self._names(number) and (amount > 0) in self.credits for number, amount in row.transfers
        )

    def _names(self, account: int) -> bool:
        return self.accounts is None or account in self.accounts


def account_id(text: str) -> int | None:
    """The account that an `account.id` filter names; None for an address that is not a number: it is not looked up."""
    found = parse_entity_id(text)
    return found if isinstance(found, int) else None


def page_of(store: MirrorStore, window: Window, query: QueryString, wanted: Wanted) -> dict[str, Any]:
    """A page of transactions with its link, newest first by default.

    Raises:
        ApiError: its timestamps do not go together (400).
    """
    limit, descending = query.limit, query.descending("desc")
    asked = Times.of(query.filters("timestamp"))
    if asked.is_empty:
        return {"transactions": [], "links": {"next": None}}
    times, following = window.bind(asked, descending=descending)
    matching = (row for row in between(store, times, descending=descending) if wanted.includes(row))
    rows = list(islice(matching, limit))
    place = rows[-1].consensus_ns if len(rows) == limit else following
    link = None
    if place is not None:
        link = next_link(query, "timestamp", format_timestamp(place), asked.interval, place, descending=descending)
    return {"transactions": [transaction_row(row) for row in rows], "links": {"next": link}}


def between(store: MirrorStore, times: Times, *, descending: bool) -> Iterator[Handled]:
    """The mirror's transactions at these times."""
    transactions, interval = store.transactions, times.interval
    start = transactions.first_index(interval.low, consensus_ns)
    stop = transactions.first_index(interval.high, consensus_ns)
    for row in transactions.span(start, stop, descending=descending):
        if row.consensus_ns not in interval.excluded:
            yield row


def _hash(text: str) -> bytes:
    """The 48 bytes of a hash in hex or in base64, the ordinary one or that for URLs."""
    if len(text) == _BASE64_HASH:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")))
    return bytes.fromhex(text.removeprefix("0x"))
