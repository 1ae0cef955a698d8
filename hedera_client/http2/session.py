"""One HTTP/2 connection's state as a client of unary gRPC calls: bytes in, bytes out, and no socket.

A call is a `Stream`. `Session.start` takes it in, `Session.outgoing` gives the bytes to send, `Session.receive` takes
what arrived, and a stream that has ended is told so. Nothing here waits, and nothing is safe for threads by itself: the
connection holds a lock around every method.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from hedera_client.http2 import frames
from hedera_client.http2.frames import ProtocolError
from hedera_client.http2.headers import LONGEST_BLOCK, AnswerHeads
from hedera_client.status import GRPC_CODES, NoAnswer

LARGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes of an answer, as gRPC limits it by default."""

_PREFIX_BYTES: Final = 5  # gRPC's own: whether the message is compressed, and its length
_STREAM_WINDOW: Final = LARGEST_ANSWER + 65_536  # so that a stream's window never has to be topped up
_CONNECTION_WINDOW: Final = 4 * _STREAM_WINDOW
_LAST_STREAM: Final = 2**31 - 3
_ANY_NUMBER: Final = 2**31

# What gRPC makes of HTTP/2's error codes ("gRPC over HTTP2", section "Errors") and of HTTP's status codes.
_RESET_STATUS: Final = {
    frames.REFUSED_STREAM: "UNAVAILABLE",
    frames.CANCEL: "CANCELLED",
    0xB: "RESOURCE_EXHAUSTED",
    0xC: "PERMISSION_DENIED",
}
_HTTP_STATUS: Final = {
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    429: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}


class Stream:
    """One call.

    Attributes:
        id: Its number on the connection; 0 until it is admitted.
        sent: Whether any of its bytes may have left this process.
        done: It has ended; `answer` or `failure` is set.
        answer: The message that came back.
        failure: Why none came back.
        head: Bytes of it that wait to leave: first its header block, then whole frames.
        body: What of its message is not in frames yet.
        claimed: Bytes of the connection's window that it took before it left.
        window: Bytes of its body that the server still takes.
    """

    # In the class, so that making a call does not set them all.
    id = 0
    sent = False
    done = False
    answer = b""
    failure: NoAnswer | None = None
    data = b""
    http_status = 0
    claimed = 0
    window = 0

    def __init__(self, head: bytes, message: bytes, on_done: Callable[[], object]) -> None:
        self.head = head
        self.body = b"\x00" + len(message).to_bytes(4, "big") + message
        self._on_done = on_done

    def end(self, failure: NoAnswer | None = None) -> None:
        """Settle it, once."""
        if not self.done:
            self.done, self.failure = True, failure
            self._on_done()


