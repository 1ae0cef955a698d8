"""The mirror's REST API."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from localnet.faults import FaultEngine
from localnet.mirror.rest.errors import ApiError, not_found

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"

log = logging.getLogger(__name__)


class Pages(Protocol):
    """The handlers of some paths."""

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""


def create_app(pages: Sequence[Pages], middlewares: Sequence[Middleware] = ()) -> web.Application:
    """The application that serves the REST API.

    Args:
        pages: What it serves.
        middlewares: Run before the pages, e.g. to refuse or to fail; an ApiError they raise gets the mirror's shape.
    """
    app = web.Application(middlewares=[_cors, _mirror_errors, *middlewares])
    for part in pages:
        app.add_routes(part.routes())
    app.add_routes([web.get("/health/readiness", _ready), web.get("/health/liveness", _ready)])
    return app


def outage(faults: FaultEngine) -> Middleware:
    """Answer every request with 503 during the fault `mirror-outage`."""

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if faults.at_mirror:
            fault = faults.of_kind(faults.at_mirror, "mirror-outage")
            if fault is not None:
                fault.hits += 1
                raise ApiError(503, "Service unavailable")
        return await handler(request)

    return refuse


@web.middleware
async def _cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """CORS for all origins; a preflight is answered at once (`cors()` in MN:rest/server.js)."""
    if request.method == "OPTIONS":
        response: web.StreamResponse = web.Response(status=204, headers={"Access-Control-Allow-Methods": _METHODS})
        wanted = request.headers.get("Access-Control-Request-Headers")
        if wanted:
            response.headers["Access-Control-Allow-Headers"] = wanted
    else:
        response = await handler(request)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


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
    except Exception:  # for every error the caller gets the mirror's shape
        log.exception("%s failed", request.path_qs)
        return ApiError(500, "Internal error").response()
