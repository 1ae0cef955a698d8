"""The memory that unfinished requests may take, over all connections."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_SHARE_BYTES: Final = 16 * 1024 * 1024
"""Of one connection, so that one alone does not shut out the others."""


class RequestMemory:
    """Counts the bytes of requests that have begun and not ended.

    Attributes:
        taken: How many there are.
    """

    __slots__ = ("taken",)

    def __init__(self) -> None:
        self.taken = 0

    def take(self, count: int, share: int) -> bool:
        """Take `count` bytes for a connection that has `share` with them; whether there was room, taken or not."""
        self.taken += count
        return self.taken <= MAX_BYTES and share <= MAX_SHARE_BYTES

    def give_back(self, count: int) -> None:
        """So many bytes are kept no longer."""
        self.taken -= count
