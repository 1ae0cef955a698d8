"""Statistics of a server's connections, which can be added up over servers and processes."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counts:
    """One server's, since the process began to use it. Every number may be added to another process's.

    Attributes:
        opened: Connections on which calls could be made.
        closed: How many of them have ended, for any reason.
        failed: Attempts to open one that failed: refused, timed out, no HTTP/2, wrong certificate.
        lost: Connections that ended with calls in flight; their outcome is unknown.
        drained: Connections that the server has closed gracefully (GOAWAY with NO_ERROR).
        aged: Connections that were replaced for their age: by the server, or by us just before it would have.
        open: Connections now.
        most_open: The greatest number of connections at once; a sum of these is an upper bound.
        waited: Calls that had to wait for a connection or a free place.
        waited_s: Seconds that they waited, in total.
        moved: Calls that were begun anew on another connection since the server had certainly not seen them.
    """

    opened: int = 0
    closed: int = 0
    failed: int = 0
    lost: int = 0
    drained: int = 0
    aged: int = 0
    open: int = 0
    most_open: int = 0
    waited: int = 0
    waited_s: float = 0.0
    moved: int = 0

    def add_open(self) -> None:
        """A connection takes calls."""
        self.opened += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def remove_open(self) -> None:
        """A connection that took calls is over."""
        self.closed += 1
        self.open -= 1

    def as_dict(self) -> dict[str, float]:
        """Ready for JSON."""
        return asdict(self)
