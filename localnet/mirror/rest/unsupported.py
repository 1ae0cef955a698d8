"""Paths for what this network does not have: contracts, tokens, schedules, and what accounts have of them.

Lists are empty, and one thing by its id is not found, in the shapes of MN:rest (tokens.js, schedules.js,
controllers/contractController.js and the controllers of an account's lists). JSON-RPC relays ask for them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from localnet.mirror.rest.accounts import find_account
from localnet.mirror.rest.entity import is_entity_id
from localnet.mirror.rest.errors import invalid, not_found
from localnet.mirror.store import MirrorStore

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LISTS: Final = {
    "/api/v1/contracts": "contracts",
    "/api/v1/contracts/results": "results",
    "/api/v1/contracts/results/logs": "logs",
    "/api/v1/contracts/{id}/results": "results",
    "/api/v1/contracts/{id}/results/logs": "logs",
    "/api/v1/contracts/{id}/state": "state",
    "/api/v1/schedules": "schedules",
    "/api/v1/tokens": "tokens",
}
_LISTS_OF_ACCOUNTS: Final = {
    "airdrops/outstanding": "airdrops",
    "airdrops/pending": "airdrops",
    "allowances/crypto": "allowances",
    "allowances/nfts": "allowances",
    "allowances/tokens": "allowances",
    "nfts": "nfts",
    "rewards": "rewards",
    "tokens": "tokens",
}
_THINGS: Final = {
    "/api/v1/contracts/results/{hash}": "",
    "/api/v1/contracts/results/{hash}/actions": "",
    "/api/v1/contracts/results/{hash}/opcodes": "",
    "/api/v1/contracts/{id}": "contractid",
    "/api/v1/contracts/{id}/results/{timestamp}": "contractid",
    "/api/v1/schedules/{id}": "scheduleid",
    "/api/v1/tokens/{id}": "tokenid",
    "/api/v1/tokens/{id}/balances": "tokenid",
    "/api/v1/tokens/{id}/nfts": "tokenid",
    "/api/v1/tokens/{id}/nfts/{serial}": "tokenid",
}
"""Paths of one thing, with the name that the mirror calls a malformed id by; "" where it is not an entity's id."""


class Absent:
    """The handlers of these paths."""

    def __init__(self, store: MirrorStore) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        lists = [web.get(path, _empty(name)) for path, name in _LISTS.items()]
        of_accounts = [
            web.get(f"/api/v1/accounts/{{id}}/{path}", self._empty_of_account(name))
            for path, name in _LISTS_OF_ACCOUNTS.items()
        ]
        return [*lists, *of_accounts, *(web.get(path, _missing(name)) for path, name in _THINGS.items())]

    def _empty_of_account(self, name: str) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            find_account(self._store, request.match_info["id"])
            return _nothing(name)

        return answer


def _empty(name: str) -> Handler:
    async def answer(request: web.Request) -> web.Response:  # noqa: ARG001 (aiohttp's signature)
        return _nothing(name)

    return answer


def _missing(name: str) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        if name and not is_entity_id(request.match_info["id"]):
            raise invalid(name)
        raise not_found()

    return answer


def _nothing(name: str) -> web.Response:
    return web.json_response({name: [], "links": {"next": None}})