class Session:
    """See the module.

    Attributes:
        ready: The server's settings have arrived; calls may start.
        draining: It takes no more calls: the server said so, or the stream numbers are used up.
        streams: Calls in flight, by their number.
        pending: What waits to be sent; `outgoing` takes it.
    """

    def __init__(self) -> None:
        self.ready = False
        self.draining = False
        self.streams: dict[int, Stream] = {}
        self._heads = AnswerHeads()
        self.pending: list[bytes | Stream] = []
        self._waiting: deque[Stream] = deque()  # for a free place
        self._blocked: deque[Stream] = deque()  # for a window to send the rest of the body
        self._next_id = 1
        self._max_streams = _ANY_NUMBER
        self._max_frame = frames.DEFAULT_FRAME
        self._stream_window = frames.DEFAULT_WINDOW  # that new streams begin with
        self._window = frames.DEFAULT_WINDOW  # of the connection, for what we send
        self._unread = 0  # received since the connection's window was last topped up
        self._buffer = b""
        self._block: tuple[int, int, bytes] | None = None  # a header block that continues: stream, flags, so far
        self._handlers: dict[int, Callable[[int, int, bytes], None]] = {
            frames.HEADERS: self._on_headers,
            frames.DATA: self._on_data,
            frames.CONTINUATION: self._on_continuation,
            frames.SETTINGS: self._on_settings,
            frames.WINDOW_UPDATE: self._on_window_update,
            frames.RST_STREAM: self._on_reset,
            frames.PING: self._on_ping,
            frames.GOAWAY: self._on_goaway,
            frames.PUSH_PROMISE: self._on_push,
        }
        mine = {
            frames.SETTING_HEADER_TABLE_SIZE: 0,
            frames.SETTING_ENABLE_PUSH: 0,
            frames.SETTING_INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
        }
        top_up = frames.window_update(0, _CONNECTION_WINDOW - frames.DEFAULT_WINDOW)
        self.pending.append(frames.PREFACE + frames.settings(mine) + top_up)

    def start(self, stream: Stream) -> None:
        """Take a call in; where the server allows no more at once, it waits for its turn."""
        if self.draining:
            stream.end(NoAnswer("UNAVAILABLE", "the connection is being closed", sent=False))
        elif len(self.streams) >= self._max_streams:
            self._waiting.append(stream)
        else:
            self._admit(stream)

    def cancel(self, stream: Stream) -> None:
        """Forget a call: nobody waits for it any more. What has not left yet never will."""
        if stream.done:
            return
        stream.done = True
        if stream.sent:
            self.pending.append(frames.reset(stream.id, frames.CANCEL))
        self._release(stream)

    def ping(self) -> None:
        """Ask for a sign of life; any byte is one."""
        self.pending.append(frames.frame_head(8, frames.PING, 0, 0) + bytes(8))

    def outgoing(self) -> bytes:
        """Take what is to be sent; it counts as sent from here on."""
        items, self.pending = self.pending, []
        parts: list[bytes] = []
        for item in items:
            if isinstance(item, bytes):
                parts.append(item)
            elif item.done:
                self._window += item.claimed  # given up before it left
            else:
                item.sent = True
                parts.append(item.head)
        return b"".join(parts)

    def lost(self, status: str, reason: str) -> None:
        """End all calls: the connection is gone. Those that had not left are known not to have arrived."""
        self.draining = True
        everyone = [*self.streams.values(), *self._waiting]
        self.streams.clear()
        self._waiting.clear()
        self._blocked.clear()
        for stream in everyone:
            stream.end(NoAnswer(status, reason, sent=stream.sent))

    def receive(self, data: bytes) -> None:
        """Take what has arrived.

        Raises:
            ProtocolError: the server broke the rules; end the connection with `lost`.
        """
        buffer = self._buffer + data if self._buffer else data
        at, end = 0, len(buffer)
        while end - at >= frames.HEADER_BYTES:
            high, low, kind, flags, number = frames.read_header(buffer, at)
            length = high << 8 | low
            if length > frames.DEFAULT_FRAME:
                raise ProtocolError(f"a frame of {length} bytes")
            stop = at + frames.HEADER_BYTES + length
            if stop > end:
                break
            if self._block is not None or not self.ready:
                self._check_order(kind)
            handle = self._handlers.get(kind)  # frames of unknown types are left alone (RFC 9113, section 5.5)
            if handle is not None:
                handle(flags, number & 0x7FFF_FFFF, buffer[at + frames.HEADER_BYTES : stop])
            at = stop
        self._buffer = buffer[at:]

    def _check_order(self, kind: int) -> None:
        if self._block is not None and kind != frames.CONTINUATION:
            raise ProtocolError("a header block was not continued")
        if not self.ready and kind != frames.SETTINGS:
            raise ProtocolError("the first frame is not SETTINGS")

    # What arrived for one call.

    def _on_headers(self, flags: int, number: int, block: bytes) -> None:
        if number == 0 or number >= self._next_id:
            raise ProtocolError(f"headers on stream {number}")
        if flags & (frames.PADDED | frames.PRIORITY):
            block = frames.unpadded(block, flags)
            flags &= ~(frames.PADDED | frames.PRIORITY)
        if not flags & frames.END_HEADERS:
            self._block = number, flags, block
            return
        head = self._heads.read(block)
        stream = self.streams.get(number)
        if stream is None:
            return  # one that we have given up
        if head.http_status is not None:
            stream.http_status = head.http_status
        if flags & frames.END_STREAM:
            self._finish(stream, head.grpc_status, head.message)

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        if self._block is None or self._block[0] != number:
            raise ProtocolError("a continuation of nothing")
        _, first_flags, block = self._block
        block += payload
        if len(block) > LONGEST_BLOCK:
            raise ProtocolError("an endless header block")
        self._block = None
        self._on_headers(first_flags | flags & frames.END_HEADERS, number, block)

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        if number == 0 or number >= self._next_id:
            raise ProtocolError(f"data on stream {number}")
        self._unread += len(payload)
        if self._unread >= _CONNECTION_WINDOW // 2:
            self.pending.append(frames.window_update(0, self._unread))
            self._unread = 0
        stream = self.streams.get(number)
        if stream is None:
            return
        if flags & frames.PADDED:
            payload = frames.unpadded(payload, flags & ~frames.PRIORITY)
        stream.data += payload
        if len(stream.data) > LARGEST_ANSWER + _PREFIX_BYTES:
            self._give_up(stream, NoAnswer("RESOURCE_EXHAUSTED", f"an answer of more than {LARGEST_ANSWER} bytes"))
        elif flags & frames.END_STREAM:
            self._finish(stream, None, "")

    def _on_reset(self, _flags: int, number: int, payload: bytes) -> None:
        code = frames.read_number(payload)
        if number == 0 or number >= self._next_id:
            raise ProtocolError(f"a reset of stream {number}")
        stream = self.streams.get(number)
        if stream is not None:
            status = _RESET_STATUS.get(code, "INTERNAL")
            reason = f"the node reset the call: {frames.error_name(code)}"
            self._release(stream)
            # "The stream was not processed at all" (RFC 9113, section 8.7).
            stream.end(NoAnswer(status, reason, sent=code != frames.REFUSED_STREAM))

    def _finish(self, stream: Stream, grpc_status: int | None, message: str) -> None:
        """The server has said all: an answer, or why there is none."""
        if stream.body:  # it did not wait for the rest of the request, which is now of no use
            self.pending.append(frames.reset(stream.id, frames.NO_ERROR))
        self._release(stream)
        if grpc_status == 0 and stream.http_status == 200:
            data = stream.data
            if len(data) >= _PREFIX_BYTES and data[0] == 0 and int.from_bytes(data[1:5], "big") == len(data) - 5:
                stream.answer = data[_PREFIX_BYTES:]
                stream.end()
            else:
                stream.end(NoAnswer("INTERNAL", "the call ended well, but without exactly one plain message"))
        elif grpc_status is None:
            status = _HTTP_STATUS.get(stream.http_status, "UNKNOWN")
            stream.end(NoAnswer(status, f"HTTP status {stream.http_status}, and none of gRPC"))
        else:
            stream.end(NoAnswer(GRPC_CODES.get(grpc_status, "UNKNOWN"), message or f"gRPC status {grpc_status}"))

    # What arrived for the whole connection.

    def _on_settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise ProtocolError("settings on a stream")
        if flags & frames.ACK:
            return
        for name, value in frames.read_settings(payload):
            if name == frames.SETTING_MAX_CONCURRENT_STREAMS:
                self._max_streams = value
            elif name == frames.SETTING_INITIAL_WINDOW_SIZE:
                if value > frames.LARGEST_WINDOW:
                    raise ProtocolError(f"a window of {value} bytes")
                for stream in self.streams.values():
                    stream.window += value - self._stream_window
                self._stream_window = value
            elif name == frames.SETTING_MAX_FRAME_SIZE:
                if not frames.DEFAULT_FRAME <= value <= frames.LARGEST_FRAME:
                    raise ProtocolError(f"frames of {value} bytes")
                self._max_frame = value
        self.ready = True
        self.pending.append(frames.frame_head(0, frames.SETTINGS, frames.ACK, 0))
        self._go_on()

    def _on_window_update(self, _flags: int, number: int, payload: bytes) -> None:
        by = frames.read_number(payload) & 0x7FFF_FFFF
        if number == 0:
            if by == 0 or self._window + by > frames.LARGEST_WINDOW:
                raise ProtocolError(f"a window that grows by {by}")
            self._window += by
        else:
            stream = self.streams.get(number)
            if stream is not None:
                stream.window += by
        if self._blocked:
            self._go_on()

    def _on_ping(self, flags: int, _number: int, payload: bytes) -> None:
        if len(payload) != 8:
            raise ProtocolError(f"a ping of {len(payload)} bytes")
        if not flags & frames.ACK:
            self.pending.append(frames.frame_head(8, frames.PING, frames.ACK, 0) + payload)

    def _on_push(self, _flags: int, _number: int, _payload: bytes) -> None:
        raise ProtocolError("a push that was not allowed")

    def _on_goaway(self, _flags: int, _number: int, payload: bytes) -> None:
        """The server takes no calls after the one it names; those it has not seen are ended as never arrived."""
        if len(payload) < 8:
            raise ProtocolError(f"GOAWAY of {len(payload)} bytes")
        last = int.from_bytes(payload[:4], "big") & 0x7FFF_FFFF
        code = frames.error_name(int.from_bytes(payload[4:8], "big"))
        reason = f"the node closes the connection: {code} {payload[8:].decode('utf-8', 'replace')}".rstrip()
        self.draining = True
        unseen = [stream for stream in self.streams.values() if stream.id > last] + list(self._waiting)
        self._waiting.clear()
        for stream in unseen:
            self.streams.pop(stream.id, None)
            stream.end(NoAnswer("UNAVAILABLE", reason, sent=False))

    # What leaves.

    def _admit(self, stream: Stream) -> None:
        """Give a call its number, and send it as far as the windows allow."""
        number = stream.id = self._next_id
        self._next_id += 2
        self.draining = self.draining or number >= _LAST_STREAM
        self.streams[number] = stream
        head, body = stream.head, stream.body
        size = len(body)
        head = frames.frame_head(len(head), frames.HEADERS, frames.END_HEADERS, number) + head
        if size <= self._window and size <= self._stream_window and size <= self._max_frame and not self._blocked:
            self._window -= size
            stream.claimed = size
            stream.head = head + frames.frame_head(size, frames.DATA, frames.END_STREAM, number) + body
            stream.body = b""
            self.pending.append(stream)
        else:
            stream.head, stream.window = head, self._stream_window
            self.pending.append(stream)
            self._blocked.append(stream)
            self._go_on()

    def _go_on(self) -> None:
        """Send of the blocked bodies what the windows allow, in order, and admit calls that wait for a place."""
        held_up: deque[Stream] = deque()
        while self._blocked and self._window > 0:
            stream = self._blocked.popleft()
            if not stream.done and not self._send_body(stream):
                held_up.append(stream)
        held_up.extend(self._blocked)
        self._blocked = held_up
        self._admit_waiting()

    def _admit_waiting(self) -> None:
        """Admit calls that wait for a place, as far as there are any."""
        while self._waiting and not self.draining and len(self.streams) < self._max_streams:
            self._admit(self._waiting.popleft())

    def _send_body(self, stream: Stream) -> bool:
        """Send what may be sent of a body; returns whether that was all of it."""
        while stream.body:
            size = min(len(stream.body), self._max_frame, self._window, stream.window)
            if size <= 0:
                return False
            piece, stream.body = stream.body[:size], stream.body[size:]
            self._window -= size
            stream.window -= size
            flags = 0 if stream.body else frames.END_STREAM
            data = frames.frame_head(size, frames.DATA, flags, stream.id) + piece
            if stream.sent:
                self.pending.append(data)
            else:
                stream.claimed += size
                stream.head += data  # it is still waiting in `pending` as a whole
        return True

    def _give_up(self, stream: Stream, failure: NoAnswer) -> None:
        self.pending.append(frames.reset(stream.id, frames.CANCEL))
        self._release(stream)
        stream.end(failure)

    def _release(self, stream: Stream) -> None:
        """Free a call's place, and give it to the next one that waits."""
        if self.streams.pop(stream.id, None) is None and stream in self._waiting:
            self._waiting.remove(stream)
        if self._waiting:
            self._admit_waiting()
