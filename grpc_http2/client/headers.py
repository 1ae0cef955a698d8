"""Header blocks of a gRPC call: encodes the request's, and reads the answer's.

The client announces a header table of size 0, so the server may not refer to earlier blocks (RFC 7541, section 4.2):
equal bytes are equal headers and are decoded once (`BlockDecoder`). Requests use no table either. Names and values of
gRPC are those of its document "gRPC over HTTP2".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grpc_http2.wire.errors import ErrorCode, Http2StreamError
from grpc_http2.wire.fields import checked, content_length, percent_decoded, write_timeout
from grpc_http2.wire.header_blocks import BlockDecoder, Headers, literal, string_literal

MAX_HEADER_LIST: Final = 65_536
"""Maximum bytes of a header block or list; a longer one ends the connection."""
TABLE_BYTES: Final = 0
"""Of the header table that the server may use."""

_PSEUDO: Final = frozenset({b":status"})
_HTTP_STATUS: Final = re.compile(rb"[1-9][0-9]{2}")
_GRPC_STATUS: Final = re.compile(rb"[0-9]{1,9}")
_NO_STATUS: Final = -1
_LONGEST_STATUS: Final = 20
_LONGEST_CONTENT_TYPE: Final = 60

# Entries of HPACK's static table (RFC 7541, appendix A).
_POST: Final = b"\x83"
_SCHEMES: Final = {False: b"\x86", True: b"\x87"}
_AUTHORITY: Final = b"\x01"
_PATH: Final = b"\x04"
_CONTENT_TYPE: Final = b"\x0f\x10"
_USER_AGENT: Final = b"\x0f\x2b"
_NEW_NAME: Final = b"\x00"


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The fields of an answer's header block, headers or trailers.

    Attributes:
        http_status: HTTP's status, or None in trailers.
        grpc_status: gRPC's status code; None where there is none, -1 where it is not a number.
        message: gRPC's message; "" where there is none.
        content_type: HTTP's content type; "" where there is none.
        length: What `content-length` says, in bytes; -1 where there is none.
    """

    http_status: int | None
    grpc_status: int | None
    message: str
    content_type: str = ""
    length: int = -1

    @property
    def is_final(self) -> bool:
        """Whether it is the final response, not an informational one (1xx)."""
        return self.http_status is not None and self.http_status >= 200


def read_answer(headers: Headers) -> AnswerHead:
    """Read the headers or trailers of an answer.

    Raises:
        Http2StreamError: they break the rules of HTTP/2 (PROTOCOL_ERROR).
    """
    fields = checked(headers, _PSEUDO)
    code, told = _grpc_status(fields.get(b"grpc-status"))
    return AnswerHead(
        _http_status(fields.get(b":status")),
        code,
        percent_decoded(fields.get(b"grpc-message", b"")) or told,
        fields.get(b"content-type", b"")[:_LONGEST_CONTENT_TYPE].decode("ascii", "replace"),
        content_length(fields),
    )


def answer_decoder() -> BlockDecoder[AnswerHead]:
    """The decoder of the header blocks of one connection's answers."""
    return BlockDecoder(read_answer, MAX_HEADER_LIST, TABLE_BYTES)


def request_head(path: str, *, authority: str, tls: bool, user_agent: str) -> bytes:
    """A request's header block without the time-out."""
    return b"".join(
        (
            _POST + _SCHEMES[tls],
            _PATH + string_literal(path.encode("ascii")),
            _AUTHORITY + string_literal(authority.encode("ascii")),
            literal(b"te", b"trailers"),
            _CONTENT_TYPE + string_literal(b"application/grpc"),
            _USER_AGENT + string_literal(user_agent.encode("ascii")),
            literal(b"grpc-accept-encoding", b"identity"),
            _NEW_NAME + string_literal(b"grpc-timeout"),
        )
    )


def timeout_value(seconds: float) -> bytes:
    """The part after `request_head`: the time-out of the call."""
    return string_literal(write_timeout(seconds))


def _http_status(text: bytes | None) -> int | None:
    if text is None:
        return None
    if not _HTTP_STATUS.fullmatch(text):
        raise Http2StreamError(ErrorCode.PROTOCOL_ERROR, ":status is malformed")
    return int(text)


def _grpc_status(text: bytes | None) -> tuple[int | None, str]:
    """The number of a status; -1, which becomes UNKNOWN, where it is not a number."""
    if text is None:
        return None, ""
    if _GRPC_STATUS.fullmatch(text):
        return int(text), ""
    return _NO_STATUS, f"gRPC status {text[:_LONGEST_STATUS].decode('ascii', 'replace')!r}"
