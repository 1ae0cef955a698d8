"""A node as strict as a real one, on loopback: few streams per connection, and connections that end when a plan says.

It speaks HTTP/2 with frames of its own making, so that it can end a connection in every way that a server may: with a
graceful GOAWAY in two steps as servers on Netty do it, at once, or without a word. What it has processed it notes, and
whoever oversteps its limits too.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from hpack import Encoder

from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from grpc_http2.wire.settings import MAX_CONCURRENT_STREAMS

LARGEST: Final = 2**31 - 1


class End(NamedTuple):
    """How a connection ends.

    Attributes:
        after: Calls that it takes before that.
        how: `graceful` (two GOAWAYs with a ping between them), `at-once` (one, and what crosses it is not looked at),
            `error` (the same with an error code) or `reset` (the connection is cut, whatever is under way).
    """

    after: int
    how: str


def block(*headers: tuple[str, str]) -> bytes:
    encoder = Encoder()
    encoder.header_table_size = 0
    return bytes(encoder.encode(headers))


def frame(kind: int, flags: int = 0, number: int = 0, payload: bytes = b"") -> bytes:
    return frames.frame_header(len(payload), kind, flags, number) + payload


def goaway(last: int, code: int = ErrorCode.NO_ERROR, words: bytes = b"max_age") -> bytes:
    return frame(frames.GOAWAY, 0, 0, last.to_bytes(4, "big") + code.to_bytes(4, "big") + words)


_HEAD = block((":status", "200"), ("content-type", "application/grpc"))
_TRAILERS = block(("grpc-status", "0"))


class LimitedNode:
    """See the module. A call's message is processed when it is whole, and comes back after `delay` seconds.

    Args:
        streams: Calls that a connection may have at once.
        delay: Seconds until an answer.
        ends: Of the connection by its number, beginning with 0, how it ends; None: it does not.
        port: Where to listen; 0 takes a free one.
        answers: Whether calls are answered at all.
        refuses: Processed calls are reset with REFUSED_STREAM instead of being answered, as a proxy does it.
        hangs_up: It ends every connection with a GOAWAY as soon as it is there.
        http_status: Calls are answered with this status of HTTP and a page, and not processed.

    Attributes:
        processed: How often each message was processed.
        faults: What clients did that they may not.
        connections: Connections that were ever made.
        most: The greatest number of them at once.
        most_calls: The greatest number of calls at once on one connection.
    """

    def __init__(
        self,
        *,
        streams: int = 10,
        delay: float = 0.0,
        ends: Callable[[int], End | None] = lambda _: None,
        port: int = 0,
        answers: bool = True,
        refuses: bool = False,
        hangs_up: bool = False,
        http_status: str = "",
    ) -> None:
        self.hangs_up = hangs_up
        self.refuses, self.http_status = refuses, http_status
        self.streams, self.delay, self.ends, self.answers = streams, delay, ends, answers
        self.processed: Counter[bytes] = Counter()
        self.faults: list[str] = []
        self.connections = 0
        self.most = 0
        self.most_calls = 0
        self.pings = 0
        self.lines: list[Line] = []
        self.lock = threading.Lock()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._wake = threading.Condition()
        self._numbers = itertools.count()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._run_due, daemon=True).start()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call it in so many seconds."""
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), call))
            self._wake.notify()

    def reset_all(self) -> None:
        """Cut all connections that there are."""
        for line in list(self.lines):
            line.reset()

    def goaway_all(self, last: int | None = None, words: bytes = b"max_age") -> None:
        """End all connections gracefully."""
        for line in list(self.lines):
            line.begin_graceful(words)

    def close(self) -> None:
        self._closed = True
        # Shut down first: that ends the accepting thread's waiting, and so its hold on the port.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in list(self.lines):
            line.close()
        with self._wake:
            self._wake.notify()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.lock:
                    line = Line(self, connection, self.ends(self.connections))
                    self.connections += 1
                    self.lines.append(line)
                    self.most = max(self.most, len(self.lines))
                threading.Thread(target=line.serve, daemon=True).start()

    def _run_due(self) -> None:
        while not self._closed:
            with self._wake:
                now = time.monotonic()
                if not self._due or self._due[0][0] > now:
                    self._wake.wait(self._due[0][0] - now if self._due else None)
                    continue
                _, _, call = heapq.heappop(self._due)
            with contextlib.suppress(OSError):
                call()


