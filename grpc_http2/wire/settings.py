"""What each side of a connection lets the other do (RFC 9113, section 6.5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grpc_http2.wire.errors import ConnectionFailedError, ErrorCode

HEADER_TABLE_SIZE: Final = 0x1
ENABLE_PUSH: Final = 0x2
MAX_CONCURRENT_STREAMS: Final = 0x3
INITIAL_WINDOW_SIZE: Final = 0x4
MAX_FRAME_SIZE: Final = 0x5
MAX_HEADER_LIST_SIZE: Final = 0x6

DEFAULT_WINDOW: Final = 65_535
"""What a window holds before anybody said otherwise; that of a connection only WINDOW_UPDATE can change."""
DEFAULT_MAX_FRAME: Final = 16_384
MAX_WINDOW: Final = 2**31 - 1


@dataclass(slots=True)
class PeerSettings:
    """What the peer lets us do: bytes of a new stream's window, and of a frame's payload."""

    initial_window: int = DEFAULT_WINDOW
    max_frame: int = DEFAULT_MAX_FRAME

    def change(self, values: list[tuple[int, int]]) -> None:
        """Take over what a SETTINGS frame says; unknown settings mean nothing.

        Raises:
            ConnectionFailedError: a value is out of its range.
        """
        for name, value in values:
            if name == INITIAL_WINDOW_SIZE:
                if value > MAX_WINDOW:
                    raise ConnectionFailedError(ErrorCode.FLOW_CONTROL_ERROR, f"a window of {value} bytes")
                self.initial_window = value
            elif name == MAX_FRAME_SIZE:
                if not DEFAULT_MAX_FRAME <= value < 2**24:
                    raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, f"frames of {value} bytes")
                self.max_frame = value
            elif name == ENABLE_PUSH and value > 1:
                raise ConnectionFailedError(ErrorCode.PROTOCOL_ERROR, f"ENABLE_PUSH is {value}")
