"""gRPC's messages: five bytes before each (compressed or not, length), and what may be in them."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from grpc_http2.wire.status import RpcError, StatusCode

PREFIX_BYTES: Final = 5
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""gRPC's default limit, in both directions."""

_PREFIX: Final = struct.Struct(">BI")
_unpack_prefix: Final = _PREFIX.unpack_from
_IDENTITY: Final = b"identity"
_WINDOW_BITS: Final = {b"gzip": 31, b"deflate": 15}
ENCODINGS: Final = b"identity,deflate,gzip"
"""The compressions that are accepted, as headers name them. Sent messages are never compressed."""


def write_message(message: bytes) -> bytes:
    """A message with its prefix."""
    return _PREFIX.pack(0, len(message)) + message


def read_message(body: bytes, encoding: bytes = _IDENTITY) -> bytes:
    """The one message that each side of a unary call sends.

    Args:
        body: Everything that came on the stream.
        encoding: What `grpc-encoding` said.

    Raises:
        RpcError: there is not exactly one, it is compressed in a way that is not understood, or it is too long.
    """
    if len(body) < PREFIX_BYTES:
        raise RpcError(StatusCode.INTERNAL, "there is no message" if not body else "the message is cut off")
    compressed, length = _unpack_prefix(body)
    if length > MAX_MESSAGE_BYTES:
        raise too_long(length)
    if length != len(body) - PREFIX_BYTES:
        cut = length > len(body) - PREFIX_BYTES
        raise RpcError(StatusCode.INTERNAL, "the message is cut off" if cut else "more than one message")
    message = body[PREFIX_BYTES:]
    if not compressed:
        return message
    if compressed != 1 or encoding == _IDENTITY:
        raise RpcError(StatusCode.INTERNAL, "the compressed flag is set without a grpc-encoding")
    return _inflate(message, encoding)


def stated_length(body: bytes | bytearray) -> int:
    """The length in a message's prefix; 0 while the prefix is incomplete."""
    return int(_PREFIX.unpack_from(body)[1]) if len(body) >= PREFIX_BYTES else 0


def too_long(length: int) -> RpcError:
    """The error for a message of so many bytes, with grpc-java's text."""
    text = f"gRPC message exceeds maximum size {MAX_MESSAGE_BYTES}: {length}"
    return RpcError(StatusCode.RESOURCE_EXHAUSTED, text)


def _inflate(message: bytes, encoding: bytes) -> bytes:
    bits = _WINDOW_BITS.get(encoding)
    if bits is None:
        name = encoding.decode("ascii", "replace")
        raise RpcError(StatusCode.UNIMPLEMENTED, f"grpc-encoding {name} is not understood")
    inflater = zlib.decompressobj(bits)
    try:
        plain = inflater.decompress(message, MAX_MESSAGE_BYTES + 1)
    except zlib.error as error:
        raise RpcError(StatusCode.INTERNAL, "the message cannot be decompressed") from error
    if len(plain) > MAX_MESSAGE_BYTES:
        raise too_long(len(plain))
    if not inflater.eof:
        raise RpcError(StatusCode.INTERNAL, "the compressed message is cut off")
    return plain
