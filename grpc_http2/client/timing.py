"""All time limits of a connection. Those that depend on the server have no defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds, all of them.

    Attributes:
        idle: A connection without calls is closed after so long, unless it is its server's only one. It should be less
            than the time after which the server closes it (grpc-java: maxConnectionIdle).
        keepalive: Without calls, silence for so long is asked about by a ping,
        keepalive_answer: which is to be answered within so long.
        overdue: With calls in flight, silence for so long is asked about by a ping,
        overdue_answer: which is to be answered within so long;
        ping_interval: but so long has to be between two such pings: servers close the connection of a client that
            pings more often (grpc-java: permitKeepAliveTime, 5 minutes by default).
        user_timeout: Bytes that the other side does not acknowledge for so long end a connection (TCP_USER_TIMEOUT,
            Linux only), as gRPC does it (gRFC A18). Less than a call usually has: so the calls on it end with one
            incident, and not one by one as late.
        connect: Longest wait for a connection, with its TLS handshake and the server's settings.
        impatience: A connection that takes longer to open than this no longer keeps others of a server from being
            tried.
        first_backoff: An address that could not be reached is not tried again for so long; doubled each time,
        longest_backoff: up to this.
        incident: What happens to a server's connections within so long is one incident.
        tick: How often a connection is looked at.
    """

    idle: float
    keepalive: float
    keepalive_answer: float
    ping_interval: float
    overdue: float = 3.0
    overdue_answer: float = 4.0
    user_timeout: float = 8.0
    connect: float = 10.0
    impatience: float = 2.0
    first_backoff: float = 0.05
    longest_backoff: float = 1.0
    incident: float = 1.0
    tick: float = 1.0
