"""The times of a connection's life, in one place: tests shorten them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, all of them.

    Attributes:
        connect: Longest wait for a connection, with its TLS handshake and the server's settings.
        impatience: A connection that takes longer to open than this no longer keeps others of a node from being tried.
        first_backoff: An address that could not be reached is not tried again for so long; doubled each time,
        longest_backoff: up to this.
        idle: A connection without calls is closed after so long, unless it is its node's only one. Less than the 10 s
            after which a real node closes it (hiero-consensus-node, NettyConfig `prod.maxConnectionIdle`).
        user_timeout: Bytes that the other side does not acknowledge for so long end a connection (TCP_USER_TIMEOUT,
            Linux only), as gRPC does it (gRFC A18). Less than the 10 s that a call has unless the caller says
            otherwise: so the calls on it end with one incident, and not one by one as late.
        overdue: With calls in flight, silence for so long is asked about by a ping,
        overdue_answer: which is to be answered within so long;
        ping_interval: but so long has to be between two such pings: real nodes permit one a minute and close the
            connection of who asks more often (NettyConfig `prod.permitKeepAliveTime`).
        keepalive: Without calls, silence for so long is asked about,
        keepalive_answer: which is to be answered within so long. As hiero-sdk-python 0.3.0 sets them (node.py).
        incident: What happens to a node's connections within so long is one incident.
        tick: How often a connection is looked at.
    """

    connect: float = 10.0
    impatience: float = 2.0
    first_backoff: float = 0.05
    longest_backoff: float = 1.0
    idle: float = 8.0
    user_timeout: float = 8.0
    overdue: float = 3.0
    overdue_answer: float = 4.0
    ping_interval: float = 60.0
    keepalive: float = 100.0
    keepalive_answer: float = 10.0
    incident: float = 1.0
    tick: float = 1.0
