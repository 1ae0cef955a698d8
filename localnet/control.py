"""The control API: what a load test checks itself against. Every path asks for `Authorization: Bearer TOKEN`.

GET /ledger?after=I&limit=N&type=T   entries with an index above I (default: from the oldest), at most N (default
                                     1,000, at most 10,000), only of type T if given; `next` is the `after` of the
                                     following page, or null at the end
GET /ledger/summary                  totals since the start
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from itertools import islice

from aiohttp import web
from aiohttp.typedefs import Middleware

from localnet.ledger import Ledger, entry_json

DEFAULT_PAGE = 1_000
MAX_PAGE = 10_000

_LEDGER: web.AppKey[Ledger] = web.AppKey("ledger", Ledger)


def create_control_app(ledger: Ledger, token: str) -> web.Application:
    """The application that serves the control API."""
    app = web.Application(middlewares=[_require(token)])
    app[_LEDGER] = ledger
    app.add_routes([web.get("/ledger", _entries), web.get("/ledger/summary", _summary)])
    return app


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _require(token: str) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def authorised(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, expected):
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
    journal = ledger.entries
    rows = (row for row in journal.span(after + 1, journal.end) if kind is None or row.kind == kind)
    page = list(islice(rows, limit))
    more = len(page) == limit and page[-1].index + 1 < journal.end
    body = {
        "entries": [entry_json(row) for row in page],
        "next": page[-1].index if more else None,
        "forgotten": journal.forgotten,
    }
    return web.json_response(body)


async def _summary(request: web.Request) -> web.Response:
    return web.json_response(request.app[_LEDGER].summary())


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
