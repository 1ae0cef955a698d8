"""The relay's HTTP server (server.ts): one path for JSON-RPC by POST, two for health, and CORS for all origins."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from localnet.relay.failures import GatewayError
from localnet.relay.rpc import Caller, Rpc

MAX_BODY: Final = 1024 * 1024
"""Bytes of a request (`INPUT_SIZE_LIMIT`)."""

_ONLY_POST: Final = {
    "jsonrpc": "2.0",
    "id": None,
    "error": {"code": -32600, "message": "Invalid HTTP method: only POST is allowed"},
}

_RPC: web.AppKey[Rpc] = web.AppKey("rpc", Rpc)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_relay_app(rpc: Rpc, middlewares: Sequence[Middleware] = ()) -> web.Application:
    """The application that serves the relay.

    Args:
        rpc: Answers the requests.
        middlewares: Run before it, e.g. to inject faults; their answers also get the CORS headers.
    """
    app = web.Application(middlewares=[_cors, *middlewares], client_max_size=MAX_BODY)
    app[_RPC] = rpc
    app.add_routes(
        [
            web.get("/health/liveness", _healthy),
            web.get("/health/readiness", _healthy),
            web.route("*", "/{path:.*}", _answer),
        ]
    )
    return app


async def _healthy(request: web.Request) -> web.Response:  # noqa: ARG001 (aiohttp's signature)
    return web.Response(text="OK")


async def _answer(request: web.Request) -> web.Response:
    """JSON-RPC by POST, on any path; other HTTP methods are refused."""
    if request.method == "OPTIONS":
        return web.Response(status=200, text="OK")
    if request.method != "POST":
        return web.json_response(_ONLY_POST, status=405)
    caller = Caller(request.remote or "", request.headers.get("Request-Id") or str(uuid.uuid4()))
    rpc = request.app[_RPC]
    try:
        status, answer = await rpc.answer(await request.read(), caller)
    except web.HTTPRequestEntityTooLarge:
        status, answer = rpc.unreadable(caller)
    except GatewayError as failure:
        return web.Response(status=failure.status, text=str(failure))
    return web.json_response(answer, status=status, headers={"X-Request-Id": caller.request_id})


@web.middleware
async def _cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """CORS for all origins; a preflight is answered at once (@koa/cors)."""
    origin = request.headers.get("Origin")
    asked_method = request.headers.get("Access-Control-Request-Method")
    if origin is None:
        response = await handler(request)
    elif request.method == "OPTIONS" and asked_method:
        response = web.Response(status=204, headers={"Access-Control-Allow-Methods": "GET,POST"})
        wanted = request.headers.get("Access-Control-Request-Headers")
        if wanted:
            response.headers["Access-Control-Allow-Headers"] = wanted
    else:
        response = await handler(request)
    response.headers["Vary"] = "Origin"
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response
