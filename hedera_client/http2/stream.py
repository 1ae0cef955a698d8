"""One unary call as a stream of an HTTP/2 connection, and how its end is put into gRPC's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hedera_client.http2 import frames
from hedera_client.status import GRPC_CODES, NOT_ONE_MESSAGE, NoAnswer

if TYPE_CHECKING:
    from hedera_client.http2.connection import Connection
    from hedera_client.http2.headers import AnswerHead

LARGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes of an answer, as gRPC limits it by default."""

PREFIX_BYTES: Final = 5
"""gRPC's own before a message: whether it is compressed, and its length."""

TOO_MANY_REQUESTS: Final = 429

# What gRPC makes of HTTP/2's error codes ("gRPC over HTTP2", section "Errors") and of HTTP's status codes
# (grpc/grpc: doc/http-grpc-status-mapping.md).
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
    TOO_MANY_REQUESTS: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}
GRPC_CONTENT: Final = "application/grpc"
_WELL: Final = 200
_SHOWN_CHARACTERS: Final = 80  # of a page that is no answer


class Stream:
    """One call. It begins anew on another connection as long as it was certainly never looked at.

    Args:
        head: Its header block but the value of its time-out, which comes last.
        timeout: The value of its time-out, encoded.
        message: The serialised request.
        entered: Monotonic seconds when it was asked for.
        allowed: Seconds that it has from then on.
        on_done: Called once, when it has ended.

    Attributes:
        connection: Where it was started; None while it waits for a connection.
        id: Its number on the connection; 0 until it is started.
        sent: Whether any of its bytes may have left this process.
        done: It has ended; `answer` or `failure` is set.
        answer: The message that came back.
        failure: Why none came back.
        chunks: What arrived of its answer.
        size: Bytes in `chunks`.
        http_status: HTTP's status; 0 until the answer's headers have arrived.
        outgoing: Bytes of it that wait to leave: its header block and whole frames.
        body: What of its message is not in frames yet.
        claimed: Bytes of the connection's window that it took before it left.
        window: Bytes of its body that the server still takes.
        queued: It had to wait for a place.
        waited: Seconds from `entered` until it was started for the last time, where it had to wait.
        moves: How often it was started in vain.
    """

    # In the class, so that making a call does not set them all.
    connection: Connection | None = None
    id = 0
    sent = False
    done = False
    answer = b""
    failure: NoAnswer | None = None
    chunks: list[bytes] | tuple[()] = ()
    size = 0
    http_status = 0
    content_type = ""
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

    @property
    def answered(self) -> bool:
        """Whether anything of an answer has arrived: then the server has looked at it, whatever it says later."""
        return bool(self.http_status or self.size)

    def end(self, failure: NoAnswer | None = None) -> None:
        """Settle it, once."""
        if not self.done:
            self.failure = failure
            self.done = True
            self._on_done()

    def rewind(self) -> None:
        """Make it a call that was never started; only for one that has certainly not been looked at."""
        self.id = self.claimed = self.window = 0
        self.sent = False
        self.outgoing = self.body = b""
        self.moves += 1

    def finish(self, grpc_status: int | None, message: str) -> None:
        """The server has said all: the answer, or why there is none."""
        if grpc_status == 0 and self.http_status == _WELL:
            data = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
            if len(data) >= PREFIX_BYTES and data[0] == 0 and int.from_bytes(data[1:5], "big") == len(data) - 5:
                self.answer = data[PREFIX_BYTES:]
                self.end()
            else:
                self.end(NoAnswer("INTERNAL", NOT_ONE_MESSAGE))
        elif grpc_status is None:
            self.end(self._foreign())
        else:
            self.end(NoAnswer(GRPC_CODES.get(grpc_status, "UNKNOWN"), message or f"gRPC status {grpc_status}"))

    def read_head(self, head: AnswerHead) -> None:
        """Note what the answer's headers say."""
        if head.http_status is not None:
            self.http_status = head.http_status
            self.content_type = head.content_type

    def _foreign(self) -> NoAnswer:
        """What it means that somebody answered in HTTP alone: no gRPC server does."""
        status = self.http_status
        if status == _WELL and self.content_type.startswith(GRPC_CONTENT):
            return NoAnswer("UNKNOWN", "the answer ended before gRPC's status")
        page = b"".join(self.chunks)[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace")
        page = " ".join(page.split())[:_SHOWN_CHARACTERS]
        kind = f" ({self.content_type})" if self.content_type else ""
        return NoAnswer(
            _HTTP_STATUS.get(status, "UNKNOWN"),
            f"answered HTTP {status}{kind} and no status of gRPC: is there a proxy before the node?"
            + (f" It says: {page}" if page else ""),
            busy=status == TOO_MANY_REQUESTS,
        )


def reset_failure(code: int) -> NoAnswer:
    """What a reset of a call means.

    It may have been processed whatever the code: by itself REFUSED_STREAM says that it was not (RFC 9113, section 8.7),
    but HAProxy says so as well of calls that it had passed on whole (mux_h2.c, h2_do_shutr and h2_do_shutw; with 2.6.12
    40 of 40 refused calls had arrived).
    """
    return NoAnswer(_RESET_STATUS.get(code, "INTERNAL"), f"the node reset the call: {frames.error_name(code)}")
