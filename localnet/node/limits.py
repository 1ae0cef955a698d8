"""The limits of a connection to a node: those of the real nodes, or none.

The numbers are those of hiero-consensus-node, hedera-config/.../data/NettyConfig.java (`prod.*`), which
NettyGrpcServerManager.withConfigForActiveProfile hands to grpc-java's NettyServerBuilder.
"""

from __future__ import annotations

from typing import Final

from grpc_http2.server import UNLIMITED, Limits

REAL: Final = Limits(
    max_streams=10,
    stream_window=10_240,
    connection_window=10_240,
    age_s=15.0,
    age_grace_s=5.0,
    idle_s=10.0,
    ping_interval_s=60.0,
    preface_s=120.0,
)
"""As the real nodes have it. Their own pings (after 60 s without a sign) never come, and grpc-java's handshake time-out
ends none: no connection gets so old."""

OFF: Final = UNLIMITED
"""To measure the embedded network itself: no limits."""
