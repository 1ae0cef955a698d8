"""The headers of a gRPC request (RFC 9113, section 8; grpc/grpc, doc/PROTOCOL-HTTP2.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grpc_http2.wire.errors import ErrorCode, Http2StreamError
from grpc_http2.wire.fields import checked, content_length, read_timeout
from grpc_http2.wire.header_blocks import Headers

_PSEUDO: Final = frozenset({b":method", b":scheme", b":path", b":authority"})
_REQUIRED: Final = (b":method", b":scheme", b":path")


@dataclass(frozen=True, slots=True)
class CallHead:
    """The headers of one request, as far as they matter.

    Attributes:
        path: `/package.Service/method`; "" for the trailers of a request.
        timeout: Seconds the client waits; None for ever.
        encoding: How messages with the compressed flag are compressed.
        length: What `content-length` says, in bytes; -1 when there is none.
        http_status: The HTTP status to answer when it is not a gRPC request; 0 when it is one.
    """

    path: str = ""
    timeout: float | None = None
    encoding: bytes = b"identity"
    length: int = -1
    http_status: int = 0


def read_head(headers: Headers) -> CallHead:
    """Read a request's headers.

    Raises:
        Http2StreamError: they break the rules of HTTP/2 (PROTOCOL_ERROR).
    """
    fields = checked(headers, _PSEUDO)
    length = content_length(fields)
    if b":path" not in fields and not fields.keys() & _PSEUDO:
        return CallHead()
    if any(not fields.get(name) for name in _REQUIRED):
        raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "a pseudo-header is missing")
    timeout = fields.get(b"grpc-timeout")
    return CallHead(
        path=fields[b":path"].decode("ascii", "replace"),
        timeout=None if timeout is None else read_timeout(timeout),
        encoding=fields.get(b"grpc-encoding", b"identity"),
        length=length,
        http_status=_http_status(fields),
    )


def _http_status(fields: dict[bytes, bytes]) -> int:
    if fields[b":method"] != b"POST":
        return 405
    return 0 if fields.get(b"content-type", b"").startswith(b"application/grpc") else 415
