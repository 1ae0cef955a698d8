"""The server's end of HTTP/2, as far as unary gRPC calls go, with every way to break a call off in reach.

It is for tests: whoever uses it decides what becomes of each call, and may say what is not true. It keeps no
flow-control windows for what it sends; the answers of nodes are a few bytes each.
(RFC 9113; "gRPC over HTTP2")
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hpack import Decoder, Encoder

NO_ERROR: Final = 0x0
INTERNAL_ERROR: Final = 0x2
REFUSED_STREAM: Final = 0x7
CANCEL: Final = 0x8

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
_STREAMS_AT_ONCE: Final = 100
_WINDOW: Final = 1 << 20


@dataclass
class Call:
    """A call whose request has arrived whole.

    Attributes:
        connection: Where it came in.
        stream: Its number there.
        path: The method.
        request: The message, without gRPC's prefix.
    """

    connection: Connection
    stream: int
    path: str
    request: bytes

    def answer(self, message: bytes) -> None:
        """End it well."""
        prefix = b"\x00" + len(message).to_bytes(4, "big")
        self.connection.send_headers(self.stream, {":status": "200", "content-type": "application/grpc"})
        self.connection.send(_DATA, 0, self.stream, prefix + message)
        self.connection.send_headers(self.stream, {"grpc-status": "0"}, end=True)

    def fail(self, headers: Mapping[str, str]) -> None:
        """End it with headers only: a gRPC status, or what a proxy says."""
        self.connection.send_headers(self.stream, headers, end=True)

    def reset(self, code: int) -> None:
        """End it with RST_STREAM."""
        self.connection.send(_RST_STREAM, 0, self.stream, struct.pack(">I", code))


class Connection:
    """One client's connection.

    Args:
        reader: What it sends.
        writer: What it is sent.
        on_call: Told of every call once it is there as a whole.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_call: Callable[[Call], Awaitable[None]],
    ) -> None:
        self._reader, self._writer, self._on_call = reader, writer, on_call
        self._decoder, self._encoder = Decoder(), Encoder()
        self._encoder.header_table_size = 0  # whatever the client allows
        self._block = b""
        self._paths: dict[int, str] = {}
        self._bodies: dict[int, bytearray] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._highest = 0  # stream that was handed on
        self._last: int | None = None  # stream that a GOAWAY has named

    async def serve(self) -> None:
        """Take calls until the connection is gone."""
        try:
            if await self._reader.readexactly(len(_PREFACE)) != _PREFACE:
                return
            settings = {3: _STREAMS_AT_ONCE, 4: _WINDOW}
            self.send(_SETTINGS, 0, 0, b"".join(struct.pack(">HI", *one) for one in settings.items()))
            self.send(_WINDOW_UPDATE, 0, 0, struct.pack(">I", _WINDOW))
            while True:
                head = await self._reader.readexactly(9)
                payload = await self._reader.readexactly(int.from_bytes(head[:3], "big"))
                self._take(head[3], head[4], int.from_bytes(head[5:], "big"), payload)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.close()

    def send(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """Send one frame, unless the connection is gone."""
        if not self._writer.is_closing():
            head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
            self._writer.write(head + payload)

    def send_headers(self, stream: int, headers: Mapping[str, str], *, end: bool = False) -> None:
        """Send a header block."""
        flags = _END_HEADERS | (_END_STREAM if end else 0)
        self.send(_HEADERS, flags, stream, self._encoder.encode(list(headers.items())))

    def handing_on(self, stream: int) -> bool:
        """Note that somebody works on a call from now on; no, where a GOAWAY has told the client otherwise."""
        if self._last is not None and stream > self._last:
            return False
        self._highest = max(self._highest, stream)
        return True

    def goaway(self) -> None:
        """Say that no call was or will be looked at above the highest that has been handed on; and keep to it."""
        self._last = self._highest
        self.send(_GOAWAY, 0, 0, struct.pack(">II", self._last, NO_ERROR))

    def close(self) -> None:
        """End it in order (FIN)."""
        self._writer.close()

    def abort(self) -> None:
        """End it as a process that is killed does (RST); what was not sent yet never is."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _SETTINGS and not flags & _ACK:
            self.send(_SETTINGS, _ACK, 0, b"")
        elif kind == _PING and not flags & _ACK:
            self.send(_PING, _ACK, 0, payload)
        elif kind in (_HEADERS, _CONTINUATION):
            self._take_headers(kind, flags, stream, payload)
        elif kind == _DATA:
            self._take_data(flags, stream, payload)
        elif kind == _RST_STREAM:
            self._paths.pop(stream, None)
            self._bodies.pop(stream, None)

    def _take_headers(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _HEADERS:
            assert not flags & (_PADDED | _PRIORITY), "no gRPC client here sends those"
        self._block += payload
        if flags & _END_HEADERS:
            headers = dict(self._decoder.decode(self._block))
            self._block = b""
            self._paths[stream], self._bodies[stream] = headers[":path"], bytearray()

    def _take_data(self, flags: int, stream: int, payload: bytes) -> None:
        if payload:
            self.send(_WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload)))
        body = self._bodies.get(stream)
        if body is None:
            return  # one that the client has reset
        body += payload
        if flags & _END_STREAM:
            call = Call(self, stream, self._paths.pop(stream), bytes(self._bodies.pop(stream)[5:]))
            task = asyncio.ensure_future(self._on_call(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
