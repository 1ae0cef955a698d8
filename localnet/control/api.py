"""The control API: the ledger, to check load tests against, and faults. Requires `Authorization: Bearer TOKEN`.

GET /ledger?after=I&limit=N&type=T   entries with an index above I (default: from the oldest), at most N (default
                                     1,000, at most 10,000), only of type T if given; `next` is the `after` of the
                                     following page, or null at the end
GET /ledger/summary                  totals since the start
GET /faults                          every fault: over, active and scheduled, with what it hit and when it was
POST /faults                         begin or schedule one fault or a list of them: all or none
DELETE /faults/ID, DELETE /faults    end one, or all
GET /                                the status page; needs no token and shows none
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from itertools import islice

from aiohttp import web
from aiohttp.typedefs import Middleware

from localnet.faults import Fault, FaultEngine, FaultError, parse_faults
from localnet.ledger.entries import Ledger, entry_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = "/"
"""The status page; the one path that needs no token."""
DEFAULT_PAGE = 1_000
MAX_PAGE = 10_000

_LEDGER: web.AppKey[Ledger] = web.AppKey("ledger", Ledger)


def create_control_app(
    ledger: Ledger, faults: FaultEngine, page: Handler, node_ids: list[str], token: str
) -> web.Application:
    """The application that serves the control API and the status page."""
    app = web.Application(middlewares=[_require(token)])
    app.add_routes([web.get(PAGE, page)])
    app[_LEDGER] = ledger
    app.add_routes([web.get("/ledger", _entries), web.get("/ledger/summary", _summary)])
    app.add_routes(FaultPages(faults, node_ids).routes())
    return app


def _require(token: str) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def authorised(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode()
        if request.path != PAGE and not hmac.compare_digest(given, expected):
            return _error(401, "Authorization: Bearer TOKEN is missing or wrong; the token is in the ready line")
        return await handler(request)

    return authorised


async def _entries(request: web.Request) -> web.Response:
    ledger = request.app[_LEDGER]
    try:
        after = int(request.query.get("after", -1))
        limit = int(request.query.get("limit", DEFAULT_PAGE))
    except ValueError:
        return _error(400, "after and limit must be whole numbers")
    if not 1 <= limit <= MAX_PAGE:
        return _error(400, f"limit must be between 1 and {MAX_PAGE}")
    kind = request.query.get("type")
    entries = ledger.entries
    rows = (row for row in entries.span(after + 1, entries.end) if kind is None or row.kind == kind)
    page = list(islice(rows, limit))
    more = len(page) == limit and page[-1].index + 1 < entries.end
    body = {
        "entries": [entry_json(row) for row in page],
        "next": page[-1].index if more else None,
        "forgotten": entries.forgotten,
    }
    return web.json_response(body)


async def _summary(request: web.Request) -> web.Response:
    return web.json_response(request.app[_LEDGER].summary())


class FaultPages:
    """The handlers of the fault paths."""

    def __init__(self, faults: FaultEngine, node_ids: list[str]) -> None:
        self._faults = faults
        self._node_ids = node_ids

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/faults", self.all),
            web.post("/faults", self.add),
            web.delete("/faults", self.clear),
            web.delete("/faults/{id}", self.remove),
        ]

    async def all(self, request: web.Request) -> web.Response:  # noqa: ARG002 (aiohttp's signature)
        """Every fault."""
        return _faults(self._faults.all())

    async def add(self, request: web.Request) -> web.Response:
        """Begin or schedule faults."""
        try:
            specs = parse_faults(json.loads(await request.read()), self._node_ids)
        except FaultError as error:
            return _error(400, str(error))
        except (ValueError, RecursionError):
            return _error(400, 'the body must be JSON: a fault like {"kind": "node-down"}, or a list of them')
        return _faults(self._faults.add(specs))

    async def clear(self, request: web.Request) -> web.Response:  # noqa: ARG002 (aiohttp's signature)
        """End all faults."""
        return _faults(self._faults.clear())

    async def remove(self, request: web.Request) -> web.Response:
        """End one fault."""
        fault = self._faults.remove(request.match_info["id"])
        if fault is None:
            return _error(404, f"no fault {request.match_info['id']!r} is active or scheduled; GET /faults lists them")
        return _faults([fault])


def _faults(faults: list[Fault]) -> web.Response:
    return web.json_response({"faults": [fault.to_json() for fault in faults]})


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
