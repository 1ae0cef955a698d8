"""The mirror's REST API."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from localnet.faults import FaultEngine
from localnet.mirror.rest.accounts import Accounts
from localnet.mirror.rest.errors import ApiError, not_found
from localnet.mirror.rest.network import NetworkPages
from localnet.mirror.rest.topics import Topics
from localnet.mirror.rest.transactions import Transactions

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


def create_app(
    topics: Topics, transactions: Transactions, accounts: Accounts, network: NetworkPages, faults: FaultEngine
) -> web.Application:
    """The application that serves the REST API."""
    app = web.Application(middlewares=[_mirror_errors, _outage(faults)])
    for part in (topics, transactions, accounts, network):
        app.add_routes(part.routes())
    app.add_routes([web.get("/health/readiness", _ready), web.get("/health/liveness", _ready)])
    return app


def _outage(faults: FaultEngine) -> Middleware:
    """Answer everything with 503 while a fault says that the mirror is out."""

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if faults.at_mirror:
            outage = faults.of_kind(faults.at_mirror, "mirror-outage")
            if outage is not None:
                outage.hits += 1
                raise ApiError(503, "Service unavailable")
        return await handler(request)

    return refuse


async def _ready(request: web.Request) -> web.Response:  # noqa: ARG001 (aiohttp's signature)
    return web.Response(text="OK")


@web.middleware
async def _mirror_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
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
