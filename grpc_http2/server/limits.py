"""What a server allows a connection, and the time.

How grpc-java keeps such limits was read in its sources (NettyServer, NettyServerHandler, MaxConnectionIdleManager,
KeepAliveEnforcer) and seen on a server of its own with limits set.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from grpc_http2.wire.settings import INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, MAX_HEADER_LIST_SIZE

OUR_MAX_HEADER_LIST: Final = 8_192
"""As grpc-java has it by default."""


class Timers(Protocol):
    """Time, as an asyncio loop tells it, so that tests can move it."""

    def time(self) -> float:
        """Seconds since some moment."""

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call back after `delay` seconds, unless the handle is cancelled."""

    def call_soon(self, callback: Callable[..., object], *args: Any) -> asyncio.Handle:
        """Call back when what is ready now had its turn."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may do; seconds and bytes, infinity for as long as it likes.

    By default one may carry very much, for ever. Half-open connections go all the same, after grpc-java's handshake
    time-out.

    Attributes:
        max_streams: Calls at once.
        stream_window, connection_window: What flow control lets a client send ahead. A connection begins with 65,535
            bytes, whatever is wanted: with less it is that much after the first 64 KiB.
        age_s: So old the client is asked to leave.
        age_grace_s: Then calls under way have so long to end.
        idle_s: So long without a call, likewise.
        ping_interval_s: A client that pings more often, while calls are under way, is thrown out (PingPolicy).
        preface_s: So long a client may take to send its preface and settings.
    """

    max_streams: int = 10_000
    stream_window: int = 1 << 20
    connection_window: int = 16 << 20
    age_s: float = math.inf
    age_grace_s: float = math.inf
    idle_s: float = math.inf
    ping_interval_s: float = 0.0
    preface_s: float = 120.0

    def age_of_one(self, chance: float) -> float:
        """How old one connection gets: 90 to 110 % of the age, by a number from 0 to 1 (grpc-java, NettyServer)."""
        return self.age_s * (0.9 + 0.2 * chance)


def ours(limits: Limits) -> dict[int, int]:
    """What we let the client do; in force once it has acknowledged it."""
    return {
        MAX_CONCURRENT_STREAMS: limits.max_streams,
        INITIAL_WINDOW_SIZE: limits.stream_window,
        MAX_HEADER_LIST_SIZE: OUR_MAX_HEADER_LIST,
    }


UNLIMITED: Final = Limits()
"""What is allowed where nothing is said."""
