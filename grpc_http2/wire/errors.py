"""Error codes of HTTP/2 (RFC 9113, section 7), and the two exceptions that carry them."""

from __future__ import annotations

from enum import IntEnum


class ErrorCode(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    SETTINGS_TIMEOUT = 0x4
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    CONNECT_ERROR = 0xA
    ENHANCE_YOUR_CALM = 0xB
    INADEQUATE_SECURITY = 0xC
    HTTP_1_1_REQUIRED = 0xD


def error_name(code: int) -> str:
    """HTTP/2's name of an error code, also of one that no standard knows yet."""
    try:
        return ErrorCode(code).name
    except ValueError:
        return f"error {code}"


class Http2ConnectionError(Exception):
    """The peer broke a rule that the whole connection rests on: GOAWAY, and the end of it (RFC 9113, section 5.4.1).

    Attributes:
        code: What GOAWAY says.
        last_stream: The last stream that may have been begun. As with Netty, every one unless somebody knows better.
    """

    def __init__(self, code: ErrorCode, reason: str, last_stream: int = 2**31 - 1) -> None:
        super().__init__(reason)
        self.code = code
        self.last_stream = last_stream


class Http2StreamError(Exception):
    """The peer broke a rule on one stream: RST_STREAM; the others go on (RFC 9113, section 5.4.2).

    Attributes:
        code: What RST_STREAM says.
    """

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
