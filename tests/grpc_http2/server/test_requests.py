"""What a request says: its headers, its timeout, its message."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.server.call_head import CallHead, read_head
from grpc_http2.wire.errors import Http2StreamError
from grpc_http2.wire.fields import percent_encoded, read_timeout
from grpc_http2.wire.messages import MAX_MESSAGE_BYTES, read_message, write_message
from grpc_http2.wire.status import RpcError, StatusCode

BOMB = gzip.compress(bytes(MAX_MESSAGE_BYTES + 1), mtime=0)
GOOD = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/a/b"),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc+proto"),
]


def without(name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in GOOD if header[0] != name]


def test_a_head() -> None:
    """What matters of it is read."""
    headers = [*GOOD, (b"grpc-timeout", b"250m"), (b"grpc-encoding", b"gzip"), (b"x-bin", b"\xff")]
    assert read_head(headers) == CallHead("/a/b", 0.25, b"gzip")
    assert read_head(GOOD) == CallHead("/a/b")
    assert read_head([(b"x", b"y")]) == CallHead(), "trailers"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b":method", b"GET"), *without(b":method")], 405),
        ([*without(b"content-type"), (b"content-type", b"text/html")], 415),
        (without(b"content-type"), 415),
    ],
)
def test_no_grpc(headers: list[tuple[bytes, bytes]], status: int) -> None:
    """HTTP that is no gRPC gets an HTTP status."""
    assert read_head(headers).http_status == status


@pytest.mark.parametrize(
    "headers",
    [
        without(b":method"),
        without(b":scheme"),
        without(b":path"),
        [(b":path", b""), *without(b":path")],
        [*GOOD, (b":authority", b"late")],
        [*GOOD[:3], (b":path", b"/twice"), *GOOD[3:]],
        [(b":status", b"200"), *GOOD],
        [*GOOD, (b"Upper", b"x")],
        [*GOOD, (b"", b"x")],
        [*GOOD, (b"x", b"a\r\nb")],
        [*GOOD, (b"connection", b"close")],
        [*without(b"te"), (b"te", b"gzip")],
        [*GOOD, (b"grpc-timeout", b"1s")],
        [*GOOD, (b"grpc-timeout", b"123456789S")],
        [*GOOD, (b"grpc-timeout", b"-1S")],
    ],
)
def test_malformed_heads(headers: list[tuple[bytes, bytes]]) -> None:
    """RFC 9113, section 8: the stream ends."""
    with pytest.raises(Http2StreamError):
        read_head(headers)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(b"2H", 7_200), (b"3M", 180), (b"10S", 10), (b"99999999m", 99_999.999), (b"5u", 5e-6), (b"0n", 0)],
)
def test_timeouts(text: bytes, seconds: float) -> None:
    """Every unit."""
    assert read_timeout(text) == pytest.approx(seconds)


@given(st.binary(max_size=2_000))
def test_messages_are_read_as_they_were_written(message: bytes) -> None:
    """Plain and compressed."""
    assert read_message(write_message(message)) == message
    for encoding, packed in ((b"gzip", gzip.compress(message, mtime=0)), (b"deflate", zlib.compress(message))):
        assert read_message(b"\x01" + write_message(packed)[1:], encoding) == message


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"", b"identity", StatusCode.INTERNAL),
        (b"\0\0\0", b"identity", StatusCode.INTERNAL),
        (write_message(b"abc")[:-1], b"identity", StatusCode.INTERNAL),
        (write_message(b"abc") * 2, b"identity", StatusCode.INTERNAL),
        (b"\x01" + write_message(b"abc")[1:], b"identity", StatusCode.INTERNAL),
        (b"\x02" + write_message(b"abc")[1:], b"gzip", StatusCode.INTERNAL),
        (b"\x01" + write_message(b"abc")[1:], b"gzip", StatusCode.INTERNAL),
        (b"\x01" + write_message(gzip.compress(b"abc", mtime=0)[:-9])[1:], b"gzip", StatusCode.INTERNAL),
        (b"\x01" + write_message(b"abc")[1:], b"snappy", StatusCode.UNIMPLEMENTED),
        (b"\x01" + write_message(BOMB)[1:], b"gzip", StatusCode.RESOURCE_EXHAUSTED),
        (b"\0\x7f\xff\xff\xff", b"identity", StatusCode.RESOURCE_EXHAUSTED),
    ],
)  # fmt: skip
def test_what_is_no_message(body: bytes, encoding: bytes, status: StatusCode) -> None:
    """Each mistake has its status; a few bytes that unpack to many are not unpacked."""
    with pytest.raises(RpcError) as error:
        read_message(body, encoding)
    assert error.value.status == status


@given(st.text())
def test_percent_encoding(text: str) -> None:
    """Printable ASCII comes out, and the text is in it."""
    from urllib.parse import unquote_to_bytes

    encoded = percent_encoded(text)
    assert all(0x20 <= byte <= 0x7E for byte in encoded)
    assert unquote_to_bytes(encoded) == text.encode("utf-8", "replace")
