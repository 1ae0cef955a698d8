"""Frames of HTTP/2 (RFC 9113): their header, their types, and the few that a client writes."""

from __future__ import annotations

import struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA: Final = 0
HEADERS: Final = 1
RST_STREAM: Final = 3
SETTINGS: Final = 4
PUSH_PROMISE: Final = 5
PING: Final = 6
GOAWAY: Final = 7
WINDOW_UPDATE: Final = 8
CONTINUATION: Final = 9

END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITY: Final = 0x20

SETTING_HEADER_TABLE_SIZE: Final = 1
SETTING_ENABLE_PUSH: Final = 2
SETTING_MAX_CONCURRENT_STREAMS: Final = 3
SETTING_INITIAL_WINDOW_SIZE: Final = 4
SETTING_MAX_FRAME_SIZE: Final = 5

NO_ERROR: Final = 0
PROTOCOL_ERROR: Final = 1
REFUSED_STREAM: Final = 7
CANCEL: Final = 8

DEFAULT_WINDOW: Final = 65_535
DEFAULT_FRAME: Final = 16_384
LARGEST_FRAME: Final = 2**24 - 1
LARGEST_WINDOW: Final = 2**31 - 1

HEADER_BYTES: Final = 9

# The length is 24 bits wide: 16 and 8. The stream's highest bit is reserved and to be ignored.
read_header: Final = struct.Struct(">HBBBL").unpack_from
_header: Final = struct.Struct(">HBBBL").pack
_setting: Final = struct.Struct(">HL")
_ERROR_NAMES: Final = (
    *("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED"),
    *("FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"),
    *("INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"),
)


class ProtocolError(Exception):
    """The other side broke the rules of HTTP/2; the connection is of no more use."""


def error_name(code: int) -> str:
    """HTTP/2's name of an error code."""
    return _ERROR_NAMES[code] if code < len(_ERROR_NAMES) else f"error {code}"


def frame_head(length: int, kind: int, flags: int, stream: int) -> bytes:
    """The nine bytes before a payload of `length` bytes."""
    return _header(length >> 8, length & 0xFF, kind, flags, stream)


def settings(values: dict[int, int]) -> bytes:
    """A SETTINGS frame."""
    payload = b"".join(_setting.pack(name, value) for name, value in values.items())
    return frame_head(len(payload), SETTINGS, 0, 0) + payload


def read_settings(payload: bytes) -> list[tuple[int, int]]:
    """The settings in a SETTINGS frame, in order.

    Raises:
        ProtocolError: it is cut off in the middle of one.
    """
    if len(payload) % _setting.size:
        raise ProtocolError(f"SETTINGS of {len(payload)} bytes")
    return list(_setting.iter_unpack(payload))


def read_number(payload: bytes) -> int:
    """The only number of a WINDOW_UPDATE or RST_STREAM frame.

    Raises:
        ProtocolError: it is not four bytes long.
    """
    if len(payload) != 4:
        raise ProtocolError(f"a number of {len(payload)} bytes instead of 4")
    return int.from_bytes(payload, "big")


def window_update(stream: int, by: int) -> bytes:
    """A WINDOW_UPDATE frame; stream 0 is the connection."""
    return frame_head(4, WINDOW_UPDATE, 0, stream) + by.to_bytes(4, "big")


def reset(stream: int, code: int) -> bytes:
    """A RST_STREAM frame."""
    return frame_head(4, RST_STREAM, 0, stream) + code.to_bytes(4, "big")


def unpadded(payload: bytes, flags: int) -> bytes:
    """The contents of a DATA or HEADERS frame, without padding and priority.

    Raises:
        ProtocolError: there is more padding than payload.
    """
    begin, end = 0, len(payload)
    if flags & PADDED:
        if not payload:
            raise ProtocolError("a padded frame without a length of its padding")
        begin, end = 1, end - payload[0]
    if flags & PRIORITY:
        begin += 5
    if begin > end:
        raise ProtocolError("padding that is longer than its frame")
    return payload[begin:end]
