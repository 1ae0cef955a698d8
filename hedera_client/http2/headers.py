"""Header blocks of a gRPC call: the request's written by hand, the answer's read by `hpack` and remembered.

The client announces a header table of size 0, so the server may not refer to earlier blocks (RFC 7541, section 4.2).
Every block then means the same wherever it stands: equal bytes are equal headers, and are decoded once. Requests use
no table either. Names and values of gRPC are those of its document "gRPC over HTTP2".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from hpack import Decoder, HPACKError

from hedera_client.http2.frames import ProtocolError

LONGEST_BLOCK: Final = 65_536
"""Bytes of a header block, in all its frames, beyond which the server is not listened to."""

_REMEMBERED_BLOCKS: Final = 256
_REMEMBERED_BYTES: Final = 512
_LONGEST_CONTENT_TYPE: Final = 60
_LONGEST_STATUS: Final = 20

# Entries of HPACK's static table (RFC 7541, appendix A).
_POST: Final = b"\x83"
_SCHEMES: Final = {False: b"\x86", True: b"\x87"}
_AUTHORITY: Final = b"\x01"
_PATH: Final = b"\x04"
_CONTENT_TYPE: Final = b"\x0f\x10"
_USER_AGENT: Final = b"\x0f\x2b"
_NEW_NAME: Final = b"\x00"
_GRPC_TIMEOUT_MAX_MS: Final = 99_999_999  # gRPC's limit of eight digits


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """What a header block of an answer says, headers or trailers.

    Attributes:
        http_status: HTTP's status, or None in trailers.
        grpc_status: gRPC's status code, or None where there is none.
        message: gRPC's message; "" where there is none.
        content_type: HTTP's content type; "" where there is none.
    """

    http_status: int | None
    grpc_status: int | None
    message: str
    content_type: str = ""


class AnswerHeads:
    """Reads header blocks of one connection's answers."""

    def __init__(self) -> None:
        self._known: dict[bytes, AnswerHead] = {}

    def read(self, block: bytes) -> AnswerHead:
        """Decode a block.

        Raises:
            ProtocolError: it cannot be read, or refers to a table that was not allowed.
        """
        known = self._known.get(block)
        if known is None:
            known = _decode(block)
            if len(self._known) < _REMEMBERED_BLOCKS and len(block) <= _REMEMBERED_BYTES:
                self._known[block] = known
        return known


def _decode(block: bytes) -> AnswerHead:
    decoder = Decoder(max_header_list_size=LONGEST_BLOCK)
    decoder.max_allowed_table_size = 0
    decoder.header_table_size = 0
    try:
        headers = {str(name): str(value) for name, value in decoder.decode(block)}
        http_status, grpc_status = headers.get(":status"), headers.get("grpc-status")
        code, told = _code(grpc_status)
        return AnswerHead(
            None if http_status is None else int(http_status),
            code,
            unquote(headers.get("grpc-message", ""), errors="replace") or told,
            headers.get("content-type", "")[:_LONGEST_CONTENT_TYPE],
        )
    except (HPACKError, ValueError) as error:
        raise ProtocolError(f"header block: {error}") from error


def _code(listed: str | None) -> tuple[int | None, str]:
    """The number of a status of gRPC; of one that is none -1, and what there is: it concerns one call, not others."""
    if listed is None:
        return None, ""
    try:
        return int(listed), ""
    except ValueError:
        return -1, f"gRPC status {listed[:_LONGEST_STATUS]!r}"


def request_head(path: str, *, authority: str, tls: bool, user_agent: str) -> bytes:
    """All of a request's header block but the time-out."""
    return b"".join(
        (
            _POST + _SCHEMES[tls],
            _PATH + _text(path),
            _AUTHORITY + _text(authority),
            _NEW_NAME + _text("te") + _text("trailers"),
            _CONTENT_TYPE + _text("application/grpc"),
            _USER_AGENT + _text(user_agent),
            _NEW_NAME + _text("grpc-accept-encoding") + _text("identity"),
            _NEW_NAME + _text("grpc-timeout"),
        )
    )


def timeout_value(seconds: float) -> bytes:
    """What follows `request_head`: how long the server may take, in whole milliseconds, rounded up."""
    return _text(f"{min(max(math.ceil(seconds * 1000), 1), _GRPC_TIMEOUT_MAX_MS)}m")


def _text(value: str) -> bytes:
    """A string literal without Huffman coding."""
    data = value.encode("ascii")
    length = len(data)
    if length < 0x7F:
        return bytes((length,)) + data
    prefix, rest = bytearray((0x7F,)), length - 0x7F
    while rest >= 0x80:
        prefix.append(rest & 0x7F | 0x80)
        rest >>= 7
    prefix.append(rest)
    return bytes(prefix) + data
