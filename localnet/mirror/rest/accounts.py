"""`/api/v1/accounts` and `/api/v1/balances` (MN:rest/accounts.js, balances.js, service/entityService.js)."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from localnet.clock import format_timestamp
from localnet.mirror.rest.entity import is_address, is_alias, is_entity_id, parse_alias, parse_entity_id
from localnet.mirror.rest.errors import ApiError, invalid, not_found
from localnet.mirror.rest.filters import parse_number
from localnet.mirror.rest.interval import Interval
from localnet.mirror.rest.links import next_link
from localnet.mirror.rest.query import QueryString
from localnet.mirror.rest.rows import account_row
from localnet.mirror.rest.snapshots import Snapshots
from localnet.mirror.rest.times import Times, Window
from localnet.mirror.rest.transactions import Wanted, account_id, page_of
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import format_entity
from localnet.state.entities import Account

_ACCOUNT_PARAMETERS: Final = ("limit", "order", "timestamp", "transactions", "transactiontype")
_LIST_PARAMETERS: Final = ("account.balance", "account.id", "account.publickey", "balance", "limit", "order")
_BALANCES_PARAMETERS: Final = ("account.balance", "account.id", "account.publickey", "limit", "order", "timestamp")
_ID: Final = "idOrAliasOrEvmAddress"
_DER_KEY_CHARACTERS: Final = 88
_KEY_CHARACTERS: Final = 64


class Accounts:
    """The handlers of the account paths."""

    def __init__(self, store: MirrorStore, window: Window, snapshots: Snapshots) -> None:
        self._store = store
        self._window = window
        self._snapshots = snapshots

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/accounts", self.accounts),
            web.get("/api/v1/accounts/{id}", self.account),
            web.get("/api/v1/balances", self.balances),
        ]

    async def account(self, request: web.Request) -> web.Response:
        """One account, by number, alias or EVM address, with its latest transactions; if asked for, of the past."""
        query = QueryString(request, _ACCOUNT_PARAMETERS)
        account = find_account(self._store, request.match_info["id"])
        times = Times.of(query.filters("timestamp"))
        if times.is_empty and not times.equal:
            raise ApiError(404, "Timestamp range is empty")
        balance = self._balance(account, times)
        wanted = Wanted.of(query, Interval(among=frozenset({account.number})))
        page: dict[str, Any] = {"transactions": [], "links": {"next": None}}
        if query.flag("transactions", default=True):
            page = page_of(self._store, self._window, query, wanted)
        return web.json_response({**account_row(account, balance), **page})

    async def accounts(self, request: web.Request) -> web.Response:
        """A page of accounts, by number."""
        query = QueryString(request, _LIST_PARAMETERS, in_order=True)
        page, link = self._page(query, query.choice("account.id", account_id), query.descending("asc"))
        with_balance = query.flag("balance", default=True)
        rows = [account_row(row, self._balance(row, Times()) if with_balance else None) for row in page]
        return web.json_response({"accounts": rows, "links": {"next": link}})

    async def balances(self, request: web.Request) -> web.Response:
        """A page of balances, highest account number first by default; of a snapshot, if a timestamp is given."""
        query = QueryString(request, _BALANCES_PARAMETERS, in_order=True, unchecked=("account.id",))
        numbers = self._named_accounts(query)
        history, snapshot = self._store.history, None
        if "timestamp" in query.values:
            snapshot = self._snapshots.matching(query.filters("timestamp"))
            if snapshot is None:
                return web.json_response({"timestamp": None, "balances": [], "links": {"next": None}})
        page, link = self._page(query, numbers, query.descending("desc"), snapshot)
        rows: list[dict[str, Any]] = [
            {
                "account": format_entity(row.number),
                "balance": row.balance if snapshot is None else history.balance(row, snapshot),
                "tokens": [],
            }
            for row in page
        ]
        moment = max(map(history.changed_ns, page), default=0) if snapshot is None else history.moment(snapshot)
        timestamp = format_timestamp(moment) if page else None
        return web.json_response({"timestamp": timestamp, "balances": rows, "links": {"next": link}})

    def _page(
        self, query: QueryString, numbers: Interval, descending: bool, snapshot: int | None = None
    ) -> tuple[list[Account], str | None]:
        """The accounts of a page and the link of the next one.

        Args:
            query: What is asked for beside the accounts' numbers.
            numbers: Which numbers.
            descending: The order.
            snapshot: At which snapshot the accounts must have been there, and have had the balance asked for.
        """
        limit, balances = query.limit, query.interval("account.balance", parse_number)
        key = query.last("account.publickey")
        matching = [
            account
            for number, account in sorted(self._store.accounts.items(), reverse=descending)
            if number in numbers
            and (key is None or _public_key(account) == _raw_key(key))
            and self._balance_at(account, snapshot) in balances
        ]
        page = matching[:limit]
        if len(page) < limit:
            return page, None
        last = page[-1].number
        return page, next_link(query, "account.id", format_entity(last), numbers, last, descending=descending)

    def _balance_at(self, account: Account, snapshot: int | None) -> int:
        """An account's balance, now or at a snapshot; below 0 if it was not there yet."""
        if snapshot is None:
            return account.balance
        balance = self._store.history.balance(account, snapshot)
        return -1 if balance is None else balance

    def _balance(self, account: Account, times: Times) -> tuple[int, int]:
        """An account's balance at some time, and since when it is that.

        Raises:
            ApiError: the account was not there yet (404).
        """
        history, last = self._store.history, min(times.equal, default=times.last)
        if last is not None and last < account.created_ns:
            raise not_found()
        snapshot = self._snapshots.latest(times) if times.is_given else None
        if snapshot is None:
            return account.balance, history.changed_ns(account)
        return history.balance(account, snapshot) or 0, history.moment(snapshot)

    def _named_accounts(self, query: QueryString) -> Interval:
        """The accounts that `/balances` is asked for: by number, and one of them by alias or EVM address.

        Raises:
            ApiError: there are more of the latter, or with another operator than `eq`; or one is malformed (400).
        """
        interval, among, aliases = Interval(), set(), 0
        for one in query.filters("account.id"):
            number: int | None
            if is_entity_id(one.value, addresses=False):
                number = account_id(one.value)
            elif is_address(one.value) or is_alias(one.value, with_place=False):
                aliases += 1
                if aliases > 1:
                    raise invalid("account.id", detail="Only one EVM address or alias is allowed.")
                number = resolve(self._store, one.value)
            else:
                raise invalid("account.id")
            if one.operator == "eq":
                among.add(number)
                continue
            if aliases:
                raise invalid("account.id", detail="EVM address or alias only supports equals operator")
            interval.narrow(one.operator, number)
        if among:
            interval.among = frozenset(number for number in among if number is not None)
        return interval


