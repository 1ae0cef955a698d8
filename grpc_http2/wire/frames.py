"""HTTP/2 frames as bytes (RFC 9113, sections 4 and 6).

Only what both sides of a test or a benchmark need as well: building frames, and taking padding and priority off.
"""

from __future__ import annotations

import struct
from typing import Final

from grpc_http2.wire.errors import ConnectionFailedError, ErrorCode

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""The first bytes that a client sends."""

DATA: Final = 0x0
HEADERS: Final = 0x1
PRIORITY: Final = 0x2
RST_STREAM: Final = 0x3
SETTINGS: Final = 0x4
PUSH_PROMISE: Final = 0x5
PING: Final = 0x6
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8
CONTINUATION: Final = 0x9

ACK: Final = 0x1
END_STREAM: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
HAS_PRIORITY: Final = 0x20

HEADER_BYTES: Final = 9
MAX_STREAM_ID: Final = 2**31 - 1
HEADER: Final = struct.Struct(">BHBBI")
"""Length (its highest 8 bits, its lower 16), type, flags, stream id with one reserved bit."""
_LONG: Final = struct.Struct(">I")
_TWO_LONGS: Final = struct.Struct(">II")
_SETTING: Final = struct.Struct(">HI")


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """A whole frame; `payload` must be shorter than 2**24 bytes."""
    length = len(payload)
    return HEADER.pack(length >> 16, length & 0xFFFF, kind, flags, stream_id) + payload


def header_frames(stream_id: int, block: bytes, max_frame: int, *, end_stream: bool = False) -> bytes:
    """A header block as one HEADERS frame and as many CONTINUATION frames as it takes."""
    flags = END_STREAM if end_stream else 0
    if len(block) <= max_frame:
        return frame(HEADERS, flags | END_HEADERS, stream_id, block)
    parts = [block[at : at + max_frame] for at in range(0, len(block), max_frame)]
    out = [frame(HEADERS, flags, stream_id, parts[0])]
    out += [frame(CONTINUATION, 0, stream_id, part) for part in parts[1:-1]]
    out.append(frame(CONTINUATION, END_HEADERS, stream_id, parts[-1]))
    return b"".join(out)


def settings(values: dict[int, int]) -> bytes:
    """A SETTINGS frame."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*item) for item in values.items()))


def read_settings(payload: bytes) -> list[tuple[int, int]]:
    """The settings of a frame, in their order.

    Raises:
        ConnectionFailedError: it is no whole number of settings.
    """
    if len(payload) % _SETTING.size:
        raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS is cut off")
    return list(_SETTING.iter_unpack(payload))


def window_update(stream_id: int, increment: int) -> bytes:
    """A WINDOW_UPDATE frame; `increment` in bytes, from 1 to 2**31 - 1."""
    return frame(WINDOW_UPDATE, 0, stream_id, _LONG.pack(increment))


def rst_stream(stream_id: int, code: int) -> bytes:
    """An RST_STREAM frame."""
    return frame(RST_STREAM, 0, stream_id, _LONG.pack(code))


def goaway(last_stream_id: int, code: int, reason: str = "") -> bytes:
    """A GOAWAY frame; `reason` is for people."""
    return frame(GOAWAY, 0, 0, _TWO_LONGS.pack(last_stream_id, code) + reason.encode())


def read_long(payload: bytes, name: str) -> int:
    """The one 32-bit number that a frame consists of.

    Raises:
        ConnectionFailedError: it has another length (FRAME_SIZE_ERROR).
    """
    if len(payload) != _LONG.size:
        raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, f"{name} has {len(payload)} bytes")
    return int(_LONG.unpack(payload)[0])


def without_padding(payload: bytes, flags: int) -> bytes:
    """What is left of a DATA or HEADERS payload without its padding.

    Raises:
        ConnectionFailedError: there is more padding than payload.
    """
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, "more padding than payload")
    return payload[1 : len(payload) - payload[0]]


def without_priority(payload: bytes, flags: int) -> bytes:
    """What is left of a HEADERS payload (without padding) without the deprecated priority.

    Raises:
        ConnectionFailedError: it is cut off.
    """
    if not flags & HAS_PRIORITY:
        return payload
    if len(payload) < 5:
        raise ConnectionFailedError(ErrorCode.FRAME_SIZE_ERROR, "HEADERS is cut off")
    return payload[5:]
