"""Outgoing frames of a connection, in order; DATA only as far as the peer's windows allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grpc_http2.server.answers import HEAD, OK
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, Http2StreamError
from grpc_http2.wire.messages import write_message
from grpc_http2.wire.settings import DEFAULT_WINDOW, MAX_WINDOW, PeerSettings
from grpc_http2.wire.windows import widened

# An answer with an empty message (which in protobuf says OK) is the same bytes but for the stream id in three places.
_EMPTY: Final = frames.frame(frames.DATA, 0, 0, write_message(b""))
_HEAD_FRAME: Final = frames.frame(frames.HEADERS, frames.END_HEADERS, 0, HEAD)
_OK_FRAME: Final = frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 0, OK)
_ID_AT: Final = 5
_ANSWER_PARTS: Final = (
    _HEAD_FRAME[:_ID_AT],
    _HEAD_FRAME[9:] + _EMPTY[:_ID_AT],
    _EMPTY[9:] + _OK_FRAME[:_ID_AT],
    _OK_FRAME[9:],
)
_EMPTY_BYTES: Final = len(_EMPTY) - 9


@dataclass(slots=True)
class _Waiting:
    """DATA that the windows hold back, and the trailers after it."""

    body: memoryview
    trailers: bytes


class Outbox:
    """Collects frames until `flush`, so that answers to what was read together are written together.

    Args:
        write: Writes bytes to the peer.

    Attributes:
        peer: The peer's settings.
        answers: How often headers or data were sent so far.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._frames: list[bytes] = []
        self.peer = PeerSettings()
        self.answers = 0
        self._window = DEFAULT_WINDOW
        self._stream_windows: dict[int, int] = {}  # how far a stream's window is from the peer's initial one
        self._waiting: dict[int, _Waiting] = {}

    def __repr__(self) -> str:
        return f"<Outbox window {self._window:,}, {len(self._waiting)} answers wait for a window>"

    def __len__(self) -> int:
        """Streams whose answers wait for a window."""
        return len(self._waiting)

    def put(self, data: bytes) -> None:
        """Send whole frames that are not subject to flow control."""
        self._frames.append(data)

    def answer(self, stream_id: int, message: bytes) -> None:
        """Send a message and the status OK, which ends the stream."""
        self.answers += 1
        if not message and not self._waiting and stream_id not in self._stream_windows and self._fits_empty():
            self._window -= _EMPTY_BYTES
            number = stream_id.to_bytes(4, "big")
            first, second, third, last = _ANSWER_PARTS
            self._frames += (first, number, second, number, third, number, last)
            return
        self.put(frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, HEAD))
        trailers = frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, stream_id, OK)
        self._waiting[stream_id] = _Waiting(memoryview(write_message(message)), trailers)
        self._pump()

    def end(self, stream_id: int, block: bytes) -> None:
        """Send headers that are the whole answer."""
        self.answers += 1
        self.put(frames.header_frames(stream_id, block, self.peer.max_frame, end_stream=True))
        self.forget(stream_id)

    def forget(self, stream_id: int) -> None:
        """A stream is over; what waits for it is dropped."""
        self._waiting.pop(stream_id, None)
        self._stream_windows.pop(stream_id, None)

    def change(self, values: list[tuple[int, int]]) -> None:
        """The peer changed its settings; a new initial window also concerns streams that are open.

        Raises:
            Http2ConnectionError: a value is out of its range, or makes a stream's window too large.
        """
        self.peer.change(values)
        if any(self.peer.initial_window + more > MAX_WINDOW for more in self._stream_windows.values()):
            raise Http2ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "a stream's window is too large")
        self._pump()

    def widen(self, increment: int) -> None:
        """The peer takes so many bytes more on the connection.

        Raises:
            Http2ConnectionError: the increment is 0, or the window too large.
        """
        self._window = widened(self._window, increment, Http2ConnectionError)
        self._pump()

    def widen_stream(self, stream_id: int, increment: int) -> None:
        """The peer takes so many bytes more on an open stream.

        Raises:
            Http2StreamError: the increment is 0, or the window too large.
        """
        known = self._stream_windows.get(stream_id, 0)
        self._stream_windows[stream_id] = widened(known, increment, Http2StreamError, self.peer.initial_window)
        self._pump()

    def waits(self, stream_id: int) -> bool:
        """Whether the answer of a stream waits for a window."""
        return stream_id in self._waiting

    def flush(self) -> None:
        """Write what was collected."""
        if self._frames:
            self._write(b"".join(self._frames))
            self._frames.clear()

    def _fits_empty(self) -> bool:
        return self._window >= _EMPTY_BYTES and self.peer.initial_window >= _EMPTY_BYTES

    def _pump(self) -> None:
        """Send what the windows allow: a frame of each stream in turn, so that a long answer delays no other."""
        moving = bool(self._waiting)
        while moving and self._window > 0:
            moving = False
            for stream_id in list(self._waiting):
                moving |= self._pump_one(stream_id)

    def _pump_one(self, stream_id: int) -> bool:
        """Send one frame of a stream, and its trailers after the last; returns whether the windows allowed it."""
        waiting = self._waiting[stream_id]
        more = self._stream_windows.get(stream_id, 0)
        size = min(len(waiting.body), self._window, self.peer.initial_window + more, self.peer.max_frame)
        if size <= 0:
            return False
        self.answers += 1
        self.put(frames.frame(frames.DATA, 0, stream_id, bytes(waiting.body[:size])))
        waiting.body = waiting.body[size:]
        self._window -= size
        self._stream_windows[stream_id] = more - size
        if not waiting.body:
            self.put(waiting.trailers)
            self.forget(stream_id)
        return True
