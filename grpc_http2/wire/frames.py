"""HTTP/2 frames as bytes (RFC 9113, sections 4 and 6): kinds, flags, and how they are built.

The payloads of received frames are checked in `payloads`.
"""

from __future__ import annotations

import struct
from typing import Final

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

KIND_NAMES: Final = (
    *("DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE"),
    "CONTINUATION",
)
"""By the number of the kind. Frames of other kinds are ignored (RFC 9113, section 5.5)."""

ACK: Final = 0x1
END_STREAM: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
HAS_PRIORITY: Final = 0x20

HEADER_BYTES: Final = 9
PING_BYTES: Final = 8
MAX_STREAM_ID: Final = 2**31 - 1
HEADER: Final = struct.Struct(">BHBBI")
"""Length (its highest 8 bits, its lower 16), kind, flags, stream id with one reserved bit."""
_LONG: Final = struct.Struct(">I")
_TWO_LONGS: Final = struct.Struct(">II")
_SETTING: Final = struct.Struct(">HI")
_pack_header: Final = HEADER.pack


def frame_header(length: int, kind: int, flags: int, stream_id: int) -> bytes:
    """The nine bytes before a payload of `length` bytes, which must be fewer than 2**24."""
    return _pack_header(length >> 16, length & 0xFFFF, kind, flags, stream_id)


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """A whole frame; `payload` must be shorter than 2**24 bytes."""
    return frame_header(len(payload), kind, flags, stream_id) + payload


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


SETTINGS_ACK: Final = frame(SETTINGS, ACK, 0)
"""The peer's settings are in force."""


def ping(data: bytes, *, ack: bool = False) -> bytes:
    """A PING frame, or the answer to one; `data` are 8 bytes."""
    return frame(PING, ACK if ack else 0, 0, data)


def window_update(stream_id: int, increment: int) -> bytes:
    """A WINDOW_UPDATE frame; stream 0 is the connection, `increment` in bytes, from 1 to 2**31 - 1."""
    return frame(WINDOW_UPDATE, 0, stream_id, _LONG.pack(increment))


def rst_stream(stream_id: int, code: int) -> bytes:
    """An RST_STREAM frame."""
    return frame(RST_STREAM, 0, stream_id, _LONG.pack(code))


def goaway(last_stream_id: int, code: int, reason: str = "") -> bytes:
    """A GOAWAY frame; `reason` is its debug text."""
    return frame(GOAWAY, 0, 0, _TWO_LONGS.pack(last_stream_id, code) + reason.encode())
