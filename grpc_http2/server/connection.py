"""One connection of a client: what its frames mean, in the order of RFC 9113."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, cast

from grpc_http2.server.call_head import CallHead, read_head
from grpc_http2.server.calls import Calls
from grpc_http2.server.lifespan import PING, Lifespan
from grpc_http2.server.limits import OUR_MAX_HEADER_LIST, Limits, Timers, ours
from grpc_http2.server.outbox import Outbox
from grpc_http2.server.pings import PingPolicy
from grpc_http2.server.preface import read_preface
from grpc_http2.server.request_memory import RequestMemory
from grpc_http2.server.rpc import Method
from grpc_http2.wire import frames, payloads
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, Http2StreamError
from grpc_http2.wire.header_blocks import BlockDecoder, OpenBlock
from grpc_http2.wire.settings import DEFAULT_MAX_FRAME, DEFAULT_WINDOW
from grpc_http2.wire.windows import ReceiveWindow, WindowExceededError

log = logging.getLogger(__name__)

_MAX_BLOCK: Final = 2 * OUR_MAX_HEADER_LIST
"""Maximum bytes of a header block over all of its frames: CONTINUATION frames would have no limit otherwise."""
_RESETS_REMEMBERED: Final = 1_000
_PADDED_OR_PRIORITY: Final = frames.PADDED | frames.HAS_PRIORITY
_GAPS_REMEMBERED: Final = 100
FRAMES_PER_TURN: Final = 64
"""How many frames are processed before other connections have their turn: about 30 calls, or 5 ms."""


class ConnectionState(Enum):
    """How far a connection has come."""

    PREFACE = "the client's first bytes have not all arrived"
    SETTINGS = "nor have its settings, which must follow"
    OPEN = "calls can come"
    FAILED = "the client broke a rule and is not listened to any more"


# Module's own names: looking one up in an Enum costs more than the comparison.
PREFACE: Final = ConnectionState.PREFACE
SETTINGS: Final = ConnectionState.SETTINGS
OPEN: Final = ConnectionState.OPEN
FAILED: Final = ConnectionState.FAILED


class Connection(asyncio.Protocol):
    """Speaks HTTP/2 with one client.

    Up to FRAMES_PER_TURN frames that were read are processed before anything is written. Further frames are processed
    after the other connections had their turn, and nothing more is read before. Nothing is read from a client that does
    not read its answers.

    Args:
        methods: What answers a call, by path.
        on_open, on_close: Called when the connection begins and ends.
        limits: What the client may do.
        timers: Clock and timers.
        memory: What unfinished requests of all connections may take.
        chance: From 0 to 1, to make the maximal age of this connection different from that of others.
    """

    def __init__(
        self,
        methods: Mapping[str, Method],
        on_open: Callable[[Connection], None],
        on_close: Callable[[Connection], None],
        limits: Limits,
        timers: Timers,
        memory: RequestMemory,
        chance: float,
    ) -> None:
        self._on_open = on_open
        self._on_close = on_close
        self._limits = limits
        self._timers = timers
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self.state = PREFACE
        self._more_to_do = self._choked = False  # two reasons not to read
        self._reading = True
        self._was_busy = False
        self._outbox = Outbox(self._write)
        self._calls = Calls(methods, self._outbox, limits, memory, self._done)
        self._blocks: BlockDecoder[CallHead] = BlockDecoder(read_head, OUR_MAX_HEADER_LIST)
        # Where more than the first 65,535 bytes are wanted, they are given at once; less cannot be asked for.
        self._window = ReceiveWindow(limits.connection_window, max(limits.connection_window, DEFAULT_WINDOW))
        self._lifespan = Lifespan(limits, timers, chance, self)
        self._pings = PingPolicy(limits.ping_interval_s, timers.time())
        self._last_stream = self._last_used = 0
        self._gaps: deque[tuple[int, int]] = deque(maxlen=_GAPS_REMEMBERED)  # stream ids that were left out, between
        self._reset_here: deque[int] = deque(maxlen=_RESETS_REMEMBERED)
        self._open_block: OpenBlock | None = None
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

    def __repr__(self) -> str:
        paused = " (not read from)" if not self._reading else ""
        gone = ", gone" if self._transport is None else ""
        last = f"last stream {self._last_stream}"
        return f"<Connection {self.state.name}{paused}{gone}, {last}, {self._calls!r}, {self._outbox!r}>"

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send SETTINGS; a server may do so before anything arrives."""
        self._transport = cast("asyncio.Transport", transport)
        self._on_open(self)
        self._write(frames.settings(ours(self._limits)))
        if self._limits.connection_window > DEFAULT_WINDOW:
            self._write(frames.window_update(0, self._limits.connection_window - DEFAULT_WINDOW))
        self._lifespan.start()

    def data_received(self, data: bytes) -> None:
        """Process what arrived, unless earlier data is still unprocessed."""
        if self.state is FAILED:
            return
        self._rest = self._rest + data if self._rest else data
        if not self._more_to_do:
            self._take_turn()

    def pause_writing(self) -> None:
        """The client reads more slowly than answers are written."""
        self._choked = True
        self._read_or_not()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._choked = False
        if self._more_to_do:
            self._timers.call_soon(self._go_on)
        self._read_or_not()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (why it was lost makes no difference)
        """The connection is gone: cancel its calls."""
        self._transport = None
        self._lifespan.stop()
        self._calls.stop_all()
        self._on_close(self)

    # --- what the server calls ---

    @property
    def opened(self) -> bool:
        """Whether the client has sent its preface and settings."""
        return self.state is OPEN

    @property
    def idle(self) -> bool:
        """Whether no call is in flight."""
        return not self._calls and not self._outbox

    def announce_end(self, reason: str) -> None:
        """Send the first GOAWAY, and a PING to see that the client has received it."""
        self._outbox.put(frames.goaway(frames.MAX_STREAM_ID, ErrorCode.NO_ERROR, reason))
        self._outbox.put(frames.ping(PING))
        self._outbox.flush()

    def take_no_more(self, reason: str) -> None:
        """Send the second GOAWAY, with the last stream that was accepted; later ones are refused."""
        self._calls.close()
        self._outbox.put(frames.goaway(self._last_stream, ErrorCode.NO_ERROR, reason))
        self._outbox.flush()  # with the answers to what came before in the same read

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    # --- turns ---

    def _take_turn(self) -> None:
        """Process frames, then write all answers together."""
        try:
            self._rest = self._read(self._rest)
        except Http2ConnectionError as failure:
            self._fail(failure)
        except Exception:
            log.exception("a connection failed")
            self._fail(Http2ConnectionError(ErrorCode.INTERNAL_ERROR, "internal error"))
        self._done()
        if self._more_to_do and not self._choked:
            self._timers.call_soon(self._go_on)
        self._read_or_not()

    def _go_on(self) -> None:
        """The next turn, unless the client has to read first (then `resume_writing` calls again)."""
        if self._transport is not None and self._more_to_do and not self._choked and self.state is not FAILED:
            self._take_turn()

    def _done(self) -> None:
        """Write what was collected. Calls may have ended, or begun."""
        self._outbox.flush()
        busy = not self.idle
        if busy or self._was_busy or self._last_used != self._last_stream:
            self._was_busy, self._last_used = busy, self._last_stream
            self._lifespan.used()

    def _read_or_not(self) -> None:
        wanted = not self._more_to_do and not self._choked
        if wanted != self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    # --- frames ---

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _fail(self, failure: Http2ConnectionError) -> None:
        self._outbox.put(frames.goaway(failure.last_stream, failure.code, str(failure)))
        self._outbox.flush()
        self.state = FAILED
        self._rest = b""
        self._more_to_do = False
        self._calls.stop_all()
        self.close()

    def _read(self, data: bytes) -> bytes:
        """Process whole frames; returns the bytes of those that are left, and of an incomplete one."""
        at, size = 0, len(data)
        self._more_to_do = False
        if self.state is PREFACE:
            at = read_preface(data)
            if not at:
                return data
            self.state = SETTINGS
        handlers, unpack, turn = self._handlers, frames.HEADER.unpack_from, FRAMES_PER_TURN
        while size - at >= frames.HEADER_BYTES and self._transport is not None:
            high, low, kind, flags, stream_id = unpack(data, at)
            length = high << 16 | low
            if length > DEFAULT_MAX_FRAME:
                payloads.check_length(length, DEFAULT_MAX_FRAME)
            begin = at + frames.HEADER_BYTES
            end = begin + length
            if end > size:
                break
            if not turn:
                self._more_to_do = True
                break
            turn -= 1
            if self.state is not OPEN or self._open_block is not None:
                self._check_turn(kind, flags, stream_id & frames.MAX_STREAM_ID)
            if kind < len(handlers):  # frames of unknown kinds are ignored
                stream_id &= frames.MAX_STREAM_ID
                try:
                    handlers[kind](flags, stream_id, data[begin:end])
                except Http2StreamError as failure:
                    self._reset(stream_id, failure.code)
            at = end
        return data[at:] if at else data

    def _check_turn(self, kind: int, flags: int, stream_id: int) -> None:
        """Check that SETTINGS come first, and that CONTINUATION follows an unfinished header block."""
        if self.state is SETTINGS:
            payloads.check_first_frame(kind, flags)
            self.state = OPEN
        if self._open_block is not None:
            self._open_block.check_next(kind, stream_id)

    def _reset(self, stream_id: int, code: ErrorCode) -> None:
        self._calls.drop(stream_id)
        self._reset_here.append(stream_id)
        self._outbox.put(frames.rst_stream(stream_id, code))

    def _known(self, stream_id: int, kind: str) -> bool:
        """Check that a stream was opened; this frame must not come on an idle one."""
        if not stream_id or stream_id > self._last_stream:
            raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"{kind} on stream {stream_id}, which is idle")
        return stream_id in self._calls

    def _on_data(self, flags: int, stream_id: int, payload: bytes) -> None:
        if payload:
            try:
                credit = self._window.take(len(payload))  # padding counts
            except WindowExceededError as error:
                reason = "more DATA than the connection's window takes"
                raise Http2ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, reason) from error
            if credit:
                self._outbox.put(frames.window_update(0, credit))
        if not self._known(stream_id, "DATA"):
            if stream_id in self._reset_here:
                return
            raise Http2StreamError(ErrorCode.STREAM_CLOSED, "DATA on a closed stream")
        size = len(payload)
        if flags & frames.PADDED:
            payload = payloads.without_padding(payload, flags)
        self._calls.data(stream_id, payload, size, flags & frames.END_STREAM)

    def _on_headers(self, flags: int, stream_id: int, payload: bytes) -> None:
        if not stream_id % 2:
            raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"HEADERS on stream {stream_id}")
        if flags & _PADDED_OR_PRIORITY:
            payload = payloads.header_fragment(payload, flags)
        if flags & frames.END_HEADERS:
            self._take_headers(stream_id, flags, payload)
        else:
            self._open_block = OpenBlock(stream_id, flags, payload, _MAX_BLOCK)

    def _on_continuation(self, flags: int, stream_id: int, payload: bytes) -> None:
        if self._open_block is None:
            raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of nothing")
        whole = self._open_block
        whole.add(payload)
        if flags & frames.END_HEADERS:
            self._open_block = None
            self._take_headers(stream_id, whole.flags, bytes(whole.block))

    def _take_headers(self, stream_id: int, flags: int, block: bytes) -> None:
        try:
            head = self._blocks.decode(block)  # always, for the table of the blocks to come
        except Http2StreamError:
            self._last_stream = max(self._last_stream, stream_id)
            raise
        if stream_id > self._last_stream:
            self._begin(stream_id, head, flags & frames.END_STREAM)
        elif stream_id in self._calls:
            self._calls.trailers(stream_id, head, flags & frames.END_STREAM)
        elif stream_id not in self._reset_here:
            if any(low < stream_id < high for low, high in self._gaps):
                raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"stream {stream_id} after a higher one")
            raise Http2ConnectionError(ErrorCode.STREAM_CLOSED, f"HEADERS on stream {stream_id}, which is closed")

    def _begin(self, stream_id: int, head: CallHead, end_stream: int) -> None:
        """Take a new stream, or refuse it.

        A refused stream counts as never opened, so that DATA on it is a connection error, as with Netty for a client
        that knows the limit and exceeds it (DefaultHttp2Connection's checkNewStreamAllowed,
        DefaultHttp2ConnectionDecoder's verifyStreamMayHaveExisted).

        Raises:
            Http2StreamError: it is refused, or is no request.
        """
        if self._calls.full:
            raise Http2StreamError(ErrorCode.REFUSED_STREAM, "too many calls at once, or after the end was announced")
        if stream_id > self._last_stream + 2:
            self._gaps.append((self._last_stream, stream_id))
        self._last_stream = stream_id
        self._calls.begin(stream_id, head, end_stream)

    def _on_priority(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002 (the same for all)
        """PRIORITY, deprecated by RFC 9113: checked and ignored."""
        payloads.check_priority(stream_id, payload)

    def _on_rst_stream(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        payloads.read_rst_stream(payload)
        if self._known(stream_id, "RST_STREAM"):
            self._calls.drop(stream_id)
        self._outbox.forget(stream_id)

    def _on_settings(self, flags: int, stream_id: int, payload: bytes) -> None:
        values = payloads.read_settings(flags, stream_id, payload)
        if values is not None:
            self._outbox.change(values)
            self._outbox.put(frames.SETTINGS_ACK)
        else:
            self._calls.acknowledged()

    def _on_push_promise(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, "a client must not push")

    def _on_ping(self, flags: int, stream_id: int, payload: bytes) -> None:
        payloads.check_ping(stream_id, payload)
        if flags & frames.ACK:
            self._lifespan.answered(payload)
            return
        self._outbox.put(frames.ping(payload, ack=True))
        if not self._pings.permits(self._timers.time(), calls=not self.idle, answers=self._outbox.answers):
            raise Http2ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings", self._last_stream)

    def _on_goaway(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        """The client opens no further streams; those that are open go on, and it closes the connection itself."""
        payloads.read_goaway(stream_id, payload)

    def _on_window_update(self, flags: int, stream_id: int, payload: bytes) -> None:  # noqa: ARG002
        increment = payloads.read_window_update(payload)
        if not stream_id:
            self._outbox.widen(increment)
        elif self._known(stream_id, "WINDOW_UPDATE") or self._outbox.waits(stream_id):
            self._outbox.widen_stream(stream_id, increment)
