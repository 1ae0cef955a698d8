"""One end of an HTTP/2 connection as a plain socket, which keeps no rule but those that a test lets it keep."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import NamedTuple

from hpack import Encoder

from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode


class Frame(NamedTuple):
    """One frame that came."""

    kind: int
    flags: int
    stream_id: int
    payload: bytes

    @property
    def code(self) -> ErrorCode:
        """The error code of a GOAWAY or RST_STREAM."""
        return ErrorCode(struct.unpack(">I", self.payload[4:8] if self.kind == frames.GOAWAY else self.payload)[0])


def block(*headers: tuple[str, str]) -> bytes:
    """A header block without a trace in any table."""
    encoder = Encoder()
    encoder.header_table_size = 0
    return bytes(encoder.encode(headers)).removeprefix(b"\x20")


class RawPeer:
    """A connected socket; everything is to arrive within its time-out."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.settimeout(20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = b""

    def send(self, *data: bytes) -> None:
        """Send bytes; the other side may have closed meanwhile."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(b"".join(data))

    def take(self, count: int) -> bytes:
        """So many bytes; fewer at the end of the connection."""
        while len(self._data) < count:
            try:
                received = self._socket.recv(65_536)
            except ConnectionResetError:
                received = b""
            if not received:
                break
            self._data += received
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def next(self) -> Frame | None:
        """The next frame; None at the end of the connection."""
        head = self.take(frames.HEADER_BYTES)
        if len(head) < frames.HEADER_BYTES:
            return None
        high, low, kind, flags, stream_id = frames.HEADER.unpack(head)
        return Frame(kind, flags, stream_id, self.take(high << 16 | low))

    def until(self, kind: int, flags: int = 0) -> Frame:
        """The next frame of a kind that has these flags; those before it are passed over."""
        while (frame := self.next()) is not None:
            if frame.kind == kind and frame.flags & flags == flags:
                return frame
        raise AssertionError(f"the connection ended before a frame of kind {kind}")

    def rest(self) -> list[Frame]:
        """All frames until the connection ends."""
        rest = []
        while (frame := self.next()) is not None:
            rest.append(frame)
        return rest

    def close(self) -> None:
        self._socket.close()
