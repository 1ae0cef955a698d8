"""The window that we give the peer: how much it may still send, and when it is told that it may send more."""

from __future__ import annotations

from localnet.http2.errors import ConnectionFailedError, ErrorCode


class ReceiveWindow:
    """A window of `size` bytes, opened again whenever half of it is used up."""

    __slots__ = ("_left", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = size

    def take(self, count: int) -> int:
        """So many bytes came.

        Returns:
            By how many bytes to open the window; 0 for not yet.

        Raises:
            ConnectionFailedError: they were more than the window had (FLOW_CONTROL_ERROR).
        """
        self._left -= count
        if self._left < 0:
            raise ConnectionFailedError(ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the window takes")
        used = self._size - self._left
        if used * 2 < self._size:
            return 0
        self._left = self._size
        return used
