"""Sends unary gRPC calls over HTTP/2 at a cost that leaves the measured server as the bottleneck.

grpcio's own client takes more CPU for a call (some 300 µs in asyncio) than the server that is to be measured, so on two
cores the client would be what the benchmark shows. This one prepares the headers once, sends a call as two frames in
one write with its neighbours, and only looks at what can differ in an answer: the message and the status. It obeys flow
control, and speaks to any gRPC server: the same sender measures the embedded network and grpc.aio.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from grpc_http2.wire import frames, payloads
from grpc_http2.wire.header_blocks import BlockDecoder, Headers, literal
from grpc_http2.wire.messages import write_message
from grpc_http2.wire.settings import DEFAULT_MAX_FRAME, DEFAULT_WINDOW, INITIAL_WINDOW_SIZE, MAX_WINDOW

Done = Callable[[bool], None]
"""Told when a call is over: whether it was answered with an empty message and status OK, which together say OK."""

_REFILL = 1 << 24
_EMPTY = write_message(b"")
_BLOCK_END = (
    literal(b"te", b"trailers")
    + literal(b"content-type", b"application/grpc")
    + literal(b"user-agent", b"localnet-benchmark")
)


class Sender(asyncio.Protocol):
    """One connection to one server, for one method. Calls begun in one turn of the event loop leave together."""

    def __init__(self, authority: str, method: str) -> None:
        path, host = literal(b":path", method.encode()), literal(b":authority", authority.encode())
        self._block = b"\x83\x86" + path + host + _BLOCK_END  # entries 3 and 6 of HPACK's table: POST, http
        self._blocks: BlockDecoder[bytes] = BlockDecoder(_grpc_status, 65_536)
        self._transport: asyncio.Transport | None = None
        self._next_stream = 1
        self._calls: dict[int, Done] = {}
        self._failed: set[int] = set()
        self._held_back: deque[tuple[bytes, Done]] = deque()
        self._window = DEFAULT_WINDOW
        self._received = 0
        self._out: list[bytes] = []
        self._rest = b""

    @classmethod
    async def connect(cls, address: str, method: str) -> Sender:
        """Open a connection to `host:port`."""
        host, _, port = address.rpartition(":")
        loop = asyncio.get_running_loop()
        _, sender = await loop.create_connection(lambda: cls(address, method), host, int(port))
        return sender

    def send(self, message: bytes, done: Done) -> None:
        """Begin a call; `message` fits one frame."""
        body = write_message(message)
        if len(body) > DEFAULT_MAX_FRAME:
            raise ValueError(f"a message of {len(message)} bytes does not fit one frame")
        if self._transport is None:
            asyncio.get_running_loop().call_soon(done, False)
        elif self._held_back or len(body) > self._window:
            self._held_back.append((body, done))
        else:
            self._begin(body, done)

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the preface, with windows that never close."""
        self._transport = cast("asyncio.Transport", transport)
        settings = frames.settings({INITIAL_WINDOW_SIZE: MAX_WINDOW})
        self._transport.write(frames.PREFACE + settings + frames.window_update(0, _REFILL))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (it is fatal to the benchmark anyhow)
        """Whatever was under way has failed."""
        self._transport = None
        lost = [*self._calls.values(), *(done for _, done in self._held_back)]
        self._calls.clear()
        self._held_back.clear()
        for done in lost:
            done(False)

    def data_received(self, data: bytes) -> None:
        """Take the answers that came."""
        data, at = self._rest + data, 0
        while len(data) - at >= frames.HEADER_BYTES:
            high, low, kind, flags, stream_id = frames.HEADER.unpack_from(data, at)
            end = at + frames.HEADER_BYTES + (high << 16 | low)
            if end > len(data):
                break
            self._take(kind, flags, stream_id, data[at + frames.HEADER_BYTES : end])
            at = end
        self._rest = data[at:]

    def _begin(self, body: bytes, done: Done) -> None:
        stream_id = self._next_stream
        self._next_stream += 2
        self._calls[stream_id] = done
        self._window -= len(body)
        head = frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, self._block)
        self._put(head + frames.frame(frames.DATA, frames.END_STREAM, stream_id, body))

    def _put(self, data: bytes) -> None:
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _take(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        if kind == frames.HEADERS:
            status = self._blocks.decode(payload)
            if flags & frames.END_STREAM:
                self._end(stream_id, ok=status == b"0" and stream_id not in self._failed)
        elif kind == frames.DATA:
            self._received += len(payload)
            if payload != _EMPTY:
                self._failed.add(stream_id)
            if self._received >= _REFILL // 2:
                self._put(frames.window_update(0, self._received))
                self._received = 0
        elif kind == frames.RST_STREAM:
            self._end(stream_id, ok=False)
        else:
            self._take_control(kind, flags, stream_id, payload)

    def _take_control(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        """Take a frame that belongs to no call."""
        if kind == frames.WINDOW_UPDATE and not stream_id:
            self._window += payloads.read_window_update(payload)
            while self._held_back and len(self._held_back[0][0]) <= self._window:
                self._begin(*self._held_back.popleft())
        elif kind == frames.SETTINGS and not flags & frames.ACK:
            self._put(frames.frame(frames.SETTINGS, frames.ACK, 0))
        elif kind == frames.PING and not flags & frames.ACK:
            self._put(frames.frame(frames.PING, frames.ACK, 0, payload))

    def _end(self, stream_id: int, *, ok: bool) -> None:
        done = self._calls.pop(stream_id, None)
        if done is not None:
            done(ok)


def _grpc_status(headers: Headers) -> bytes:
    """The status in trailers; empty in headers without one."""
    return dict(headers).get(b"grpc-status", b"")
