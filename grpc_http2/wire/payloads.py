"""The payloads of received frames, and their rules (RFC 9113, section 6).

Client and server use the same functions, so both are equally strict.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, error_name

_LONG: Final = struct.Struct(">I")
_TWO_LONGS: Final = struct.Struct(">II")
_SETTING: Final = struct.Struct(">HI")
_PRIORITY_BYTES: Final = 5


class GoAway(NamedTuple):
    """A GOAWAY frame: the peer accepts no more streams.

    Attributes:
        last_stream: The highest stream that it has processed or still may.
        code: Why, as a number of ErrorCode or of a later standard.
        reason: Its debug text.
    """

    last_stream: int
    code: int
    reason: str

    def __str__(self) -> str:
        return f"{error_name(self.code)} {self.reason}".rstrip()


def check_first_frame(kind: int, flags: int) -> None:
    """A connection begins with SETTINGS that are no acknowledgement (section 3.4).

    Raises:
        Http2ConnectionError: this frame is another one.
    """
    if kind != frames.SETTINGS or flags & frames.ACK:
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS")


def check_length(length: int, longest: int) -> None:
    """A frame's payload must not be longer than was allowed (section 4.2).

    Raises:
        Http2ConnectionError: it is too long.
    """
    if length > longest:
        raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, f"a frame of {length} bytes, more than {longest}")


def read_settings(flags: int, stream_id: int, payload: bytes) -> list[tuple[int, int]] | None:
    """The settings of a SETTINGS frame in their order; None where it acknowledges ours (section 6.5).

    Raises:
        Http2ConnectionError: it is on a stream, or no whole number of settings, or an acknowledgement with settings.
    """
    if stream_id:
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"SETTINGS on stream {stream_id}")
    if flags & frames.ACK:
        if payload:
            raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS with ACK is not empty")
        return None
    if len(payload) % _SETTING.size:
        raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, f"SETTINGS of {len(payload)} bytes is cut off")
    return list(_SETTING.iter_unpack(payload))


def check_ping(stream_id: int, payload: bytes) -> None:
    """PING is about the connection, and has 8 bytes (section 6.7).

    Raises:
        Http2ConnectionError: it is on a stream, or has another length.
    """
    if stream_id:
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"PING on stream {stream_id}")
    if len(payload) != frames.PING_BYTES:
        raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, f"PING has {len(payload)} bytes")


def read_goaway(stream_id: int, payload: bytes) -> GoAway:
    """What a GOAWAY frame says (section 6.8).

    Raises:
        Http2ConnectionError: it is on a stream, or too short.
    """
    if stream_id:
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"GOAWAY on stream {stream_id}")
    if len(payload) < _TWO_LONGS.size:
        raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, f"GOAWAY has {len(payload)} bytes")
    last, code = _TWO_LONGS.unpack_from(payload)
    return GoAway(last & frames.MAX_STREAM_ID, code, payload[_TWO_LONGS.size :].decode("utf-8", "replace"))


def read_window_update(payload: bytes) -> int:
    """By how many bytes a window grows (section 6.9); 0, which is forbidden, is refused by `windows.widened`.

    Raises:
        Http2ConnectionError: the frame has another length than 4.
    """
    return _read_long(payload, "WINDOW_UPDATE") & frames.MAX_STREAM_ID


def read_rst_stream(payload: bytes) -> int:
    """Why a stream was reset (section 6.4).

    Raises:
        Http2ConnectionError: the frame has another length than 4.
    """
    return _read_long(payload, "RST_STREAM")


def check_priority(stream_id: int, payload: bytes) -> None:
    """Check a PRIORITY frame, which has no effect any more but must be well-formed (section 6.3).

    Raises:
        Http2ConnectionError: it is on no stream, or has another length than 5.
    """
    if not stream_id:
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0")
    if len(payload) != _PRIORITY_BYTES:
        raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, f"PRIORITY has {len(payload)} bytes")


def without_padding(payload: bytes, flags: int) -> bytes:
    """A DATA or HEADERS payload without its padding (section 6.1).

    Raises:
        Http2ConnectionError: there is more padding than payload.
    """
    if not flags & frames.PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, "more padding than payload")
    return payload[1 : len(payload) - payload[0]]


def header_fragment(payload: bytes, flags: int) -> bytes:
    """A HEADERS payload without padding and the deprecated priority (section 6.2).

    Raises:
        Http2ConnectionError: there is more padding than payload, or the priority is cut off.
    """
    fragment = without_padding(payload, flags)
    if not flags & frames.HAS_PRIORITY:
        return fragment
    if len(fragment) < _PRIORITY_BYTES:
        raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "HEADERS is cut off")
    return fragment[_PRIORITY_BYTES:]


def _read_long(payload: bytes, name: str) -> int:
    if len(payload) != _LONG.size:
        raise Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, f"{name} has {len(payload)} bytes")
    return int(_LONG.unpack(payload)[0])
