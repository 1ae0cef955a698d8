"""The limits of a connection to the server, and its clock.

How grpc-java enforces such limits was read in its sources (NettyServer, NettyServerHandler, MaxConnectionIdleManager,
KeepAliveEnforcer) and observed on a grpc-java server with limits set.
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
    """The clock and timers of an asyncio loop; tests pass a clock that they can move."""

    def time(self) -> float:
        """Seconds since some moment."""

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call back after `delay` seconds, unless the handle is cancelled."""

    def call_soon(self, callback: Callable[..., object], *args: Any) -> asyncio.Handle:
        """Call back when what is ready now had its turn."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a connection, in seconds and bytes; infinity for no limit.

    By default there are practically none, except for connections without a complete preface, which end after
    grpc-java's handshake time-out.

    Attributes:
        max_streams: Calls at once.
        stream_window, connection_window: Flow-control windows, in bytes. That of a connection begins with 65,535 in any
            case: a smaller one holds after the first 64 KiB.
        age_s: Age at which a connection is closed gracefully.
        age_grace_s: Seconds that calls in flight then have to end.
        idle_s: Seconds without a call after which a connection is closed gracefully.
        ping_interval_s: A client that pings more often while calls are in flight is disconnected (PingPolicy).
        preface_s: Seconds that a client may take to send its preface and settings.
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
    """The limits announced in SETTINGS; they hold once the client has acknowledged them."""
    return {
        MAX_CONCURRENT_STREAMS: limits.max_streams,
        INITIAL_WINDOW_SIZE: limits.stream_window,
        MAX_HEADER_LIST_SIZE: OUR_MAX_HEADER_LIST,
    }


UNLIMITED: Final = Limits()
"""The defaults."""
