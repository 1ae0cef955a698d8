"""When the server ends a connection: too old, idle for too long, or without a complete preface.

As in grpc-java (NettyServerHandler.GracefulShutdown): a first GOAWAY that excludes no stream, with a PING behind
it; when the PING is answered, so when the client has seen the first and opens no more streams, or after 10 s, a second
one with the last stream that was taken. Then calls under way may end, and with the last of them the connection closes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final, Protocol

from grpc_http2.server.limits import Limits, Timers

PING: Final = 0x97ACEF001.to_bytes(8, "big")
"""What is in the PING behind the first GOAWAY."""
PING_PATIENCE_S: Final = 10.0
IDLE_GRACE_S: Final = 30.0
"""Netty's grace for calls that start while an idle connection is being closed."""
MAX_AGE: Final = "max_age"
MAX_IDLE: Final = "max_idle"


class Ends(Protocol):
    """A connection as its lifespan uses it."""

    @property
    def opened(self) -> bool:
        """Whether the client has sent its preface and settings."""

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""

    def announce_end(self, reason: str) -> None:
        """Send the GOAWAY that excludes no stream, and PING behind it."""

    def take_no_more(self, reason: str) -> None:
        """Send the GOAWAY with the last stream that was taken."""

    def close(self) -> None:
        """End the connection."""


class Lifespan:
    """The timers of one connection; there are none per call.

    Args:
        limits: How long it may live.
        timers: Clock and timers.
        chance: From 0 to 1, to make its maximal age different from that of others.
        connection: The connection.
    """

    def __init__(self, limits: Limits, timers: Timers, chance: float, connection: Ends) -> None:
        self._limits = limits
        self._timers = timers
        self._connection = connection
        self._age_s = limits.age_of_one(chance)
        self._idle_since = timers.time()
        self._handles: dict[str, asyncio.TimerHandle] = {}
        self._reason = ""
        self._grace_s = 0.0
        self._closing = False

    def start(self) -> None:
        """The connection has begun."""
        self._after("age", self._age_s, lambda: self._announce(MAX_AGE, self._limits.age_grace_s))
        self._after("idle", self._limits.idle_s, self._look_for_idleness)
        self._after("preface", self._limits.preface_s, self._look_for_preface)

    def stop(self) -> None:
        """The connection is over."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def used(self) -> None:
        """A call was started or answered just now."""
        self._idle_since = self._timers.time()
        if self._closing and self._connection.idle:
            self._connection.close()

    def answered(self, ping: bytes) -> None:
        """The client answered a PING."""
        if ping == PING and self._reason:
            self._take_no_more()

    def _after(self, name: str, delay: float, callback: Callable[[], object]) -> None:
        if delay != math.inf:
            self._handles[name] = self._timers.call_later(delay, callback)

    def _look_for_preface(self) -> None:
        if not self._connection.opened:
            self._connection.close()

    def _look_for_idleness(self) -> None:
        idle = self._connection.idle
        left = self._idle_since + self._limits.idle_s - self._timers.time() if idle else self._limits.idle_s
        if left <= 0:
            self._announce(MAX_IDLE, IDLE_GRACE_S)
        else:
            self._after("idle", left, self._look_for_idleness)

    def _announce(self, reason: str, grace_s: float) -> None:
        if self._reason:
            return
        self.stop()
        self._reason, self._grace_s = reason, grace_s
        self._connection.announce_end(reason)
        self._after("ping", PING_PATIENCE_S, self._take_no_more)

    def _take_no_more(self) -> None:
        if self._closing:
            return
        self.stop()
        self._closing = True
        self._connection.take_no_more(self._reason)
        if self._connection.idle:
            self._connection.close()
        else:
            self._after("grace", self._grace_s, self._connection.close)
