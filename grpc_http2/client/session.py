"""One HTTP/2 connection's state as a client of unary gRPC calls: bytes in, bytes out, and no socket.

`Session.start` takes a call in while there is a free place, `Session.outgoing` gives the bytes to send,
`Session.receive` takes what arrived, and a stream that has ended is told so. Nothing here waits, neither for a place,
which is the pool's affair, nor for anything else; and nothing is safe for threads by itself: the connection holds a
lock around every method.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from grpc_http2.client import frames
from grpc_http2.client.frames import ProtocolError
from grpc_http2.client.headers import LONGEST_BLOCK, AnswerHeads
from grpc_http2.client.no_answer import NoAnswer
from grpc_http2.client.preface import check_first_bytes
from grpc_http2.client.stream import LARGEST_ANSWER, PREFIX_BYTES, Stream, reset_failure

_STREAM_WINDOW: Final = LARGEST_ANSWER + 65_536  # so that a stream's window never has to be topped up
_CONNECTION_WINDOW: Final = 4 * _STREAM_WINDOW
_LAST_STREAM: Final = 2**31 - 3
_ANY_NUMBER: Final = 2**31


class Session:
    """See the module.

    Attributes:
        ready: The server's settings have arrived.
        draining: It takes no more calls: the server said so, or its user, or the stream numbers are used up.
        graceful: The server said so, and that nothing is wrong (GOAWAY with NO_ERROR).
        goaway: What the server said with it, in words; "" as long as it said nothing.
        limit: Calls that may be under way at once now; 0 before it is ready, while it drains or is held.
        places: Calls that the server allows at once, as its settings say.
        streams: Calls in flight, by their number.
        moved: Calls that the server has certainly not looked at and will not; to be started elsewhere.
        finished: Calls of which the server has said how they ended, other than by a reset.
        pending: What waits to be sent; `outgoing` takes it.
    """

    def __init__(self) -> None:
        self.ready = False
        self.draining = False
        self.graceful = False
        self.goaway = ""
        self.limit = 0
        self.places = _ANY_NUMBER
        self.streams: dict[int, Stream] = {}
        self.moved: list[Stream] = []
        self.pending: list[bytes | Stream] = []
        self.finished = 0
        self._leaving: list[bytes | Stream] = []
        self._held = False
        self._heads = AnswerHeads()
        self._blocked: deque[Stream] = deque()  # for a window to send the rest of the body
        self._next_id = 1
        self._last_id = _ANY_NUMBER  # that the server takes, as its GOAWAY says
        self._max_frame = frames.DEFAULT_FRAME
        self._stream_window = frames.DEFAULT_WINDOW  # that new streams begin with
        self._window = frames.DEFAULT_WINDOW  # of the connection, for what we send
        self._unread = 0  # received since the connection's window was last topped up
        self._rest: list[bytes] = []  # the beginning of a frame
        self._rest_bytes = 0
        self._wanted = frames.HEADER_BYTES  # bytes with which that frame, or its header, is whole
        self._block: tuple[int, int, list[bytes]] | None = None  # a header block that continues: stream, flags, so far
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

    @property
    def begun(self) -> int:
        """Calls that were ever started."""
        return self._next_id >> 1

    def start(self, stream: Stream) -> None:
        """Give a call its number, and send it as far as the windows allow. There has to be a free place (`limit`)."""
        number = stream.id = self._next_id
        self._next_id += 2
        if number >= _LAST_STREAM:
            self.retire()
        self.streams[number] = stream
        head, message = stream.head + stream.timeout, stream.message
        length = len(message)
        size = length + PREFIX_BYTES
        start = frames.frame_head(len(head), frames.HEADERS, frames.END_HEADERS, number)
        if size <= self._window and size <= self._stream_window and size <= self._max_frame and not self._blocked:
            self._window -= size
            stream.claimed = size
            data = frames.frame_head(size, frames.DATA, frames.END_STREAM, number)
            stream.outgoing = b"".join((start, head, data, b"\x00", length.to_bytes(4, "big"), message))
            self.pending.append(stream)
        else:
            stream.outgoing, stream.window = start + head, self._stream_window
            stream.body = memoryview(b"\x00" + length.to_bytes(4, "big") + message)
            self.pending.append(stream)
            self._blocked.append(stream)
            self._go_on()

    def cancel(self, stream: Stream) -> None:
        """Forget a call: nobody waits for it any more. What has not left yet never will."""
        if stream.done:
            return
        stream.done = True
        if self.streams.pop(stream.id, None) is not None and stream.sent:
            self.pending.append(frames.reset(stream.id, frames.CANCEL))

    def ping(self) -> None:
        """Ask for a sign of life; any byte is one."""
        self.pending.append(frames.frame_head(8, frames.PING, 0, 0) + bytes(8))

    def hold(self, held: bool) -> None:
        """Take no more calls until told otherwise."""
        self._held = held
        self._set_limit()

    def retire(self) -> None:
        """Take no more calls; those in flight go on."""
        self.draining = True
        self._set_limit()

    def outgoing(self) -> bytes:
        """Take what is to be sent; it counts as sent from here on."""
        items = self._leaving = self.pending
        self.pending = []
        parts: list[bytes] = []
        for item in items:
            if isinstance(item, bytes):
                parts.append(item)
            elif item.done:
                self._window += item.claimed  # given up before it left
            else:
                item.sent = True
                parts.append(item.outgoing)
        return b"".join(parts)

    def not_sent(self) -> None:
        """Nothing of what `outgoing` gave last was taken by the system, and nothing more will be."""
        for item in self._leaving:
            if isinstance(item, Stream) and not item.done:
                item.sent = False

    def lost(self, status: str, reason: str, incident: str) -> tuple[int, list[Stream]]:
        """The connection is gone: end the calls of which anything had left.

        Returns:
            How many those were, and the calls that have certainly not arrived; they are as if never started.
        """
        self.retire()
        left = [stream for stream in self.streams.values() if stream.sent]
        unsent = [stream for stream in self.streams.values() if not stream.sent]
        for stream in unsent:
            stream.rewind()
        unsent, self.moved = self.moved + unsent, []
        self.streams.clear()
        self._blocked.clear()
        self.pending.clear()
        for stream in left:
            stream.end(NoAnswer(status, reason, incident=incident))
        return len(left), unsent

    def receive(self, data: bytes) -> None:
        """Take what has arrived.

        Raises:
            ProtocolError: the server broke the rules; end the connection with `lost`.
        """
        if self._rest:
            # A frame in many pieces is put together once, when it is whole, instead of once per piece.
            self._rest.append(data)
            self._rest_bytes += len(data)
            if self._rest_bytes < self._wanted:
                return
            data, self._rest = b"".join(self._rest), []
        at, end = 0, len(data)
        if not self.ready:
            check_first_bytes(data)
        self._wanted = frames.HEADER_BYTES
        while end - at >= frames.HEADER_BYTES:
            high, low, kind, flags, number = frames.read_header(data, at)
            length = high << 8 | low
            if length > frames.DEFAULT_FRAME:
                raise ProtocolError(f"a frame of {length} bytes")
            stop = at + frames.HEADER_BYTES + length
            if stop > end:
                self._wanted = frames.HEADER_BYTES + length
                break
            if self._block is not None or not self.ready:
                self._check_order(kind)
            handle = self._handlers.get(kind)  # frames of unknown types are left alone (RFC 9113, section 5.5)
            if handle is not None:
                handle(flags, number & 0x7FFF_FFFF, data[at + frames.HEADER_BYTES : stop])
            at = stop
        if at < end:
            self._rest.append(data[at:])
            self._rest_bytes = end - at

    def _check_order(self, kind: int) -> None:
        if self._block is not None and kind != frames.CONTINUATION:
            raise ProtocolError("a header block was not continued")
        if not self.ready and kind != frames.SETTINGS:
            raise ProtocolError("the first frame is not SETTINGS")

    def _set_limit(self) -> None:
        self.limit = self.places if self.ready and not self.draining and not self._held else 0

    # What arrived for one call.

    def _on_headers(self, flags: int, number: int, block: bytes) -> None:
        if number == 0 or number >= self._next_id:
            raise ProtocolError(f"headers on stream {number}")
        if flags & (frames.PADDED | frames.PRIORITY):
            block = frames.unpadded(block, flags)
            flags &= ~(frames.PADDED | frames.PRIORITY)
        if not flags & frames.END_HEADERS:
            self._block = number, flags, [block]
            return
        head = self._heads.read(block)
        stream = self.streams.get(number)
        if stream is None:
            return  # one that we have given up
        if head.http_status is not None:
            stream.read_head(head)
        if flags & frames.END_STREAM:
            self._finish(stream, head.grpc_status, head.message)

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        if self._block is None or self._block[0] != number:
            raise ProtocolError("a continuation of nothing")
        _, first_flags, parts = self._block
        parts.append(payload)
        if sum(map(len, parts)) > LONGEST_BLOCK or len(parts) > _MOST_PARTS:
            raise ProtocolError("an endless header block")
        if flags & frames.END_HEADERS:
            self._block = None
            self._on_headers(first_flags | frames.END_HEADERS, number, b"".join(parts))

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
        if stream.size:
            stream.chunks.append(payload)  # type: ignore[union-attr]
        else:
            stream.chunks = [payload]
        stream.size += len(payload)
        if stream.size > LARGEST_ANSWER + PREFIX_BYTES:
            self.pending.append(frames.reset(number, frames.CANCEL))
            del self.streams[number]
            stream.end(NoAnswer("RESOURCE_EXHAUSTED", f"an answer of more than {LARGEST_ANSWER} bytes"))
        elif flags & frames.END_STREAM:
            self._finish(stream, None, "")

    def _on_reset(self, _flags: int, number: int, payload: bytes) -> None:
        code = frames.read_number(payload)
        if number == 0 or number >= self._next_id:
            raise ProtocolError(f"a reset of stream {number}")
        stream = self.streams.pop(number, None)
        if stream is not None:
            stream.end(reset_failure(code))

    def _finish(self, stream: Stream, grpc_status: int | None, message: str) -> None:
        """The server has said all: an answer, or why there is none."""
        if stream.body:  # it did not wait for the rest of the request, which is now of no use
            self.pending.append(frames.reset(stream.id, frames.NO_ERROR))
        del self.streams[stream.id]
        self.finished += 1
        stream.finish(grpc_status, message)

    # What arrived for the whole connection.

    def _on_settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise ProtocolError("settings on a stream")
        if flags & frames.ACK:
            if payload:
                raise ProtocolError("an acknowledgement of settings with settings in it")
            return
        for name, value in frames.read_settings(payload):
            self._set(name, value)
        self.ready = True
        self._set_limit()
        self.pending.append(frames.frame_head(0, frames.SETTINGS, frames.ACK, 0))
        self._go_on()

    def _set(self, name: int, value: int) -> None:
        """Take one setting of the server's."""
        if name == frames.SETTING_MAX_CONCURRENT_STREAMS:
            self.places = value
        elif name == frames.SETTING_INITIAL_WINDOW_SIZE:
            if value > frames.LARGEST_WINDOW:
                raise ProtocolError(f"a window of {value} bytes")
            for stream in self.streams.values():
                self._widen(stream, value - self._stream_window)
            self._stream_window = value
        elif name == frames.SETTING_MAX_FRAME_SIZE:
            if not frames.DEFAULT_FRAME <= value <= frames.LARGEST_FRAME:
                raise ProtocolError(f"frames of {value} bytes")
            self._max_frame = value
        elif name == frames.SETTING_ENABLE_PUSH and value:
            raise ProtocolError("a server that wants to be pushed to")

    def _on_window_update(self, _flags: int, number: int, payload: bytes) -> None:
        by = frames.read_number(payload) & 0x7FFF_FFFF
        if by == 0:
            raise ProtocolError("a window that grows by nothing")
        if number == 0:
            if self._window + by > frames.LARGEST_WINDOW:
                raise ProtocolError(f"a window that grows by {by}")
            self._window += by
        elif number >= self._next_id:
            raise ProtocolError(f"a window for stream {number}")
        else:
            stream = self.streams.get(number)
            if stream is not None:
                self._widen(stream, by)
        if self._blocked:
            self._go_on()

    def _widen(self, stream: Stream, by: int) -> None:
        # A stream that left in one piece does not count its window: nothing of it waits for one.
        stream.window += by
        if stream.window > frames.LARGEST_WINDOW:
            raise ProtocolError(f"the window of stream {stream.id} grows by {by}")

    def _on_ping(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise ProtocolError("a ping on a stream")
        if len(payload) != 8:
            raise ProtocolError(f"a ping of {len(payload)} bytes")
        if not flags & frames.ACK:
            self.pending.append(frames.frame_head(8, frames.PING, frames.ACK, 0) + payload)

    def _on_push(self, _flags: int, _number: int, _payload: bytes) -> None:
        raise ProtocolError("a push that was not allowed")

    def _on_goaway(self, _flags: int, number: int, payload: bytes) -> None:
        """The server looks at no call above the one that it names: those are moved; the others go on.

        A graceful end has two of these, the first with the greatest number there is (RFC 9113, section 6.8).
        """
        if number:
            raise ProtocolError("GOAWAY on a stream")
        if len(payload) < 8:
            raise ProtocolError(f"GOAWAY of {len(payload)} bytes")
        last = int.from_bytes(payload[:4], "big") & 0x7FFF_FFFF
        code = int.from_bytes(payload[4:8], "big")
        if last > self._last_id:
            raise ProtocolError(f"GOAWAY takes stream {last} back in after {self._last_id}")
        self._last_id = last
        self.graceful = code == frames.NO_ERROR
        self.goaway = f"{frames.error_name(code)} {payload[8:].decode('utf-8', 'replace')}".rstrip()
        self.retire()
        # What was answered in part was looked at, whatever the server says of it.
        above = [one for one in self.streams.values() if one.id > last and not one.answered]
        if above:
            self._take_out(above)

    def _take_out(self, unseen: list[Stream]) -> None:
        """Make calls that were not looked at ready to be started elsewhere."""
        numbers = {stream.id for stream in unseen}
        self.pending = [item for item in self.pending if isinstance(item, bytes) or item.id not in numbers]
        self._blocked = deque(stream for stream in self._blocked if stream.id not in numbers)
        for stream in unseen:
            del self.streams[stream.id]
            if not stream.sent:
                self._window += stream.claimed
            stream.rewind()
        self.moved.extend(unseen)
        self._go_on()

    # What leaves.

    def _go_on(self) -> None:
        """Send of the blocked bodies what the windows allow, in order."""
        held_up: deque[Stream] = deque()
        while self._blocked and self._window > 0:
            stream = self._blocked.popleft()
            if not stream.done and not self._send_body(stream):
                held_up.append(stream)
        held_up.extend(self._blocked)
        self._blocked = held_up

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
                stream.outgoing += data  # it is still waiting in `pending` as a whole
        return True


_MOST_PARTS: Final = 64
"""Frames of one header block; empty ones would otherwise never end."""
