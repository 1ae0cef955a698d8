"""The calls of one connection: each gets one message, and one answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Final

from grpc_http2.server import answers
from grpc_http2.server.call_head import CallHead
from grpc_http2.server.limits import Limits
from grpc_http2.server.outbox import Outbox
from grpc_http2.server.request_memory import RequestMemory
from grpc_http2.server.rpc import Method, ResetStreamError
from grpc_http2.server.stream import Stream
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2StreamError
from grpc_http2.wire.messages import MAX_MESSAGE_BYTES, PREFIX_BYTES, read_message, stated_length, too_long
from grpc_http2.wire.settings import DEFAULT_WINDOW
from grpc_http2.wire.status import RpcError, StatusCode
from grpc_http2.wire.windows import ReceiveWindow, WindowExceededError

log = logging.getLogger(__name__)

NOT_YET_LIMITED: Final = 10_000
"""Calls at once of a client that has not acknowledged the limits: until then they do not bind it (RFC 9113, section
6.5.3), and Netty does not hold it to them either."""


class Admission(Enum):
    """Which calls are accepted."""

    UNLIMITED = "as many as NOT_YET_LIMITED: the client does not know the limits"
    LIMITED = "as many as the limits say"
    CLOSED = "none any more"


class Calls:
    """Calls by their stream id, from their headers until their answer was given.

    Args:
        methods: The methods, by path.
        outbox: Where answers go.
        limits: What the client may do, once it has acknowledged it.
        memory: The memory that unfinished requests of all connections may take; a request that exceeds it is refused.
        done: Called when a call that was processed has ended; its answer has to be written.

    Attributes:
        unfinished: Bytes of requests that are not complete.
        admission: Which calls are taken.
    """

    def __init__(
        self,
        methods: Mapping[str, Method],
        outbox: Outbox,
        limits: Limits,
        memory: RequestMemory,
        done: Callable[[], None],
    ) -> None:
        self._methods = methods
        self._outbox = outbox
        self._limits = limits
        self._memory = memory
        self._done = done
        self._streams: dict[int, Stream] = {}
        self.unfinished = 0
        self.admission = Admission.UNLIMITED
        self._max_streams = NOT_YET_LIMITED
        self._window = DEFAULT_WINDOW

    def __repr__(self) -> str:
        unfinished = f", {self.unfinished:,} bytes of unfinished requests" if self.unfinished else ""
        return f"<Calls {self.admission.name}, {len(self)} under way{unfinished}>"

    def __contains__(self, stream_id: int) -> bool:
        return stream_id in self._streams

    def __len__(self) -> int:
        return len(self._streams)

    @property
    def full(self) -> bool:
        """Whether the limit of calls is reached."""
        return len(self._streams) + len(self._outbox) >= self._max_streams

    def acknowledged(self) -> None:
        """The client knows the limits: from now on they hold, also for the windows of calls that have begun.

        May be repeated.
        """
        if self.admission is Admission.UNLIMITED:
            self.admission, self._max_streams = Admission.LIMITED, self._limits.max_streams
        self._window = self._limits.stream_window
        for stream in self._streams.values():
            if stream.window is not None:
                stream.window.resize(self._window)

    def close(self) -> None:
        """Take no more calls; those under way go on."""
        self.admission, self._max_streams = Admission.CLOSED, 0

    def begin(self, stream_id: int, head: CallHead, end_stream: int) -> None:
        """A call's headers came.

        Raises:
            Http2StreamError: they are not the headers of a request.
        """
        if not head.path:
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "a request without pseudo-headers")
        method = self._methods.get(head.path)
        if head.http_status or method is None:
            self._turn_away(stream_id, head, end_stream)
            return
        stream = self._streams[stream_id] = Stream(stream_id, head, method)
        if end_stream:
            self._run(stream)

    def data(self, stream_id: int, data: bytes, size: int, end_stream: int) -> None:
        """A part of a call's message came; with padding it takes `size` bytes of the window.

        Raises:
            Http2StreamError: the client had ended the stream, or exceeds its window.
        """
        stream = self._streams[stream_id]
        if stream.ended:
            raise Http2StreamError(ErrorCode.STREAM_CLOSED, "DATA after END_STREAM")
        if end_stream and stream.window is None and size <= self._window:  # the whole message, the usual case
            stream.body = data
            self._run(stream)
            return
        if stream.window is None:
            stream.window = ReceiveWindow(self._window, self._window)
        try:
            credit = stream.window.take(size)
        except WindowExceededError as error:
            raise Http2StreamError(ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the stream's window takes") from error
        stream.add(data)
        self.unfinished += len(data)
        stated = max(stated_length(stream.body), len(stream.body) - PREFIX_BYTES)
        if not self._memory.take(len(data), self.unfinished):
            self._refuse(stream, RpcError(StatusCode.RESOURCE_EXHAUSTED, "too many unfinished requests"))
        elif stated > MAX_MESSAGE_BYTES:
            self._refuse(stream, too_long(stated))
        elif end_stream:
            self._run(stream)
        elif credit:
            self._outbox.put(frames.window_update(stream_id, credit))

    def trailers(self, stream_id: int, head: CallHead, end_stream: int) -> None:
        """Trailers of a request; they are ignored, but must end the stream.

        Raises:
            Http2StreamError: they do not, or are those of another request.
        """
        stream = self._streams[stream_id]
        if stream.ended:
            raise Http2StreamError(ErrorCode.STREAM_CLOSED, "HEADERS after END_STREAM")
        if head.path or not end_stream:
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS that are no trailers")
        self._run(stream)

    def drop(self, stream_id: int) -> None:
        """Give a call up, without an answer."""
        stream = self._streams.pop(stream_id, None)
        self._outbox.forget(stream_id)
        if stream is not None:
            self._finish(stream)
            stream.stop()

    def stop_all(self) -> None:
        """Give all calls up."""
        for stream_id in list(self._streams):
            self.drop(stream_id)

    def _finish(self, stream: Stream) -> None:
        """A request is complete or given up: it is unfinished no more."""
        unfinished = stream.unfinished
        self.unfinished -= unfinished
        self._memory.give_back(unfinished)

    def _turn_away(self, stream_id: int, head: CallHead, end_stream: int) -> None:
        """Answer a request that is no call of a known method, without waiting for its message."""
        block = answers.no_grpc(head.http_status)
        if not head.http_status:
            block = answers.refusal(StatusCode.UNIMPLEMENTED, "Method not found!")
        self._outbox.end(stream_id, block)
        if not end_stream:
            raise Http2StreamError(ErrorCode.NO_ERROR, "the answer is complete without the rest of the request")

    def _refuse(self, stream: Stream, error: RpcError) -> None:
        """Answer with a status. Where the request is incomplete, the client is told not to send the rest."""
        complete = stream.ended
        self.drop(stream.id)
        self._outbox.end(stream.id, answers.refusal(error.status, str(error)))
        if not complete:
            raise Http2StreamError(ErrorCode.NO_ERROR, "the answer is complete without the rest of the request")

    def _run(self, stream: Stream) -> None:
        """The request is complete: answer it now, or start its method.

        Raises:
            Http2StreamError: its length is not its `content-length`.
        """
        if stream.head.length not in (-1, len(stream.body)):
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "content-length is not the length of the content")
        stream.ended = True
        if stream.window is not None:
            self._finish(stream)
            stream.body, stream.window = bytes(stream.body), None
        try:
            answer = stream.method(read_message(bytes(stream.body), stream.head.encoding))
        except Exception as error:
            self._end_badly(stream, error)
            return
        if isinstance(answer, bytes):
            del self._streams[stream.id]
            self._outbox.answer(stream.id, answer)
            return
        stream.body = b""
        loop = asyncio.get_running_loop()
        stream.work = loop.create_task(self._work(stream, answer))
        if stream.head.timeout is not None:
            stream.deadline = loop.call_later(stream.head.timeout, self._expire, stream)

    async def _work(self, stream: Stream, awaitable: Awaitable[bytes]) -> None:
        try:
            answer = await awaitable
        except Exception as error:
            self._end_badly(stream, error)
        else:
            stream.work = None
            if self._streams.pop(stream.id, None) is not None:
                stream.stop()
                self._outbox.answer(stream.id, answer)
        self._done()

    def _expire(self, stream: Stream) -> None:
        """The call's deadline has passed."""
        self._refuse(stream, RpcError(StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"))
        self._done()

    def _end_badly(self, stream: Stream, error: Exception) -> None:
        """End a call as an exception says; an unexpected one is logged, and the client gets UNKNOWN."""
        stream.work = None
        if isinstance(error, ResetStreamError):
            self.drop(stream.id)
            self._outbox.put(frames.rst_stream(stream.id, error.code))
            return
        if not isinstance(error, RpcError):
            log.error("%s failed", stream.head.path, exc_info=error)
            error = RpcError(StatusCode.UNKNOWN, "internal error")
        self._refuse(stream, error)
