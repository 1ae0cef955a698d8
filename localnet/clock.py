"""Time: one wall clock for all reported times, and consensus timestamps that never repeat."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

NANOS = 1_000_000_000
CONSENSUS_STEP_NS = 1_000
"""Minimum distance of the consensus timestamps of submitted transactions (MIN_TRANS_TIMESTAMP_INCR_NANOS of the
platform); in between is room for child transactions."""


class Timer(Protocol):
    """The methods of an asyncio event loop that are used: its monotonic time and its timers."""

    def time(self) -> float:
        """Monotonic seconds."""

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        """Call back at a monotonic time."""


class Clock:
    """The network's clock. `wall_ns` is Unix time in nanoseconds and may be replaced in tests."""

    def __init__(self, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self.now_ns = wall_ns
        self._last_consensus_ns = 0

    def now(self) -> float:
        """Unix time in seconds."""
        return self.now_ns() / NANOS

    def go_on_from(self, consensus_ns: int) -> None:
        """Give only later consensus timestamps from now on."""
        self._last_consensus_ns = max(self._last_consensus_ns, consensus_ns)

    def next_consensus_ns(self, received_ns: int) -> int:
        """A consensus timestamp: when the nodes received it, or a step after the last one, whichever is later."""
        self._last_consensus_ns = max(received_ns, self._last_consensus_ns + CONSENSUS_STEP_NS)
        return self._last_consensus_ns


def format_timestamp(nanoseconds: int) -> str:
    """A timestamp in the mirror's form, `seconds.nnnnnnnnn`."""
    return f"{nanoseconds // NANOS}.{nanoseconds % NANOS:09d}"
