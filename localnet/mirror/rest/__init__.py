"""The mirror's REST API."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from localnet.mirror.rest.accounts import Accounts
from localnet.mirror.rest.errors import ApiError, not_found
from localnet.mirror.rest.network import NetworkPages
from localnet.mirror.rest.topics import Topics
from localnet.mirror.rest.transactions import Transactions

log = logging.getLogger(__name__)


def create_app(
    topics: Topics, transactions: Transactions, accounts: Accounts, network: NetworkPages
) -> web.Application:
    """The application that serves the REST API."""
    app = web.Application(middlewares=[_mirror_errors])
    for part in (topics, transactions, accounts, network):
        app.add_routes(part.routes())
    app.add_routes([web.get("/health/readiness", _ready), web.get("/health/liveness", _ready)])
    return app


async def _ready(request: web.Request) -> web.Response:  # noqa: ARG001 (aiohttp's signature)
    return web.Response(text="OK")


@web.middleware
async def _mirror_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Give every error the mirror's shape."""
    try:
        return await handler(request)
    except ApiError as error:
        return error.response()
    except web.HTTPNotFound:
        return not_found().response()
    except web.HTTPException as error:
        return ApiError(error.status, error.reason).response()
    except Exception:  # whatever it is, the caller gets the shape it knows
        log.exception("%s failed", request.path_qs)
        return ApiError(500, "Internal error").response()
