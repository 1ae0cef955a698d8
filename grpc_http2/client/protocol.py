"""The client's side of HTTP/2 on one connection, without input and output: bytes in, bytes out, and no socket.

`ClientProtocol.start` begins a call while there is a free place, `ClientProtocol.outgoing` returns the bytes to send,
`ClientProtocol.receive` takes the bytes that arrived, and a stream that has ended is told so. Nothing here waits:
waiting for a place is the pool's task. Nothing is thread-safe by itself: the connection holds a lock around every call.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final

from grpc_http2.client.headers import MAX_HEADER_LIST, TABLE_BYTES, answer_decoder
from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.preface import check_first_bytes
from grpc_http2.client.stream import DONE, LARGEST_ANSWER, SENT, UNSENT, Stream, broken_rule, reset_failure
from grpc_http2.wire import frames, payloads
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, Http2StreamError
from grpc_http2.wire.header_blocks import OpenBlock
from grpc_http2.wire.messages import PREFIX_BYTES
from grpc_http2.wire.settings import (
    DEFAULT_MAX_FRAME,
    DEFAULT_WINDOW,
    ENABLE_PUSH,
    HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE,
    MAX_WINDOW,
    PeerSettings,
)
from grpc_http2.wire.windows import widened

STREAM_WINDOW: Final = LARGEST_ANSWER + 65_531
"""Of every call: large enough never to need a WINDOW_UPDATE."""
CONNECTION_WINDOW: Final = 4 * STREAM_WINDOW
"""A WINDOW_UPDATE is sent when half of it is used, so that a server cannot exceed it: no frame is so long."""

_LAST_STREAM: Final = 2**31 - 3
_NO_GOAWAY: Final = 2**31
_RESETS_REMEMBERED: Final = 1_000
_OURS: Final = {HEADER_TABLE_SIZE: TABLE_BYTES, ENABLE_PUSH: 0, INITIAL_WINDOW_SIZE: STREAM_WINDOW}
_FIRST_WORDS: Final = (
    frames.PREFACE + frames.settings(_OURS) + frames.window_update(0, CONNECTION_WINDOW - DEFAULT_WINDOW)
)
_PING: Final = frames.ping(bytes(frames.PING_BYTES))


class ProtocolState(Enum):
    """Whether calls can be started."""

    OPENING = "the server's settings have not arrived"
    OPEN = "calls can be started as far as there are places"
    HELD = "its user starts none for now"
    DRAINING = "no more are started, those in flight go on; the server or the user said so, or no stream id is left"
    LOST = "the connection is gone"


# Module's own names: looking one up in an Enum costs more than the comparison.
OPENING: Final = ProtocolState.OPENING
OPEN: Final = ProtocolState.OPEN
HELD: Final = ProtocolState.HELD
DRAINING: Final = ProtocolState.DRAINING
LOST: Final = ProtocolState.LOST


class ClientProtocol:
    """See the module.

    Attributes:
        state: Whether calls can be started.
        goaway: The server's last GOAWAY; None as long as it sent none.
        limit: Calls that may be in flight at once now; 0 except in the state OPEN.
        peer: What the server's settings allow.
        streams: Calls in flight, by their number.
        moved: Calls that the server has certainly not processed and will not; to be started elsewhere.
        finished: Calls that the server ended, other than by a reset.
        pending: What is to be sent; `outgoing` takes it.
    """

    def __init__(self) -> None:
        self.state = OPENING
        self.goaway: payloads.GoAway | None = None
        self.limit = 0
        self.peer = PeerSettings(is_server=True)
        self.streams: dict[int, Stream] = {}
        self.moved: list[Stream] = []
        self.pending: list[bytes | Stream] = [_FIRST_WORDS]
        self.finished = 0
        self._leaving: list[bytes | Stream] = []
        self._answers = answer_decoder()
        self._blocked: deque[Stream] = deque()  # for a window to send the rest of the body
        self._next_id = 1
        self._last_id = _NO_GOAWAY  # that the server takes, as its GOAWAY says
        self._at_once = min(DEFAULT_WINDOW, DEFAULT_MAX_FRAME)  # bytes of a body that fit one frame and a new window
        self._window = DEFAULT_WINDOW  # of the connection, for what we send
        self._unread = 0  # received since the connection's window was last topped up
        self._rest: list[bytes] = []  # the beginning of a frame
        self._rest_bytes = 0
        self._wanted = frames.HEADER_BYTES  # bytes with which that frame, or its header, is whole
        self._open_block: OpenBlock | None = None
        self._reset_here: deque[int] = deque(maxlen=_RESETS_REMEMBERED)  # frames that cross our reset are ignored
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
        places = f" of {self.limit}" if self.limit else ""
        goaway = f", GOAWAY {self.goaway} up to stream {self.goaway.last_stream}" if self.goaway else ""
        return (
            f"<ClientProtocol {self.state.name}, {len(self.streams)}{places} calls in flight, {self.begun} begun, "
            f"{len(self._blocked)} wait for a window, window {self._window:,}, {len(self.pending)} to be sent{goaway}>"
        )

    @property
    def begun(self) -> int:
        """Calls that were ever started."""
        return self._next_id >> 1

    @property
    def graceful(self) -> bool:
        """Whether the server takes no more calls, without an error (GOAWAY with NO_ERROR)."""
        return self.goaway is not None and self.goaway.code == ErrorCode.NO_ERROR

    def start(self, stream: Stream) -> None:
        """Give a call its number, and send it as far as the windows allow. There has to be a free place (`limit`)."""
        stream_id = stream.id = self._next_id
        self._next_id += 2
        if stream_id >= _LAST_STREAM:
            self.retire()
        self.streams[stream_id] = stream
        head, message = stream.head + stream.timeout, stream.message
        length = len(message)
        size = length + PREFIX_BYTES
        start = frames.frame_header(len(head), frames.HEADERS, frames.END_HEADERS, stream_id)
        if size <= self._window and size <= self._at_once and not self._blocked:
            self._window -= size
            stream.claimed = size
            data = frames.frame_header(size, frames.DATA, frames.END_STREAM, stream_id)
            stream.outgoing = b"".join((start, head, data, b"\x00", length.to_bytes(4, "big"), message))
            self.pending.append(stream)
        else:
            stream.outgoing = start + head
            stream.body = memoryview(b"\x00" + length.to_bytes(4, "big") + message)
            self.pending.append(stream)
            self._blocked.append(stream)
            self._go_on()

    def cancel(self, stream: Stream) -> None:
        """Cancel a call whose caller no longer waits. What was not sent yet is never sent."""
        state = stream.state
        if state is DONE:
            return
        stream.state = DONE
        if self.streams.pop(stream.id, None) is not None:
            self._reset_here.append(stream.id)
            if state is SENT:
                self.pending.append(frames.rst_stream(stream.id, ErrorCode.CANCEL))

    def ping(self) -> None:
        """Send a PING; any byte that arrives shows that the server is alive."""
        self.pending.append(_PING)

    def hold(self, held: bool) -> None:
        """Take no more calls until told otherwise."""
        if self.state in (OPEN, HELD):
            self._enter(HELD if held else OPEN)

    def retire(self) -> None:
        """Take no more calls; those in flight go on."""
        if self.state is not LOST:
            self._enter(DRAINING)

    def outgoing(self) -> bytes:
        """Take what is to be sent; it counts as sent from here on."""
        items = self._leaving = self.pending
        self.pending = []
        parts: list[bytes] = []
        for item in items:
            if isinstance(item, bytes):
                parts.append(item)
            elif item.state is DONE:
                self._window += item.claimed  # given up before it left
            else:
                item.state = SENT
                parts.append(item.outgoing)
        return b"".join(parts)

    def not_sent(self) -> None:
        """The socket took nothing of the last `outgoing`, and will take nothing more."""
        for item in self._leaving:
            if isinstance(item, Stream) and item.state is not DONE:
                item.state = UNSENT

    def fail(self, error: Http2ConnectionError) -> None:
        """Send GOAWAY with the error, and nothing else; `lost` has to follow."""
        self.retire()
        self.pending = [frames.goaway(0, error.code, str(error))]  # it has begun no stream

    def lost(self, status: str, reason: str, incident: str) -> tuple[int, list[Stream]]:
        """The connection is gone: end the calls of which any byte was sent.

        Returns:
            How many those were, and the calls that have certainly not arrived; they are as if never started.
        """
        self._enter(LOST)
        left = [stream for stream in self.streams.values() if stream.state is SENT]
        unsent = [stream for stream in self.streams.values() if stream.state is UNSENT]
        for stream in unsent:
            stream.rewind()
        unsent, self.moved = self.moved + unsent, []
        self.streams.clear()
        self._blocked.clear()
        self.pending.clear()
        for stream in left:
            stream.end(NoAnswerError(status, reason, incident=incident))
        return len(left), unsent

    def receive(self, data: bytes) -> None:
        """Take what has arrived.

        Raises:
            Http2ConnectionError: the server broke the rules; end the connection with `fail` and `lost`.
        """
        if self._rest and not (data := self._put_together(data)):
            return
        at, end = 0, len(data)
        if self.state is OPENING:
            check_first_bytes(data)
        header_bytes, handlers = frames.HEADER_BYTES, self._handlers
        self._wanted = header_bytes
        while end - at >= header_bytes:
            high, low, kind, flags, stream_id = _unpack_header(data, at)
            length = high << 16 | low
            if length > DEFAULT_MAX_FRAME:
                payloads.check_length(length, DEFAULT_MAX_FRAME)
            begin = at + header_bytes
            stop = begin + length
            if stop > end:
                self._wanted = header_bytes + length
                break
            stream_id &= _ID_BITS
            if self._open_block is not None or self.state is OPENING:
                self._check_order(kind, flags, stream_id)
            if kind < _KINDS:  # frames of unknown kinds are ignored (RFC 9113, section 5.5)
                try:
                    handlers[kind](flags, stream_id, data[begin:stop])
                except Http2StreamError as error:
                    self._reset(stream_id, error)
            at = stop
        if at < end:
            self._rest.append(data[at:])
            self._rest_bytes = end - at

    def _put_together(self, data: bytes) -> bytes:
        """The bytes from the beginning of an incomplete frame on; b"" while it is still incomplete.

        A frame in many pieces is joined once, instead of once per piece.
        """
        self._rest.append(data)
        self._rest_bytes += len(data)
        if self._rest_bytes < self._wanted:
            return b""
        data, self._rest = b"".join(self._rest), []
        return data

    def _check_order(self, kind: int, flags: int, stream_id: int) -> None:
        """Check that SETTINGS come first, and that CONTINUATION follows an unfinished header block."""
        if self.state is OPENING:
            payloads.check_first_frame(kind, flags)
        if self._open_block is not None:
            self._open_block.check_next(kind, stream_id)

    def _enter(self, state: ProtocolState) -> None:
        self.state = state
        self.limit = self.peer.max_streams if state is OPEN else 0

    def _check_closed(self, stream_id: int, kind: str, error: type[Http2ConnectionError | Http2StreamError]) -> None:
        """Check whether a frame may come on a stream without a call in flight (RFC 9113, section 5.1).

        Args:
            stream_id: Of the frame.
            kind: Of the frame.
            error: The error where the stream is closed, unless we reset it: then the frame crossed our reset.

        Raises:
            Http2ConnectionError: the stream was never opened; even ids are the server's, which may open none.
        """
        self._check_begun(stream_id, kind)
        if stream_id not in self._reset_here:
            raise error(ErrorCode.STREAM_CLOSED, f"{kind} on stream {stream_id}, which is closed")

    def _check_begun(self, stream_id: int, kind: str) -> None:
        if not stream_id & 1 or stream_id >= self._next_id:
            raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"{kind} on stream {stream_id}, which is idle")

    def _reset(self, stream_id: int, error: Http2StreamError) -> None:
        """The server broke a rule on one stream: end it, and that call."""
        self._reset_here.append(stream_id)
        self.pending.append(frames.rst_stream(stream_id, error.code))
        stream = self.streams.pop(stream_id, None)
        if stream is not None:
            stream.end(broken_rule(error))

    # What arrived for one call.

    def _on_headers(self, flags: int, stream_id: int, payload: bytes) -> None:
        if flags & _PADDED_OR_PRIORITY:
            payload = payloads.header_fragment(payload, flags)
        if not flags & frames.END_HEADERS:
            self._open_block = OpenBlock(stream_id, flags, payload, MAX_HEADER_LIST)
            return
        head = self._answers.decode(payload)
        stream = self.streams.get(stream_id)
        if stream is None:
            self._check_closed(stream_id, "HEADERS", Http2ConnectionError)
            return
        if head.http_status is None:
            if not flags & frames.END_STREAM:
                raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS that are no trailers")
        elif stream.reply is None:
            stream.reply = head
        else:
            stream.replace_reply(head)
        if flags & frames.END_STREAM:
            self._finish(stream, head.grpc_status, head.message)

    def _on_continuation(self, flags: int, stream_id: int, payload: bytes) -> None:
        whole = self._open_block
        if whole is None:
            raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of nothing")
        whole.add(payload)
        if flags & frames.END_HEADERS:
            self._open_block = None
            self._on_headers(frames.END_HEADERS | whole.flags & frames.END_STREAM, stream_id, bytes(whole.block))

    def _on_data(self, flags: int, stream_id: int, payload: bytes) -> None:
        size = len(payload)
        self._unread += size
        if self._unread >= CONNECTION_WINDOW // 2:
            self.pending.append(frames.window_update(0, self._unread))
            self._unread = 0
        stream = self.streams.get(stream_id)
        if stream is None:
            self._check_closed(stream_id, "DATA", Http2StreamError)
            return
        if flags & frames.PADDED:
            payload = payloads.without_padding(payload, flags)
            stream.padding += size - len(payload)
        if stream.size:
            stream.chunks.append(payload)  # type: ignore[union-attr]
        elif stream.reply is None:
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "DATA before HEADERS")
        else:
            stream.chunks = [payload]
        stream.size += size
        if stream.size > LARGEST_ANSWER and self._is_too_long(stream):
            self._refuse(stream)
        elif flags & frames.END_STREAM:
            self._finish(stream, None, "")

    def _is_too_long(self, stream: Stream) -> bool:
        """Whether an answer, without its padding, is longer than the client takes.

        Raises:
            Http2StreamError: with its padding it exceeds the stream's window.
        """
        if stream.size > STREAM_WINDOW:
            raise Http2StreamError(ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the stream's window takes")
        return stream.size - stream.padding > LARGEST_ANSWER

    def _refuse(self, stream: Stream) -> None:
        """An answer is longer than the client takes."""
        self.pending.append(frames.rst_stream(stream.id, ErrorCode.CANCEL))
        self._reset_here.append(stream.id)
        del self.streams[stream.id]
        largest = LARGEST_ANSWER - PREFIX_BYTES
        stream.end(NoAnswerError("RESOURCE_EXHAUSTED", f"an answer of more than {largest} bytes"))

    def _on_rst_stream(self, _flags: int, stream_id: int, payload: bytes) -> None:
        code = payloads.read_rst_stream(payload)
        stream = self.streams.pop(stream_id, None)
        if stream is None:
            self._check_begun(stream_id, "RST_STREAM")
        else:
            stream.end(reset_failure(code))

    def _finish(self, stream: Stream, grpc_status: int | None, message: str) -> None:
        """The server ended a stream: with an answer, or a status.

        Raises:
            Http2StreamError: the answer is malformed (RFC 9113, section 8.1.1).
        """
        reply = stream.reply
        if reply is None:
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "an answer without headers")
        if reply.length >= 0 and reply.length != stream.size - stream.padding:
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "content-length is not the length of the content")
        if stream.body:  # it did not wait for the rest of the request, which is no longer needed
            self.pending.append(frames.rst_stream(stream.id, ErrorCode.NO_ERROR))
            self._reset_here.append(stream.id)
        del self.streams[stream.id]
        self.finished += 1
        stream.finish(reply, grpc_status, message)

    def _on_priority(self, _flags: int, stream_id: int, payload: bytes) -> None:
        payloads.check_priority(stream_id, payload)

    def _on_push_promise(self, _flags: int, stream_id: int, _payload: bytes) -> None:
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"PUSH_PROMISE on stream {stream_id} was not allowed")

    # What arrived for the whole connection.

    def _on_settings(self, flags: int, stream_id: int, payload: bytes) -> None:
        values = payloads.read_settings(flags, stream_id, payload)
        if values is None:
            return
        peer = self.peer
        peer.change(values)
        if any(peer.initial_window + one.window - one.uncounted > MAX_WINDOW for one in self.streams.values()):
            raise Http2ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "a stream's window is too large")
        self._at_once = min(peer.initial_window, peer.max_frame)
        self._enter(OPEN if self.state is OPENING else self.state)
        self.pending.append(frames.SETTINGS_ACK)
        self._go_on()

    def _on_window_update(self, _flags: int, stream_id: int, payload: bytes) -> None:
        increment = payloads.read_window_update(payload)
        if not stream_id:
            self._window = widened(self._window, increment, Http2ConnectionError)
        else:
            stream = self.streams.get(stream_id)
            if stream is None:
                self._check_begun(stream_id, "WINDOW_UPDATE")
                return
            more = self.peer.initial_window - stream.uncounted
            stream.window = widened(stream.window, increment, Http2StreamError, more)
        if self._blocked:
            self._go_on()

    def _on_ping(self, flags: int, stream_id: int, payload: bytes) -> None:
        payloads.check_ping(stream_id, payload)
        if not flags & frames.ACK:
            self.pending.append(frames.ping(payload, ack=True))

    def _on_goaway(self, _flags: int, stream_id: int, payload: bytes) -> None:
        """GOAWAY: the server processes no call above the stream that it names: those are moved, the others go on.

        A graceful end has two of these, the first with the greatest number there is (RFC 9113, section 6.8).
        """
        goaway = payloads.read_goaway(stream_id, payload)
        last = goaway.last_stream
        if last > self._last_id:
            reason = f"GOAWAY takes stream {last} back in after {self._last_id}"
            raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, reason)
        self._last_id = last
        self.goaway = goaway
        self.retire()
        # A call with part of an answer was processed, whatever the GOAWAY says.
        above = [one for one in self.streams.values() if one.id > last and not one.answered]
        if above:
            self._take_out(above)

    def _take_out(self, unseen: list[Stream]) -> None:
        """Reset calls that were not processed, so that they can be started elsewhere."""
        numbers = {stream.id for stream in unseen}
        self._reset_here.extend(numbers)
        self.pending = [item for item in self.pending if isinstance(item, bytes) or item.id not in numbers]
        self._blocked = deque(stream for stream in self._blocked if stream.id not in numbers)
        for stream in unseen:
            del self.streams[stream.id]
            if stream.state is UNSENT:
                self._window += stream.claimed
            stream.rewind()
        self.moved.extend(unseen)
        self._go_on()

    # What leaves.

    def _go_on(self) -> None:
        """Send as much of the blocked bodies as the windows allow, in order."""
        held_up: deque[Stream] = deque()
        while self._blocked and self._window > 0:
            stream = self._blocked.popleft()
            if stream.state is not DONE and not self._send_body(stream):
                held_up.append(stream)
        held_up.extend(self._blocked)
        self._blocked = held_up

    def _send_body(self, stream: Stream) -> bool:
        """Send as much of a body as the windows allow; returns whether that was all of it."""
        while stream.body:
            room = self.peer.initial_window + stream.window
            size = min(len(stream.body), self.peer.max_frame, self._window, room)
            if size <= 0:
                return False
            piece, stream.body = stream.body[:size], stream.body[size:]
            self._window -= size
            stream.window -= size
            flags = 0 if stream.body else frames.END_STREAM
            data = frames.frame_header(size, frames.DATA, flags, stream.id) + piece
            if stream.state is SENT:
                self.pending.append(data)
            else:
                stream.claimed += size
                stream.outgoing += data  # it is still waiting in `pending` as a whole
        return True


_unpack_header: Final = frames.HEADER.unpack_from
_KINDS: Final = len(frames.KIND_NAMES)
_ID_BITS: Final = frames.MAX_STREAM_ID
_PADDED_OR_PRIORITY: Final = frames.PADDED | frames.HAS_PRIORITY
