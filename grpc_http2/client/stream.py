"""One unary call as a stream of an HTTP/2 connection, and the gRPC status it ends with."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from grpc_http2.client.headers import AnswerHead
from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.wire.errors import ErrorCode, Http2StreamError, error_name
from grpc_http2.wire.messages import MAX_MESSAGE_BYTES, PREFIX_BYTES, read_message
from grpc_http2.wire.status import RpcError, StatusCode

LARGEST_ANSWER: Final = MAX_MESSAGE_BYTES + PREFIX_BYTES
"""Bytes of an answer's DATA."""

TOO_MANY_REQUESTS: Final = 429

# What gRPC makes of HTTP/2's error codes ("gRPC over HTTP2", section "Errors") and of HTTP's status codes
# (grpc/grpc: doc/http-grpc-status-mapping.md).
_RESET_STATUS: Final[dict[int, str]] = {
    ErrorCode.REFUSED_STREAM: "UNAVAILABLE",
    ErrorCode.CANCEL: "CANCELLED",
    ErrorCode.ENHANCE_YOUR_CALM: "RESOURCE_EXHAUSTED",
    ErrorCode.INADEQUATE_SECURITY: "PERMISSION_DENIED",
}
_HTTP_STATUS: Final = {
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    TOO_MANY_REQUESTS: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}
_STATUS_CODES: Final = frozenset(StatusCode)
_GRPC_CONTENT: Final = "application/grpc"
_WELL: Final = 200
_SHOWN_CHARACTERS: Final = 80  # of an HTML page in place of an answer


class StreamState(Enum):
    """How far a call has come."""

    UNSENT = "certainly no byte of it has left this process"
    SENT = "the server may have seen it"
    DONE = "it has ended: there is an answer or a failure"


# Module's own names: looking one up in an Enum costs more than the comparison.
UNSENT: Final = StreamState.UNSENT
SENT: Final = StreamState.SENT
DONE: Final = StreamState.DONE


class Carrier(Protocol):
    """What a call is started on: a connection, which knows of calls, while they know of it only this."""

    def cancel(self, stream: Stream) -> None:
        """Give the call up. If it was still waiting it is marked as failed, for the caller to raise."""