def find_account(store: MirrorStore, text: str) -> Account:
    """The account that a path names.

    Raises:
        ApiError: it is malformed (400), or there is no such account (404).
    """
    if not is_entity_id(text) and not is_alias(text):
        raise invalid(_ID)
    try:
        number = resolve(store, text)
    except ApiError as error:
        raise invalid(_ID) from error
    if number is None and not is_entity_id(text):
        raise ApiError(404, "No account with a matching alias found")
    account = store.accounts.get(-1 if number is None else number)
    if account is None:
        raise not_found()
    return account


def resolve(store: MirrorStore, text: str) -> int | None:
    """The number of an account by its id, alias or EVM address; None for an alias or address that no account has.

    Raises:
        ApiError: it is of another shard or realm, or too large (400).
    """
    if is_entity_id(text):
        found = parse_entity_id(text)
        if isinstance(found, int):
            return found
    else:
        found = parse_alias(text) or b""
    account = store.account_by_alias(found)
    return None if account is None else account.number


def _public_key(account: Account) -> str:
    """An account's key in hex, if it is a single one; else ""."""
    kind = account.key.WhichOneof("key") if account.key is not None else None
    return getattr(account.key, kind).hex() if kind in ("ed25519", "ECDSA_secp256k1") else ""


def _raw_key(text: str) -> str:
    """A public key as a filter names it, without 0x and without what DER puts before it."""
    text = text.removeprefix("0x").lower()
    return text[-_KEY_CHARACTERS:] if len(text) == _DER_KEY_CHARACTERS else text
