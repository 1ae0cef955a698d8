"""The window that we give the peer: how much it may still send, and when it is told that it may send more."""

from __future__ import annotations

from grpc_http2.wire.settings import DEFAULT_WINDOW


class WindowExceededError(Exception):
    """More DATA came than the window had."""


class ReceiveWindow:
    """A window that is opened again to `size` bytes whenever half of them are used up, as Netty does it.

    It begins as it begins for HTTP/2: with `left` bytes, however many it shall have.
    """

    __slots__ = ("_left", "_size")

    def __init__(self, size: int, left: int = DEFAULT_WINDOW) -> None:
        self._size = size
        self._left = left

    def take(self, count: int) -> int:
        """So many bytes came.

        Returns:
            By how many bytes to open the window; 0 for not yet.

        Raises:
            WindowExceededError: they were more than the window had.
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
        """The peer has taken over our setting: its windows change by the difference, if need be to below 0."""
        self._left += size - self._size
        self._size = size
