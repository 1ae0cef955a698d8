"""SETTINGS, by which each side of a connection limits the other (RFC 9113, section 6.5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError

HEADER_TABLE_SIZE: Final = 0x1
ENABLE_PUSH: Final = 0x2
MAX_CONCURRENT_STREAMS: Final = 0x3
INITIAL_WINDOW_SIZE: Final = 0x4
MAX_FRAME_SIZE: Final = 0x5
MAX_HEADER_LIST_SIZE: Final = 0x6

SETTING_NAMES: Final = {
    HEADER_TABLE_SIZE: "HEADER_TABLE_SIZE",
    ENABLE_PUSH: "ENABLE_PUSH",
    MAX_CONCURRENT_STREAMS: "MAX_CONCURRENT_STREAMS",
    INITIAL_WINDOW_SIZE: "INITIAL_WINDOW_SIZE",
    MAX_FRAME_SIZE: "MAX_FRAME_SIZE",
    MAX_HEADER_LIST_SIZE: "MAX_HEADER_LIST_SIZE",
}

DEFAULT_WINDOW: Final = 65_535
"""Initial size of windows by default; that of a connection is changed by WINDOW_UPDATE only."""
DEFAULT_MAX_FRAME: Final = 16_384
"""Neither side here allows the other longer frames."""
MAX_WINDOW: Final = 2**31 - 1
MAX_MAX_FRAME: Final = 2**24 - 1
UNLIMITED_STREAMS: Final = 2**31
"""MAX_CONCURRENT_STREAMS by default: more than there are stream ids."""


@dataclass(slots=True)
class PeerSettings:
    """The peer's settings.

    Attributes:
        is_server: Whether it is a server, which must not enable push (RFC 9113, section 6.5.2).
        initial_window: Bytes of a new stream's window.
        max_frame: Bytes of a frame's payload.
        max_streams: Streams at once.
    """

    is_server: bool = False
    initial_window: int = DEFAULT_WINDOW
    max_frame: int = DEFAULT_MAX_FRAME
    max_streams: int = UNLIMITED_STREAMS

    def change(self, values: list[tuple[int, int]]) -> None:
        """Apply a SETTINGS frame; unknown settings are ignored.

        Raises:
            Http2ConnectionError: a value is out of its range.
        """
        for name, value in values:
            if name == INITIAL_WINDOW_SIZE:
                if value > MAX_WINDOW:
                    raise Http2ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, f"a window of {value} bytes")
                self.initial_window = value
            elif name == MAX_FRAME_SIZE:
                if not DEFAULT_MAX_FRAME <= value <= MAX_MAX_FRAME:
                    raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"frames of {value} bytes")
                self.max_frame = value
            elif name == MAX_CONCURRENT_STREAMS:
                self.max_streams = value
            elif name == ENABLE_PUSH and value > (0 if self.is_server else 1):
                raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, f"ENABLE_PUSH is {value}")
