"""`/api/v1/accounts` and `/api/v1/balances`."""

from __future__ import annotations

from itertools import islice

from aiohttp import web

from localnet.clock import Clock, format_timestamp
from localnet.ids import format_entity, parse_entity
from localnet.mirror.rest.errors import invalid, not_found
from localnet.mirror.rest.query import QueryString, parse_number, parse_timestamp
from localnet.mirror.rest.rows import account_row, transaction_row
from localnet.mirror.rest.transactions import between, kinds_of, touches
from localnet.mirror.store import EVM_ADDRESS_BYTES, MirrorStore
from localnet.state import Account
from localnet.submission import Submission, consensus_ns

_ACCOUNT_PARAMETERS = {"limit", "order", "timestamp", "transactiontype", "transactions"}
_LIST_PARAMETERS = {"account.id", "limit", "order", "account.balance"}


class Accounts:
    """The handlers of the account paths."""

    def __init__(self, store: MirrorStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/accounts", self.accounts),
            web.get("/api/v1/accounts/{id}", self.account),
            web.get("/api/v1/balances", self.balances),
        ]

    async def account(self, request: web.Request) -> web.Response:
        """One account, by number or EVM address, with its latest transactions."""
        query = QueryString(request, _ACCOUNT_PARAMETERS)
        limit, descending = query.limit, query.descending("desc")
        timestamp = query.interval("timestamp", parse_timestamp)
        account = self._find(request.match_info["id"])
        rows: list[Submission] = []
        if query.last("transactions") != "false":
            kinds = kinds_of(query)
            mine = (
                row
                for row in between(self._store, timestamp, descending=descending)
                if (not kinds or row.kind in kinds) and touches(row, account.number)
            )
            rows = list(islice(mine, limit))
        link = query.next_link(rows, consensus_ns, timestamp, limit=limit, descending=descending)
        body = account_row(account, self._clock.now_ns())
        return web.json_response(
            {**body, "transactions": [transaction_row(row) for row in rows], "links": {"next": link}}
        )

    async def accounts(self, request: web.Request) -> web.Response:
        """A page of accounts, by number."""
        page, link = self._page(request)
        now_ns = self._clock.now_ns()
        return web.json_response({"accounts": [account_row(row, now_ns) for row in page], "links": {"next": link}})

    async def balances(self, request: web.Request) -> web.Response:
        """A page of balances, by account number, highest first by default."""
        page, link = self._page(request, order="desc")
        rows = [{"account": format_entity(row.number), "balance": row.balance, "tokens": []} for row in page]
        body = {"timestamp": format_timestamp(self._clock.now_ns()), "balances": rows, "links": {"next": link}}
        return web.json_response(body)

    def _page(self, request: web.Request, order: str = "asc") -> tuple[list[Account], str | None]:
        query = QueryString(request, _LIST_PARAMETERS)
        limit, descending = query.limit, query.descending(order)
        numbers = query.interval("account.id", parse_entity)
        balances = query.interval("account.balance", parse_number)
        matching = [
            account
            for number, account in sorted(self._store.accounts.items(), reverse=descending)
            if number in numbers and account.balance in balances
        ]
        page = matching[:limit]
        link = query.next_link(
            page, _number, numbers, limit=limit, descending=descending, name="account.id", write=format_entity
        )
        return page, link

    def _find(self, text: str) -> Account:
        if text.removeprefix("0x") != text or len(text) == 40:
            return self._by_address(text.removeprefix("0x"))
        number = parse_entity(text)
        if number is None:
            raise invalid("idOrAliasOrEvmAddress")
        account = self._store.accounts.get(number)
        if account is None:
            raise not_found()
        return account

    def _by_address(self, text: str) -> Account:
        try:
            address = bytes.fromhex(text)
        except ValueError as error:
            raise invalid("idOrAliasOrEvmAddress") from error
        account = self._store.account_by_address(address) if len(address) == EVM_ADDRESS_BYTES else None
        if account is None:
            raise not_found()
        return account


def _number(account: Account) -> int:
    return account.number
