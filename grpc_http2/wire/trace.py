"""Prints the frames of a connection as lines of text, like `nghttp -v`; off by default.

    [ 0.013] 127.0.0.1:50211 #1 > HEADERS stream 1, 118 bytes, END_HEADERS
                 :method: POST
                 :path: /package.Service/method
    [ 0.013] 127.0.0.1:50211 #1 > DATA stream 1, 431 bytes, END_STREAM
    [ 0.015] 127.0.0.1:50211 #1 < WINDOW_UPDATE connection, 4 bytes: 5,412 bytes more

`>` was sent, `<` was received. Seconds count from the beginning of the connection, which has a number in its process.
The contents of DATA are never shown, nor headers with credentials. A traced connection is of another class
(`client.traced`, `server.traced`), so that without a trace nothing is done.
"""

from __future__ import annotations

import itertools
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hpack import Decoder, HPACKError

from grpc_http2.wire import frames
from grpc_http2.wire.errors import error_name
from grpc_http2.wire.settings import SETTING_NAMES

VARIABLE: Final = "GRPC_HTTP2_TRACE"
"""Environment variable: `1` prints frames to the standard error, any other value names a file to append them to."""

Write = Callable[[str], object]
"""Takes one or more whole lines, without the last one's end."""

_numbers = itertools.count(1)
_SHOWN_BYTES: Final = 60
_INDENT: Final = "\n" + 13 * " "
_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_FLAGS: Final = {
    frames.DATA: {frames.END_STREAM: "END_STREAM", frames.PADDED: "PADDED"},
    frames.HEADERS: {
        frames.END_STREAM: "END_STREAM",
        frames.END_HEADERS: "END_HEADERS",
        frames.PADDED: "PADDED",
        frames.HAS_PRIORITY: "PRIORITY",
    },
    frames.SETTINGS: {frames.ACK: "ACK"},
    frames.PING: {frames.ACK: "ACK"},
    frames.CONTINUATION: {frames.END_HEADERS: "END_HEADERS"},
}


def trace_from_environment() -> Write | None:
    """The output that VARIABLE selects; None for none."""
    wanted = os.environ.get(VARIABLE, "")
    if not wanted:
        return None
    return _write_to_stderr if wanted == "1" else _Appender(Path(wanted)).write


class FrameTrace:
    """Prints the frames that are sent and received on one connection.

    Args:
        name: Of the connection.
        write: Takes the lines.
        is_client: Which side is traced: a client sends the preface, a server receives it.
        clock: Seconds.
    """

    def __init__(
        self, name: str, write: Write, *, is_client: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        begin, number = clock(), next(_numbers)

        def show(direction: str) -> Write:
            return lambda text: write(f"[{clock() - begin:6.3f}] {name} #{number} {direction} {text}")

        self._sent = _FrameReader(show(">"), preface=is_client)
        self._received = _FrameReader(show("<"), preface=not is_client)

    def sent(self, data: bytes) -> None:
        """These bytes are about to be sent."""
        self._sent.read(data)

    def received(self, data: bytes) -> None:
        """These bytes were received."""
        self._received.read(data)


class _FrameReader:
    """Splits the bytes of one direction, which come in any pieces, into frames."""

    def __init__(self, show: Write, *, preface: bool) -> None:
        self._show = show
        self._preface = frames.PREFACE if preface else b""
        self._decoder = Decoder()
        self._rest = b""
        self._block = b""
        self._begun = False
        self._lost = False  # it is not HTTP/2, or the boundaries of frames are lost

    def read(self, data: bytes) -> None:
        if self._lost or not data:
            return
        self._rest += data
        if not self._begun and not self._begin():
            return
        while len(self._rest) >= frames.HEADER_BYTES:
            high, low, kind, flags, stream_id = frames.HEADER.unpack_from(self._rest)
            end = frames.HEADER_BYTES + (high << 16 | low)
            if len(self._rest) < end:
                return
            payload, self._rest = self._rest[frames.HEADER_BYTES : end], self._rest[end:]
            self._show(self._describe(kind, flags, stream_id & frames.MAX_STREAM_ID, payload))

    def _begin(self) -> bool:
        """Whether the first bytes are complete, and are those of HTTP/2."""
        preface, begin = self._preface, self._rest
        if len(begin) < len(preface) + frames.HEADER_BYTES and preface.startswith(begin[: len(preface)]):
            return False
        after = begin[len(preface) :]
        if not begin.startswith(preface) or after[3:4] != bytes((frames.SETTINGS,)):
            self._lost = True
            self._show(f"what is not HTTP/2: {begin[:_SHOWN_BYTES]!r}")
            return False
        if preface:
            self._show("the client's preface")
        self._begun, self._rest = True, after
        return True

    def _describe(self, kind: int, flags: int, stream_id: int, payload: bytes) -> str:
        known = kind < len(frames.KIND_NAMES)
        name = frames.KIND_NAMES[kind] if known else f"kind {kind:#x}"
        where = f"stream {stream_id}" if stream_id else "connection"
        set_flags = [word for bit, word in _FLAGS.get(kind, {}).items() if flags & bit]
        head = f"{name} {where}, {', '.join([f'{len(payload):,} bytes', *set_flags])}"
        try:
            return head + self._contents(kind, flags, payload)
        except (HPACKError, IndexError, struct.error):
            return f"{head}: cannot be read: {payload[:_SHOWN_BYTES]!r}"

    def _contents(self, kind: int, flags: int, payload: bytes) -> str:
        if kind in (frames.HEADERS, frames.CONTINUATION):
            return self._headers(flags, _fragment(payload, flags) if kind == frames.HEADERS else payload)
        if kind == frames.SETTINGS:
            return "".join(
                f"{_INDENT}{SETTING_NAMES.get(name, f'setting {name}')}: {value:,}"
                for name, value in struct.iter_unpack(">HI", payload)
            )
        if kind == frames.RST_STREAM:
            return f": {error_name(struct.unpack('>I', payload)[0])}"
        if kind == frames.WINDOW_UPDATE:
            return f": {struct.unpack('>I', payload)[0] & frames.MAX_STREAM_ID:,} bytes more"
        if kind == frames.PING:
            return f": {payload.hex()}"
        if kind == frames.GOAWAY:
            last, code = struct.unpack_from(">II", payload)
            words = payload[8:].decode("utf-8", "replace")
            return f": {error_name(code)} after stream {last & frames.MAX_STREAM_ID:,}{f': {words}' if words else ''}"
        return ""

    def _headers(self, flags: int, fragment: bytes) -> str:
        self._block += fragment
        if not flags & frames.END_HEADERS:
            return ""
        block, self._block = self._block, b""
        headers = [(str(name), str(value)) for name, value in self._decoder.decode(block)]
        return "".join(f"{_INDENT}{name}: {'(not shown)' if name in _SECRET else value}" for name, value in headers)


def _fragment(payload: bytes, flags: int) -> bytes:
    end = len(payload)
    if flags & frames.PADDED:
        end -= payload[0]
        payload = payload[1:end]
    return payload[5:] if flags & frames.HAS_PRIORITY else payload


def _write_to_stderr(lines: str) -> None:
    sys.stderr.write(lines + "\n")


class _Appender:
    """Appends lines to a file, to which other processes may append too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, lines: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(lines + "\n")
