"""The server's first bytes: whether it speaks HTTP/2, and if not, what it seems to speak."""

from __future__ import annotations

from typing import Final

from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError

_HTTP: Final = b"HTTP/"
_TLS_RECORDS: Final = (b"\x15\x03", b"\x16\x03")
"""An alert or a handshake of TLS, as a TLS server answers plain text."""
_SHOWN_BYTES: Final = 60


def check_first_bytes(data: bytes) -> None:
    """Check the first bytes of a server.

    Raises:
        Http2ConnectionError: they are not a SETTINGS frame; the message says what they look like.
    """
    if len(data) < len(_HTTP) and _HTTP.startswith(data):
        return  # more of it will come
    if data.startswith(_HTTP):
        line = data[:_SHOWN_BYTES].split(b"\r\n", 1)[0].decode("ascii", "replace")
        raise _other_protocol(f"it speaks HTTP/1.1, not HTTP/2: is this a gRPC port? It answered {line!r}")
    if data[:2] in _TLS_RECORDS:
        raise _other_protocol("it speaks TLS, and was called in plain text: is this a TLS port?")
    # The length's first byte is 0 and the type SETTINGS in everything that may come first.
    if data[0] != 0 or data[3:4] not in (b"", bytes((frames.SETTINGS,))):
        raise _other_protocol(f"it does not speak HTTP/2: it begins with {data[:_SHOWN_BYTES]!r}")


def _other_protocol(reason: str) -> Http2ConnectionError:
    return Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, reason)  # RFC 9113, section 3.4
