"""Times for clients in tests: those of a strict server, where a test does not shorten them."""

from __future__ import annotations

from grpc_http2.client.timing import Timing

TIMING = Timing(idle=8.0, keepalive=100.0, keepalive_answer=10.0, ping_interval=60.0)
