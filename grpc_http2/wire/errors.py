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
    """HTTP/2's name of an error code; its number where it has none."""
    try:
        return ErrorCode(code).name
    except ValueError:
        return f"error {code}"


class Http2ConnectionError(Exception):
    """A connection error: the peer violated HTTP/2; GOAWAY is sent and the connection closed (RFC 9113, section 5.4.1).

    Attributes:
        code: The code of GOAWAY.
        last_stream: The last stream that may have been processed; as with Netty, the highest id unless it is known.
    """

    def __init__(self, code: ErrorCode, reason: str, last_stream: int = 2**31 - 1) -> None:
        super().__init__(reason)
        self.code = code
        self.last_stream = last_stream


class Http2StreamError(Exception):
    """A stream error: the peer violated HTTP/2 on one stream, which is reset (RST_STREAM; RFC 9113, section 5.4.2).

    Attributes:
        code: The code of RST_STREAM.
    """

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
