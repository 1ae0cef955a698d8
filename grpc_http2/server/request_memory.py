"""The memory that unfinished requests may take, over all connections."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_SHARE_BYTES: Final = 16 * 1024 * 1024
"""Maximum of one connection, so that one alone cannot starve the others."""


class RequestMemory:
    """Counts the bytes of requests that have begun and not ended.

    Attributes:
        taken: Their number.
    """

    __slots__ = ("taken",)

    def __init__(self) -> None:
        self.taken = 0

    def take(self, count: int, share: int) -> bool:
        """Count `count` bytes for a connection that then has `share`; returns whether both are within bounds."""
        self.taken += count
        return self.taken <= MAX_BYTES and share <= MAX_SHARE_BYTES

    def give_back(self, count: int) -> None:
        """Release `count` bytes."""
        self.taken -= count
