"""A connection without a network: bytes in, frames out."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import hpack

from grpc_http2.server import UNLIMITED, Limits, Method, RequestMemory
from grpc_http2.server.connection import Connection
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from grpc_http2.wire.messages import write_message

HEADERS = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/test/echo"),
    (":authority", "node"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
)


OK = {":status": "200", "content-type": "application/grpc", "grpc-status": "0"}


class Frame(NamedTuple):
    """One frame that came out."""

    kind: int
    flags: int
    stream_id: int
    payload: bytes


def split(data: bytes) -> list[Frame]:
    """The whole frames that `data` consists of."""
    out = []
    while data:
        high, low, kind, flags, stream_id = frames.HEADER.unpack_from(data)
        end = frames.HEADER_BYTES + (high << 16 | low)
        out.append(Frame(kind, flags, stream_id, data[frames.HEADER_BYTES : end]))
        data = data[end:]
    return out


class Clock:
    """Time that stands still until it is moved; `Timers` for a connection, and a loop as far as handles need one."""

    def __init__(self) -> None:
        self.now = 0.0
        self._soon: deque[asyncio.Handle] = deque()
        self._later: list[asyncio.TimerHandle] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[..., object], *args: Any) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self)  # type: ignore[arg-type]
        self._soon.append(handle)
        return handle

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self.now + delay, callback, args, self)  # type: ignore[arg-type]
        self._later.append(handle)
        return handle

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        raise context["exception"]

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if handle in self._later:  # one that was called may be cancelled as well
            self._later.remove(handle)

    @property
    def timers(self) -> int:
        """How many are set."""
        return len(self._later)

    def turn(self) -> bool:
        """Call what is due soon and was there before; whether there was anything."""
        due, self._soon = self._soon, deque()
        for handle in due:
            if not handle.cancelled():
                handle._run()
        return bool(due)

    def move(self, seconds: float) -> None:
        """Let time go by, and call what falls due."""
        until = round(self.now + seconds, 6)
        while True:
            while self.turn():
                pass
            due = min((one for one in self._later if one.when() <= until), key=lambda one: one.when(), default=None)
            if due is None:
                break
            self._later.remove(due)
            self.now = max(self.now, due.when())
            due._run()
        self.now = until


class Peer(asyncio.Transport):
    """The client of one connection, and its transport."""

    def __init__(
        self,
        methods: Mapping[str, Method],
        limits: Limits = UNLIMITED,
        *,
        clock: Clock | None = None,
        memory: RequestMemory | None = None,
        chance: float = 0.5,
    ) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.reading_paused = False
        self.encoder = hpack.Encoder()
        self.connections: list[Connection] = []
        self.clock = clock or Clock()
        self.connection = Connection(
            methods,
            self.connections.append,
            self.connections.remove,
            limits,
            self.clock,
            memory or RequestMemory(),
            chance,
        )
        self.connection.connection_made(self)

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.connection.connection_lost(None)

    def pause_reading(self) -> None:
        self.reading_paused = True

    def resume_reading(self) -> None:
        self.reading_paused = False

    def greet(self, values: dict[int, int] | None = None) -> None:
        """Send the preface, acknowledge the limits, and forget what came so far."""
        self.send(frames.PREFACE, frames.settings(values or {}), frames.frame(frames.SETTINGS, frames.ACK, 0))
        self.take()

    def send(self, *data: bytes) -> None:
        """Send bytes, and give the connection all the turns that it wants."""
        self.connection.data_received(b"".join(data))
        while self.clock.turn():
            pass

    def take(self) -> list[Frame]:
        """What came since the last time."""
        written, self.written = self.written, b""
        return split(written)

    def head(self, stream_id: int, *changes: tuple[str, str], end_stream: bool = False, flags: int = 0) -> bytes:
        """A HEADERS frame of a call; `changes` replace headers or come after them, an empty value leaves one out."""
        changed = dict(changes)
        headers = [(name, changed.pop(name, value)) for name, value in HEADERS]
        block = self.encoder.encode([(name, value) for name, value in (*headers, *changed.items()) if value])
        end = frames.END_STREAM if end_stream else 0
        return frames.frame(frames.HEADERS, frames.END_HEADERS | end | flags, stream_id, block)

    def call(self, stream_id: int, message: bytes = b"hello", *changes: tuple[str, str]) -> bytes:
        """A whole call."""
        return self.head(stream_id, *changes) + data(stream_id, write_message(message))

    def answers(self) -> dict[int, tuple[dict[str, str], bytes]]:
        """Headers with trailers, and message, of the streams that came to their end since the last time."""
        decoder, out = hpack.Decoder(), {}
        collected: dict[int, tuple[dict[str, str], bytes]] = {}
        for one in self.take():
            headers, body = collected.setdefault(one.stream_id, ({}, b""))
            if one.kind == frames.HEADERS:
                headers.update(decoder.decode(one.payload))
            elif one.kind == frames.DATA:
                collected[one.stream_id] = headers, body + one.payload
            if one.kind in (frames.HEADERS, frames.DATA) and one.flags & frames.END_STREAM:
                out[one.stream_id] = collected[one.stream_id]
        return out


def data(stream_id: int, payload: bytes, *, end_stream: bool = True) -> bytes:
    """A DATA frame."""
    return frames.frame(frames.DATA, frames.END_STREAM if end_stream else 0, stream_id, payload)


def goaway(peer: Peer) -> ErrorCode:
    """The code of the GOAWAY that must have come last; the connection must be closed."""
    last = peer.take()[-1]
    assert last.kind == frames.GOAWAY
    assert peer.closed
    assert not peer.connections
    return ErrorCode(struct.unpack(">II", last.payload[:8])[1])


class Held:
    """A method that holds its calls up until it is told to go on; counts those that were cancelled."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.started = self.cancelled = 0

    async def __call__(self, request: bytes) -> bytes:
        self.started += 1
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return request


def echo(request: bytes) -> bytes:
    """Give back what came."""
    return request


def fail(request: bytes) -> bytes:
    """Fail as nobody foresaw."""
    raise RuntimeError("a secret of the inside")


METHODS: dict[str, Method] = {
    "/test/echo": echo,
    "/test/ok": lambda _: b"",
    "/test/big": lambda request: bytes(int(request)),
    "/test/fail": fail,
}
