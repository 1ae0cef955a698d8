"""Unary gRPC over HTTP/2 (RFC 9113), for the ports of the consensus nodes.

Why not grpc.aio: docs/decisions/0020. What it does not speak: streaming calls, server push, HTTP/1.1 upgrades.

    server.py      listens, in plain text or by TLS        rpc.py         methods, status codes, how a call can end
    connection.py  one connection: frames in, answers out  call_head.py   what a request's headers say
    calls.py       the calls of a connection                answers.py    answers as header blocks
    outbox.py      what waits for the peer's windows       messages.py    length-prefixed messages, compression
    blocks.py      HPACK, with a memory of equal blocks    frames.py      frames as bytes
    settings.py    what each side lets the other do        errors.py      error codes
    limits.py      what a real node allows, or nothing      lifespan.py    age, idleness, the way to the end
    pings.py       how often a client may ping              room.py        what unfinished requests may take
    preface.py     the first bytes                          window.py      flow control of what comes
    stream.py      one call
"""

from grpc_http2.server.limits import OFF, REAL, Limits
from grpc_http2.server.room import Room
from grpc_http2.server.rpc import Method, ResetStream
from grpc_http2.server.server import Http2Server
from grpc_http2.wire.status import RpcError, StatusCode

__all__ = ["OFF", "REAL", "Http2Server", "Limits", "Method", "ResetStream", "Room", "RpcError", "StatusCode"]
