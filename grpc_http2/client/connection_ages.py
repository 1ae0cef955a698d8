"""How old a server lets connections become, so that the next is opened before the old one ends."""

from __future__ import annotations

from collections import deque
from typing import Final

MAX_AGE: Final = "max_age"
"""The text in the GOAWAY of grpc-java, grpc-go and grpc core for a connection that is too old (grpc-java's
NettyServerHandler)."""

_EARLY: Final = 0.9
"""Servers spread their limit by a tenth, up and down (grpc-java, MaxConnectionIdleManager and its age's jitter)."""
_SPREAD: Final = 0.1
_SHORTEST_S: Final = 3.0
"""For shorter lives no connection is opened ahead: opening would take more than calling."""


class ConnectionAges:
    """The ages at which one server closed connections."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=8)

    def note(self, age: float, goaway: str) -> bool:
        """A connection has been closed gracefully after so many seconds; returns whether that was for its age."""
        aged = MAX_AGE in goaway
        if aged:
            self._seen.append(age)
        return aged

    def is_old(self, age: float, chance: float) -> bool:
        """Whether a connection of this age should be replaced before the server does it.

        Args:
            age: In seconds.
            chance: 0 to 1, the same for a connection every time: those that were opened together are not replaced
                together.
        """
        if not self._seen:
            return False
        shortest = min(self._seen)
        return shortest >= _SHORTEST_S and age >= shortest * (_EARLY - _SPREAD * chance)
