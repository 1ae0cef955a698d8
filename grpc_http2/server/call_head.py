"""What the headers of a gRPC request say (RFC 9113, section 8; grpc/grpc, doc/PROTOCOL-HTTP2.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grpc_http2.wire.errors import ErrorCode, StreamFailedError
from grpc_http2.wire.header_blocks import Headers

_UNITS_S: Final = {b"H": 3_600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_TIMEOUT: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_NAME: Final = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_BAD_IN_VALUE: Final = re.compile(rb"[\0\r\n]")
_PSEUDO: Final = frozenset({b":method", b":scheme", b":path", b":authority"})
_REQUIRED: Final = (b":method", b":scheme", b":path")
_CONNECTION: Final = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"})


@dataclass(frozen=True, slots=True)
class CallHead:
    """The headers of one request, as far as they matter.

    Attributes:
        path: `/package.Service/method`; "" for the trailers of a request.
        timeout: Seconds the client waits; None for ever.
        encoding: How messages with the compressed flag are compressed.
        length: What `content-length` says, in bytes; -1 when there is none.
        http_status: What to answer when it is no gRPC request at all; 0 when it is one.
    """

    path: str = ""
    timeout: float | None = None
    encoding: bytes = b"identity"
    length: int = -1
    http_status: int = 0


def read_head(headers: Headers) -> CallHead:
    """Read a request's headers.

    Raises:
        StreamFailedError: they break the rules of HTTP/2 (PROTOCOL_ERROR).
    """
    fields = _checked(headers)
    if b":path" not in fields and not fields.keys() & _PSEUDO:
        return CallHead()
    if any(not fields.get(name) for name in _REQUIRED):
        raise StreamFailedError(ErrorCode.PROTOCOL_ERROR, "a pseudo-header is missing")
    timeout = fields.get(b"grpc-timeout")
    return CallHead(
        path=fields[b":path"].decode("ascii", "replace"),
        timeout=None if timeout is None else read_timeout(timeout),
        encoding=fields.get(b"grpc-encoding", b"identity"),
        length=_length(fields.get(b"content-length")),
        http_status=_http_status(fields),
    )


def read_timeout(text: bytes) -> float:
    """The seconds of a `grpc-timeout`.

    Raises:
        StreamFailedError: it is none.
    """
    match = _TIMEOUT.fullmatch(text)
    if match is None:
        raise StreamFailedError(ErrorCode.PROTOCOL_ERROR, "grpc-timeout is malformed")
    return int(match[1]) * _UNITS_S[match[2]]


def _length(text: bytes | None) -> int:
    if text is None:
        return -1
    if not _LENGTH.fullmatch(text):
        raise StreamFailedError(ErrorCode.PROTOCOL_ERROR, "content-length is malformed")
    return int(text)


def _http_status(fields: dict[bytes, bytes]) -> int:
    if fields[b":method"] != b"POST":
        return 405
    return 0 if fields.get(b"content-type", b"").startswith(b"application/grpc") else 415


def _checked(headers: Headers) -> dict[bytes, bytes]:
    """The headers by name; the first of several of the same name counts.

    Raises:
        StreamFailedError: a name or its place is not as HTTP/2 wants it.
    """
    fields: dict[bytes, bytes] = {}
    regular = False
    for name, value in headers:
        pseudo = name.startswith(b":")
        if pseudo and (regular or name in fields or name not in _PSEUDO):
            raise StreamFailedError(ErrorCode.PROTOCOL_ERROR, "a pseudo-header is out of place")
        regular = regular or not pseudo
        if not _NAME.fullmatch(name) or _BAD_IN_VALUE.search(value):
            raise StreamFailedError(ErrorCode.PROTOCOL_ERROR, "a header has characters it must not have")
        if name in _CONNECTION or (name == b"te" and value != b"trailers"):
            raise StreamFailedError(ErrorCode.PROTOCOL_ERROR, "a header is about the connection")
        if fields.setdefault(name, value) != value and name == b"content-length":
            raise StreamFailedError(ErrorCode.PROTOCOL_ERROR, "content-length says two things")
    return fields
