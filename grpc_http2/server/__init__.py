"""A server of unary gRPC over HTTP/2: an asyncio protocol. What it does not speak: ../README.md.

server      listens, in plain text or by TLS         rpc        methods, and how a call can end
connection  one connection: frames in, answers out   call_head  what a request's headers say
calls       the calls of a connection                answers    answers as header blocks
stream      one call                                 outbox     what waits for the peer's windows
limits      what a connection may do                 lifespan   when a connection ends: age, idleness
pings       how often a client may ping              preface    the first bytes
traced      a connection that prints its frames
request_memory   the memory that unfinished requests may take
"""

from grpc_http2.server.limits import UNLIMITED, Limits
from grpc_http2.server.request_memory import RequestMemory
from grpc_http2.server.rpc import Method, ResetStreamError
from grpc_http2.server.server import Http2Server
from grpc_http2.wire.status import RpcError, StatusCode

__all__ = [
    "UNLIMITED",
    "Http2Server",
    "Limits",
    "Method",
    "RequestMemory",
    "ResetStreamError",
    "RpcError",
    "StatusCode",
]