class Stream:
    """One call. It is started again on another connection as long as the server has certainly not processed it.

    Args:
        head: Its header block without the value of its time-out, which comes last.
        timeout: The value of its time-out, encoded.
        message: The serialised request.
        entered: Monotonic seconds when it was asked for.
        allowed: Seconds that it has from then on.
        on_done: Called once, when it has ended.

    Attributes:
        state: How far it has come.
        connection: Where it was started; None while it waits for a connection.
        id: Its number on the connection; 0 until it is started.
        answer: The message that came back.
        failure: Why none came back.
        reply: The answer's headers; None until they have arrived.
        chunks: What arrived of its answer.
        size: Bytes that arrived of its DATA, with padding.
        padding: Bytes of padding that arrived.
        outgoing: Bytes that are to be sent: its header block and whole frames.
        body: The part of its message that is not in frames yet; a memoryview where it did not fit the windows at once.
        claimed: Bytes of the connection's window that it took before it left.
        window: How far the server's window for it is from the initial one; what left in one piece is not counted.
        queued: It had to wait for a place.
        waited: Seconds from `entered` until it was started for the last time, where it had to wait.
        moves: How often it was given back unprocessed.
    """

    # In the class, so that making a call does not set them all.
    state = UNSENT
    connection: Carrier | None = None
    id = 0
    answer = b""
    failure: NoAnswerError | None = None
    reply: AnswerHead | None = None
    chunks: list[bytes] | tuple[()] = ()
    size = 0
    padding = 0
    outgoing = b""
    body: memoryview | bytes = b""
    claimed = 0
    window = 0
    queued = False
    waited = 0.0
    moves = 0

    def __init__(
        self,
        head: bytes,
        timeout: bytes,
        message: bytes,
        entered: float,
        allowed: float,
        on_done: Callable[[], object],
    ) -> None:
        self.head = head
        self.timeout = timeout
        self.message = message
        self.entered = entered
        self.allowed = allowed
        self._on_done = on_done

    def __repr__(self) -> str:
        left = f", {len(self.body):,} bytes of it wait for a window" if self.body else ""
        moved = f", begun {self.moves} times in vain" if self.moves else ""
        ended = f": {self.failure}" if self.failure else f", {self.size:,} bytes of an answer" if self.size else ""
        return f"<Stream {self.id} {self.state.name}, {len(self.message):,} bytes{left}{moved}{ended}>"

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.state is DONE

    @property
    def answered(self) -> bool:
        """Whether any part of an answer has arrived: then the server has processed it, whatever it says later."""
        return self.reply is not None or bool(self.size)

    @property
    def uncounted(self) -> int:
        """Bytes that left in one piece, by which the server's window for it is smaller than `window` says."""
        return 0 if isinstance(self.body, memoryview) else len(self.message) + PREFIX_BYTES

    def end(self, failure: NoAnswerError | None = None) -> None:
        """End it, once."""
        if self.state is not DONE:
            self.failure = failure
            self.state = DONE
            self._on_done()

    def rewind(self) -> None:
        """Reset it to a call that was never started; only for one that was certainly not processed."""
        self.id = self.claimed = self.window = 0
        self.state = UNSENT
        self.outgoing = self.body = b""
        self.moves += 1

    def finish(self, reply: AnswerHead, grpc_status: int | None, message: str) -> None:
        """The server ended it: with an answer, or a status."""
        if grpc_status == 0 and reply.http_status == _WELL:
            try:
                self.answer = read_message(self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks))
            except RpcError as error:
                self.end(NoAnswerError(error.status.name, f"the call ended well, but {error}"))
            else:
                self.end()
        elif not grpc_status:
            self.end(self._foreign(reply))
        else:
            self.end(NoAnswerError(_status_name(grpc_status), message or f"gRPC status {grpc_status}"))

    def replace_reply(self, head: AnswerHead) -> None:
        """Headers that are not the first of the answer: those before only announced it (RFC 9113, section 8.1).

        Raises:
            Http2StreamError: they were the answer's, or DATA came before.
        """
        if self.chunks or (self.reply is not None and self.reply.is_final):
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS that are no trailers")
        self.reply = head

    def _foreign(self, reply: AnswerHead) -> NoAnswerError:
        """The failure of a call that got an HTTP answer, not one of gRPC, e.g. from a proxy."""
        status = reply.http_status or 0
        if status == _WELL and reply.content_type.startswith(_GRPC_CONTENT):
            return NoAnswerError("UNKNOWN", "the answer ended before gRPC's status")
        page = b"".join(self.chunks)[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace")
        page = " ".join(page.split())[:_SHOWN_CHARACTERS]
        kind = f" ({reply.content_type})" if reply.content_type else ""
        return NoAnswerError(
            _HTTP_STATUS.get(status, "UNKNOWN"),
            f"answered HTTP {status}{kind} and no status of gRPC: is there a proxy before the server?"
            + (f" It says: {page}" if page else ""),
            busy=status == TOO_MANY_REQUESTS,
        )


def reset_failure(code: int) -> NoAnswerError:
    """The failure of a call that the server reset.

    It may have been processed whatever the code: by itself REFUSED_STREAM says that it was not (RFC 9113, section 8.7),
    but HAProxy says so as well of calls that it had passed on whole (mux_h2.c, h2_do_shutr and h2_do_shutw; with 2.6.12
    40 of 40 refused calls had arrived).
    """
    return NoAnswerError(_RESET_STATUS.get(code, "INTERNAL"), f"the server reset the call: {error_name(code)}")


def broken_rule(error: Http2StreamError) -> NoAnswerError:
    """The failure of a call on which the server violated HTTP/2."""
    return NoAnswerError("INTERNAL", f"the server broke a rule of HTTP/2: {error} ({error.code.name})")


def _status_name(grpc_status: int) -> str:
    return StatusCode(grpc_status).name if grpc_status in _STATUS_CODES else "UNKNOWN"
