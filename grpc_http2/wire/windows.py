"""Flow control (RFC 9113, section 5.2): windows for receiving and for sending."""

from __future__ import annotations

from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, Http2StreamError
from grpc_http2.wire.settings import DEFAULT_WINDOW, MAX_WINDOW


class WindowExceededError(Exception):
    """More DATA was received than the window allows."""


class ReceiveWindow:
    """A receive window that is reopened to `size` bytes whenever half of them are used, as in Netty.

    It begins with HTTP/2's initial `left` bytes, whatever its size.
    """

    __slots__ = ("_left", "_size")

    def __init__(self, size: int, left: int = DEFAULT_WINDOW) -> None:
        self._size = size
        self._left = left

    def __repr__(self) -> str:
        return f"<ReceiveWindow {self._left:,} of {self._size:,} bytes left>"

    def take(self, count: int) -> int:
        """Note `count` received bytes.

        Returns:
            By how many bytes to open the window; 0 for not yet.

        Raises:
            WindowExceededError: they exceed the window.
        """
        self._left -= count
        if self._left < 0:
            raise WindowExceededError
        used = self._size - self._left
        if used * 2 < self._size:
            return 0
        self._left = self._size
        return used

    def resize(self, size: int) -> None:
        """The peer has acknowledged a new initial size: the window changes by the difference, possibly below 0."""
        self._left += size - self._size
        self._size = size


def widened(
    window: int, increment: int, error: type[Http2ConnectionError] | type[Http2StreamError], more: int = 0
) -> int:
    """A send window after a WINDOW_UPDATE (RFC 9113, sections 6.9 and 6.9.1).

    Args:
        window: Bytes before, or as many as are known to have changed.
        increment: By how much it grows.
        error: The error to raise: of the connection or of one stream, as the window is.
        more: Bytes of the window that `window` does not count.

    Raises:
        Http2ConnectionError, Http2StreamError: the increment is 0, or the window too large.
    """
    if not increment:
        raise error(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0 bytes")
    window += increment
    if window + more > MAX_WINDOW:
        raise error(ErrorCode.FLOW_CONTROL_ERROR, f"WINDOW_UPDATE of {increment} bytes makes a window too large")
    return window
