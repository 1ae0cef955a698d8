"""Header blocks of answers: everything except their texts is encoded once."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from grpc_http2.wire.fields import percent_encoded
from grpc_http2.wire.header_blocks import literal
from grpc_http2.wire.messages import ENCODINGS
from grpc_http2.wire.status import StatusCode

_STATUS_200: Final = b"\x88"  # entry 8 of HPACK's static table
_CONTENT_TYPE: Final = literal(b"content-type", b"application/grpc")
_MESSAGE_BYTES: Final = 1_024

HEAD: Final = _STATUS_200 + _CONTENT_TYPE
"""The headers of an answer with a message."""
OK: Final = literal(b"grpc-status", b"0")
"""The trailers after the message."""


@lru_cache(maxsize=256)
def refusal(status: StatusCode, message: str) -> bytes:
    """The headers of an answer that consists of a status only (`Trailers-Only`)."""
    accepted = literal(b"grpc-accept-encoding", ENCODINGS) if status == StatusCode.UNIMPLEMENTED else b""
    text = literal(b"grpc-message", percent_encoded(message)[:_MESSAGE_BYTES]) if message else b""
    return HEAD + accepted + literal(b"grpc-status", b"%d" % status) + text


@lru_cache
def no_grpc(http_status: int) -> bytes:
    """The headers of an answer to a request that is not gRPC."""
    return literal(b":status", b"%d" % http_status) + literal(b"content-length", b"0")
