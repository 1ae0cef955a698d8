"""The client's preface, and the error for clients that speak another protocol."""

from __future__ import annotations

from typing import Final

from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError
from grpc_http2.wire.frames import PREFACE

_HTTP_1: Final = b"HTTP/1."
_SEARCHED_BYTES: Final = 1_024


def read_preface(data: bytes) -> int:
    """Where the first frame begins; 0 while the preface is not complete.

    Raises:
        Http2ConnectionError: there is none. The message is Netty's (Http2ConnectionHandler, readClientPrefaceString),
            which users search for when they have sent HTTP/1.1 to a node.
    """
    if data.startswith(PREFACE):
        return len(PREFACE)
    if PREFACE.startswith(data):
        return 0
    line, http_1, _ = data[:_SEARCHED_BYTES].partition(_HTTP_1)
    if http_1:
        reason = f"Unexpected HTTP/1.x request: {line.decode('ascii', 'replace')}"
    else:
        received = data[: len(PREFACE)].hex()
        reason = f"HTTP/2 client preface string missing or corrupt. Hex dump for received bytes: {received}"
    raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, reason)
