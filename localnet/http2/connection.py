"""One connection of a client: what its frames mean, in the order of RFC 9113."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, cast

from localnet.http2 import frames
from localnet.http2.blocks import BlockDecoder
from localnet.http2.call_head import CallHead, read_head
from localnet.http2.calls import Calls
from localnet.http2.errors import ConnectionFailedError, ErrorCode, StreamFailedError
from localnet.http2.outbox import Outbox
from localnet.http2.rpc import Method
from localnet.http2.settings import (
    DEFAULT_MAX_FRAME,
    DEFAULT_WINDOW,
    OUR_CONNECTION_WINDOW,
    OUR_MAX_HEADER_LIST,
    OURS,
)
from localnet.http2.window import ReceiveWindow

log = logging.getLogger(__name__)

_MAX_BLOCK: Final = 2 * OUR_MAX_HEADER_LIST
"""Bytes of a header block over all of its frames, so that CONTINUATION cannot go on for ever."""
_PREFACE_OUT: Final = frames.settings(OURS) + frames.window_update(0, OUR_CONNECTION_WINDOW - DEFAULT_WINDOW)
_SETTINGS_ACK: Final = frames.frame(frames.SETTINGS, frames.ACK, 0)
_RESETS_REMEMBERED: Final = 1_000


class Connection(asyncio.Protocol):
    """Speaks HTTP/2 with one client.

    Everything that can be read at once is worked off before anything is written, and a client that does not read what
    it is sent is not read from either.

    Args:
        methods: What answers a call, by path.
        on_open, on_close: Are told when the connection begins and is over.
    """

    def __init__(
        self,
        methods: Mapping[str, Method],
        on_open: Callable[[Connection], None],
        on_close: Callable[[Connection], None],
    ) -> None:
        self._on_open = on_open
        self._on_close = on_close
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._greeted = False
        self._settled = False
        self._failed = False
        self._outbox = Outbox(self._write)
        self._calls = Calls(methods, self._outbox)
        self._blocks: BlockDecoder[CallHead] = BlockDecoder(read_head, OUR_MAX_HEADER_LIST)
        self._window = ReceiveWindow(OUR_CONNECTION_WINDOW)
        self._last_stream = 0
        self._reset_here: deque[int] = deque(maxlen=_RESETS_REMEMBERED)
        self._open_block: tuple[int, int, bytearray] | None = None  # stream, flags, bytes so far
        self._handlers = (
            self._on_data,
            self._on_headers,
            self._on_priority,
            self._on_rst_stream,
            self._on_settings,
            self._on_push_promise,
            self._on_ping,
            self._on_goaway,
            self._on_window_update,
            self._on_continuation,
        )

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client; a server may do so before it has heard anything."""
        self._transport = cast("asyncio.Transport", transport)
        self._on_open(self)
        self._write(_PREFACE_OUT)

    def data_received(self, data: bytes) -> None:
        """Work off every whole frame, then write all answers together."""
        if self._failed:
            return
        try:
            self._rest = self._read(self._rest + data if self._rest else data)
        except ConnectionFailedError as failure:
            self._fail(failure.code, str(failure))
        except Exception:
            log.exception("a connection failed")
            self._fail(ErrorCode.INTERNAL_ERROR, "internal error")
        self._outbox.flush()

    def pause_writing(self) -> None:
        """The client does not keep up with what it is sent."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It does again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (why it was lost makes no difference)
        """Nobody waits for the answers any more."""
        self._transport = None
        self._calls.stop_all()
        self._on_close(self)

    # --- what the server calls ---

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._calls and not self._outbox

    def say_goodbye(self) -> None:
        """Tell the client that no new calls are taken."""
        self._calls.refuse_new()
        self._write(frames.goaway(self._last_stream, ErrorCode.NO_ERROR, "shutting down"))

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    # --- frames ---

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _fail(self, code: ErrorCode, reason: str) -> None:
        self._outbox.put(frames.goaway(self._last_stream, code, reason))
        self._outbox.flush()
        self._failed = True
        self._rest = b""
        self._calls.stop_all()
        self.close()

    def _read(self, data: bytes) -> bytes:
        """Work off every whole frame; returns the bytes of the last, unfinished one."""
        at, size = 0, len(data)
        if not self._greeted:
            if not data.startswith(frames.PREFACE[:size]):
                raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, "this is no HTTP/2 connection preface")
            if size < len(frames.PREFACE):
                return data
            self._greeted, at = True, len(frames.PREFACE)
        handlers, unpack = self._handlers, frames.HEADER.unpack_from
        while size - at >= frames.HEADER_BYTES and self._transport is not None:
            high, low, kind, flags, stream_id = unpack(data, at)
            length = high << 16 | low
            if length > DEFAULT_MAX_FRAME:
                raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, f"a frame of {length} bytes")
            begin = at + frames.HEADER_BYTES
            end = begin + length
            if end > size:
                break
            if not self._settled or self._open_block is not None:
                self._check_turn(kind, flags, stream_id & frames.MAX_STREAM_ID)
            if kind < len(handlers):  # frames of unknown kinds mean nothing
                stream_id &= frames.MAX_STREAM_ID
                try:
                    handlers[kind](flags, stream_id, data[begin:end])
                except StreamFailedError as failure:
                    self._reset(stream_id, failure.code)
            at = end
        return data[at:] if at else data

    def _check_turn(self, kind: int, flags: int, stream_id: int) -> None:
        """Check what must come first on a connection, and what must follow headers that are cut in pieces."""
        if not self._settled:
            if kind != frames.SETTINGS or flags & frames.ACK:
                raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, "the preface has no SETTINGS")
            self._settled = True
        if self._open_block is not None and (kind != frames.CONTINUATION or stream_id != self._open_block[0]):
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, "CONTINUATION is missing")

    def _reset(self, stream_id: int, code: ErrorCode) -> None:
        self._calls.drop(stream_id)
        self._reset_here.append(stream_id)
        self._outbox.put(frames.rst_stream(stream_id, code))

    def _known(self, stream_id: int, kind: str) -> bool:
        """Whether a stream was begun; on one that was not, this frame must not come."""
        if not stream_id or stream_id > self._last_stream:
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, f"{kind} on stream {stream_id}, which is idle")
        return stream_id in self._calls

    def _on_data(self, flags: int, stream_id: int, payload: bytes) -> None:
        if payload:
            credit = self._window.take(len(payload))  # padding counts
            if credit:
                self._outbox.put(frames.window_update(0, credit))
        if not self._known(stream_id, "DATA"):
            if stream_id in self._reset_here:
                return
            raise StreamFailedError(ErrorCode.STREAM_CLOSED, "DATA on a closed stream")
        self._calls.data(stream_id, frames.without_padding(payload, flags), len(payload), flags & frames.END_STREAM)

    def _on_headers(self, flags: int, stream_id: int, payload: bytes) -> None:
        if not stream_id % 2:
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, f"HEADERS on stream {stream_id}")
        block = frames.without_priority(frames.without_padding(payload, flags), flags)
        if flags & frames.END_HEADERS:
            self._take_headers(stream_id, flags, block)
        else:
            self._open_block = (stream_id, flags, bytearray(block))

    def _on_continuation(self, flags: int, stream_id: int, payload: bytes) -> None:
        if self._open_block is None:
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of nothing")
        _, first_flags, block = self._open_block
        block += payload
        if len(block) > _MAX_BLOCK:
            raise ConnectionFailedError(ErrorCode.ENHANCE_YOUR_CALM, "the header block is too long")
        if flags & frames.END_HEADERS:
            self._open_block = None
            self._take_headers(stream_id, first_flags, bytes(block))

    def _take_headers(self, stream_id: int, flags: int, block: bytes) -> None:
        is_new = stream_id > self._last_stream
        if is_new:
            self._last_stream = stream_id
        head = self._blocks.decode(block)  # always, for the table of the blocks to come
        if is_new:
            self._calls.begin(stream_id, head, flags & frames.END_STREAM)
        elif stream_id in self._calls:
            self._calls.trailers(stream_id, head, flags & frames.END_STREAM)
        elif stream_id not in self._reset_here:
            raise StreamFailedError(ErrorCode.STREAM_CLOSED, "HEADERS on a closed stream")

    def _on_priority(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002 (the same for all)
        """Deprecated by RFC 9113; checked and left alone."""
        if not stream_id:
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0")
        if len(payload) != 5:
            raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, f"PRIORITY has {len(payload)} bytes")

    def _on_rst_stream(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        frames.read_long(payload, "RST_STREAM")
        if self._known(stream_id, "RST_STREAM"):
            self._calls.drop(stream_id)
        self._outbox.forget(stream_id)

    def _on_settings(self, flags: int, stream_id: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, f"SETTINGS on stream {stream_id}")
        if flags & frames.ACK:
            if payload:
                raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS with ACK is not empty")
            return
        self._outbox.change(frames.read_settings(payload))
        self._outbox.put(_SETTINGS_ACK)

    def _on_push_promise(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, "a client must not push")

    def _on_ping(self, flags: int, stream_id: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, f"PING on stream {stream_id}")
        if len(payload) != 8:
            raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, f"PING has {len(payload)} bytes")
        if not flags & frames.ACK:
            self._outbox.put(frames.frame(frames.PING, frames.ACK, 0, payload))

    def _on_goaway(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        """The client opens no further streams; those that are open go on, and it closes the connection itself."""
        if stream_id:
            raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, f"GOAWAY on stream {stream_id}")
        if len(payload) < 8:
            raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, f"GOAWAY has {len(payload)} bytes")

    def _on_window_update(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        increment = frames.read_long(payload, "WINDOW_UPDATE") & frames.MAX_STREAM_ID
        if not stream_id:
            self._outbox.widen(increment)
        elif self._known(stream_id, "WINDOW_UPDATE") or self._outbox.waits(stream_id):
            self._outbox.widen_stream(stream_id, increment)
