"""A connection that prints its frames (`grpc_http2.wire.trace`)."""

from __future__ import annotations

import asyncio
from typing import Any

from grpc_http2.server.connection import Connection
from grpc_http2.wire.trace import FrameTrace, Write


class TracedConnection(Connection):
    """See Connection; the first argument takes the lines."""

    def __init__(self, write: Write, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._write_lines = write
        self._trace: FrameTrace | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See Connection."""
        peer = transport.get_extra_info("peername")
        name = f"{peer[0]}:{peer[1]}" if peer else "a client"
        self._trace = FrameTrace(name, self._write_lines, is_client=False)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """See Connection."""
        if self._trace is not None:
            self._trace.received(data)
        super().data_received(data)

    def _write(self, data: bytes) -> None:
        if self._trace is not None:
            self._trace.sent(data)
        super()._write(data)
