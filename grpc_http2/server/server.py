"""Listens for HTTP/2 connections, and closes them gracefully."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping
from functools import partial

from grpc_http2.server.connection import Connection
from grpc_http2.server.limits import UNLIMITED, Limits
from grpc_http2.server.request_memory import RequestMemory
from grpc_http2.server.rpc import Method
from grpc_http2.server.traced import TracedConnection
from grpc_http2.wire.trace import Write, trace_from_environment

_BACKLOG = 1_024
_LOOK_AGAIN_S = 0.01
_TLS_HANDSHAKE_S = 10.0
_TLS_GOODBYE_S = 3.0
"""How long TLS may take to begin and to end, as with Netty (SslHandler)."""


class Http2Server:
    """Serves gRPC methods on any number of ports.

    Args:
        methods: The methods, by path (`/package.Service/method`). Others are UNIMPLEMENTED.
        limits: What a connection may do.
        memory: The memory that unfinished requests may take; servers may share one.
        draw: Draws numbers from 0 to 1, for the ages of connections.
        trace: Takes all frames as lines of text; None: as the environment says (`grpc_http2.wire.trace`).
    """

    def __init__(
        self,
        methods: Mapping[str, Method],
        limits: Limits = UNLIMITED,
        memory: RequestMemory | None = None,
        draw: Callable[[], float] = random.random,
        trace: Write | None = None,
    ) -> None:
        self._methods = methods
        self._limits = limits
        self._memory = RequestMemory() if memory is None else memory
        self._draw = draw
        trace = trace or trace_from_environment()
        self._make: Callable[..., Connection] = Connection if trace is None else partial(TracedConnection, trace)
        self._listeners: list[asyncio.Server] = []
        self._connections: set[Connection] = set()

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen on a port, 0 for any free one; returns it.

        Args:
            host: An address of this machine.
            port: The port.
            tls: Speak TLS; the context must offer `h2` by ALPN.

        Raises:
            OSError: the port cannot be used.
        """
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(
            self._connect,
            host,
            port,
            ssl=tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=None if tls is None else _TLS_HANDSHAKE_S,
            ssl_shutdown_timeout=None if tls is None else _TLS_GOODBYE_S,
        )
        self._listeners.append(listener)
        return int(listener.sockets[0].getsockname()[1])

    async def stop(self, grace: float) -> None:
        """Take no new calls, wait up to `grace` seconds for those under way, and close everything."""
        for listener in self._listeners:
            listener.close()
        for connection in self._connections:
            connection.take_no_more("app_requested")
        loop = asyncio.get_running_loop()
        until = loop.time() + grace
        while loop.time() < until and not all(connection.idle for connection in self._connections):
            await asyncio.sleep(_LOOK_AGAIN_S)
        for connection in list(self._connections):
            connection.close()

    def _connect(self) -> Connection:
        return self._make(
            self._methods,
            self._connections.add,
            self._connections.discard,
            self._limits,
            asyncio.get_running_loop(),
            self._memory,
            self._draw(),
        )
