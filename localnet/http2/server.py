"""Listens for HTTP/2 connections, and ends them in good order."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

from localnet.http2.connection import Connection
from localnet.http2.rpc import Method

_BACKLOG = 1_024
_LOOK_AGAIN_S = 0.01


class Http2Server:
    """Serves gRPC methods on any number of ports.

    Args:
        methods: What answers a call, by path (`/package.Service/method`). Others are UNIMPLEMENTED.
    """

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = methods
        self._listeners: list[asyncio.Server] = []
        self._connections: set[Connection] = set()

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen on a port, 0 for any free one; returns it.

        Args:
            host: An address of this machine.
            port: The port.
            tls: Speak TLS; the context must offer `h2` by ALPN.

        Raises:
            OSError: it cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(self._connect, host, port, ssl=tls, backlog=_BACKLOG)
        self._listeners.append(listener)
        return int(listener.sockets[0].getsockname()[1])

    async def stop(self, grace: float) -> None:
        """Take no new calls, wait up to `grace` seconds for those under way, and close everything."""
        for listener in self._listeners:
            listener.close()
        for connection in self._connections:
            connection.say_goodbye()
        loop = asyncio.get_running_loop()
        until = loop.time() + grace
        while loop.time() < until and not all(connection.idle for connection in self._connections):
            await asyncio.sleep(_LOOK_AGAIN_S)
        for connection in list(self._connections):
            connection.close()

    def _connect(self) -> Connection:
        return Connection(self._methods, self._connections.add, self._connections.discard)
