"""Header fields: the rules that HTTP/2 has for all of them (RFC 9113, section 8), and gRPC's encodings of values.

gRPC's are those of grpc/grpc, doc/PROTOCOL-HTTP2.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote_to_bytes

from grpc_http2.wire.errors import ErrorCode, Http2StreamError
from grpc_http2.wire.header_blocks import Headers

_NAME: Final = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_BAD_IN_VALUE: Final = re.compile(rb"[\0\r\n]")
_CONNECTION: Final = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"})
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_TO_ENCODE: Final = re.compile(rb"[^ -$&-~]")
_TIMEOUT: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNITS_S: Final = {b"H": 3_600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_TIMEOUT_MAX_MS: Final = 99_999_999  # gRPC's limit of eight digits


def checked(headers: Headers, pseudo: Collection[bytes]) -> dict[bytes, bytes]:
    """The headers by name; the first of several of the same name counts.

    Args:
        headers: Of one block, in their order.
        pseudo: The pseudo-headers that may be among them, before all others and once.

    Raises:
        Http2StreamError: a name, a value or its place violates HTTP/2.
    """
    fields: dict[bytes, bytes] = {}
    regular = False
    for name, value in headers:
        is_pseudo = name.startswith(b":")
        if is_pseudo and (regular or name in fields or name not in pseudo):
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "a pseudo-header is out of place")
        regular = regular or not is_pseudo
        if not _NAME.fullmatch(name) or _BAD_IN_VALUE.search(value):
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "a header has characters it must not have")
        if name in _CONNECTION or (name == b"te" and value != b"trailers"):
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "a header is about the connection")
        if fields.setdefault(name, value) != value and name == b"content-length":
            raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "content-length says two things")
    return fields


def content_length(fields: dict[bytes, bytes]) -> int:
    """The bytes that `content-length` announces; -1 where there is none.

    Raises:
        Http2StreamError: it is not a number.
    """
    text = fields.get(b"content-length")
    if text is None:
        return -1
    if not _LENGTH.fullmatch(text):
        raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "content-length is malformed")
    return int(text)


def write_timeout(seconds: float) -> bytes:
    """A `grpc-timeout`, in whole milliseconds, rounded up; at least one, and as many as eight digits hold."""
    return b"%dm" % min(max(math.ceil(seconds * 1000), 1), _TIMEOUT_MAX_MS)


def read_timeout(text: bytes) -> float:
    """The seconds of a `grpc-timeout`.

    Raises:
        Http2StreamError: it is malformed.
    """
    match = _TIMEOUT.fullmatch(text)
    if match is None:
        raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, "grpc-timeout is malformed")
    return int(match[1]) * _UNITS_S[match[2]]


def percent_encoded(message: str) -> bytes:
    """A text encoded for `grpc-message`: printable ASCII without %, everything else as %XX of its UTF-8."""
    return _TO_ENCODE.sub(lambda match: b"%%%02X" % match[0][0], message.encode("utf-8", "replace"))


def percent_decoded(text: bytes) -> str:
    """The text of a `grpc-message`; bytes that are not UTF-8 become U+FFFD."""
    return unquote_to_bytes(text).decode("utf-8", "replace")
