"""What the headers of a request say."""

from __future__ import annotations

import pytest

from grpc_http2.server.call_head import CallHead, read_head
from grpc_http2.wire.errors import Http2StreamError

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
    """HTTP that is not gRPC gets an HTTP status."""
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