class Line:
    """One connection."""

    def __init__(self, node: LimitedNode, connection: socket.socket, end: End | None) -> None:
        self._node, self._socket, self._end = node, connection, end
        self._lock = threading.RLock()
        self._open: dict[int, bytes] = {}  # bodies so far; whole calls until they are answered
        self._taken = 0
        self._newest = 0
        self._last = LARGEST  # above it nothing is looked at
        self._leaving = False

    def serve(self) -> None:
        data = b""
        try:
            self._send(frames.settings({MAX_CONCURRENT_STREAMS: self._node.streams}))
            if self._node.hangs_up:
                self._send(goaway(0))
            while received := self._socket.recv(65_536):
                data = (data + received).removeprefix(frames.PREFACE)
                while len(data) >= frames.HEADER_BYTES:
                    high, low, kind, flags, number = frames.HEADER.unpack_from(data, 0)
                    end = frames.HEADER_BYTES + (high << 16 | low)
                    if len(data) < end:
                        break
                    with self._lock:
                        self._read(kind, flags, number, data[frames.HEADER_BYTES : end])
                    data = data[end:]
        except OSError:
            pass
        finally:
            self.close()

    def reset(self) -> None:
        """Cut it: a RST of TCP, and nothing of HTTP/2."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        with self._node.lock:
            if self in self._node.lines:
                self._node.lines.remove(self)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)  # so that the reading thread lets go of it
        self._socket.close()

    def begin_graceful(self, words: bytes = b"max_age") -> None:
        with self._lock:
            self._leaving = True
            self._send(goaway(LARGEST, words=words) + frame(frames.PING, 0, 0, b"leaving!"))

    def _read(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if kind == frames.HEADERS:
            self._begin(number)
        elif kind == frames.DATA and number in self._open:
            self._open[number] += payload
            if flags & frames.END_STREAM:
                self._process(number)
        elif kind == frames.RST_STREAM:
            self._open.pop(number, None)
            self._leave()
        elif kind == frames.PING:
            self._on_ping(flags, payload)
        if kind == frames.DATA and payload:
            self._send(frames.window_update(0, len(payload)))

    def _begin(self, number: int) -> None:
        if number <= self._newest:
            self._node.faults.append(f"stream {number} after {self._newest}")
        self._newest = number
        if number > self._last:
            return  # it crossed the GOAWAY
        if len(self._open) >= self._node.streams:
            self._node.faults.append(f"{len(self._open) + 1} calls at once")
        self._open[number] = b""
        self._node.most_calls = max(self._node.most_calls, len(self._open))

    def _process(self, number: int) -> None:
        message = self._open[number][5:]
        if self._node.http_status:
            del self._open[number]
            head = block((":status", self._node.http_status), ("content-type", "text/html"))
            page = frame(frames.DATA, frames.END_STREAM, number, b"<html>\n<h1>Wait</h1></html>")
            self._send(frame(frames.HEADERS, frames.END_HEADERS, number, head) + page)
            return
        with self._node.lock:
            self._node.processed[message] += 1
        self._taken += 1
        if self._node.refuses:
            del self._open[number]
            self._send(frames.rst_stream(number, ErrorCode.REFUSED_STREAM))
        elif self._node.answers:
            self._node.later(self._node.delay, lambda: self._answer(number, message))
        if self._end is not None and self._taken == self._end.after:
            self._begin_end(number)

    def _begin_end(self, number: int) -> None:
        assert self._end is not None
        if self._end.how == "graceful":
            self.begin_graceful()
        elif self._end.how == "reset":
            self.reset()
        else:
            code = ErrorCode.NO_ERROR if self._end.how == "at-once" else 2
            self._last, self._leaving = number, True
            for above in [one for one in self._open if one > number]:
                del self._open[above]
            self._send(goaway(number, code))

    def _on_ping(self, flags: int, payload: bytes) -> None:
        if not flags & frames.ACK:
            self._node.pings += 1
            self._send(frame(frames.PING, frames.ACK, 0, payload))
        elif payload == b"leaving!":
            self._last = self._newest
            self._send(goaway(self._newest))
            self._leave()

    def _answer(self, number: int, message: bytes) -> None:
        with self._lock:
            if self._open.pop(number, None) is None:
                return
            body = b"\x00" + len(message).to_bytes(4, "big") + message
            self._send(
                frame(frames.HEADERS, frames.END_HEADERS, number, _HEAD)
                + frame(frames.DATA, 0, number, body)
                + frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, number, _TRAILERS)
            )
            self._leave()

    def _leave(self) -> None:
        """Hang up once the last call is answered, but listen on: what crosses it must not turn into a reset."""
        if self._leaving and self._last != LARGEST and not self._open:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def _send(self, data: bytes) -> None:
        with self._lock:
            self._socket.sendall(data)
