"""Whether a connection is in use and its server alive, from moments that are passed in: no clock and no socket."""

from __future__ import annotations

from grpc_http2.client.errors import ConnectionLostError
from grpc_http2.client.timing import Timing


class Liveness:
    """The liveness of one connection.

    Args:
        timing: How long silence may last.
        now: Monotonic seconds.

    Attributes:
        heard_at: Monotonic seconds when anything last arrived.
        quiet_since: Monotonic seconds since when it has had no call, to the nearest tick.
    """

    def __init__(self, timing: Timing, now: float) -> None:
        self.heard_at = now
        self.quiet_since = now
        self._timing = timing
        self._begun = 0
        self._busy_since: float | None = None
        self._asked_at: float | None = None
        self._allowed = 0.0  # seconds for the answer to what was asked
        self._pinged_at: float | None = None  # while calls were in flight

    def wants_ping(self, now: float, busy: int, begun: int) -> bool:
        """Check it; to be called at each tick.

        Args:
            now: Monotonic seconds.
            busy: Calls in flight.
            begun: Calls ever started.

        Returns:
            Whether to send a ping; it counts as sent.

        Raises:
            ConnectionLostError: the last one was not answered in time.
        """
        if begun != self._begun or busy:
            self._begun = begun
            self.quiet_since = now
        if not busy:
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = now
        if self._asked_at is not None:
            if self.heard_at >= self._asked_at:
                self._asked_at = None
            elif now - self._asked_at >= self._allowed:
                raise ConnectionLostError(f"no sign of life within {self._allowed:g} s")
            return False
        return self._overdue(now) or self._forgotten(now)

    def _overdue(self, now: float) -> bool:
        """Whether nothing has arrived for too long while calls are in flight."""
        timing = self._timing
        if self._busy_since is None or now - max(self.heard_at, self._busy_since) < timing.overdue:
            return False
        if self._pinged_at is not None and now - self._pinged_at < timing.ping_interval:
            return False
        self._asked_at = self._pinged_at = now
        self._allowed = timing.overdue_answer
        return True

    def _forgotten(self, now: float) -> bool:
        """Whether nothing has arrived for so long that it may be gone."""
        if now - self.heard_at < self._timing.keepalive:
            return False
        self._asked_at, self._allowed = now, self._timing.keepalive_answer
        return True
