"""Header fields: HTTP/2's rules for all of them, and gRPC's encodings of time-outs and messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.wire.errors import ErrorCode, Http2StreamError
from grpc_http2.wire.fields import (
    checked,
    content_length,
    percent_decoded,
    percent_encoded,
    read_timeout,
    write_timeout,
)

STATUS = frozenset({b":status"})


def test_the_first_of_several_counts() -> None:
    """But for content-length, which must not say two things."""
    assert checked([(b":status", b"200"), (b"x", b"1"), (b"x", b"2")], STATUS) == {b":status": b"200", b"x": b"1"}
    assert checked([(b"content-length", b"1"), (b"content-length", b"1")], STATUS) == {b"content-length": b"1"}


@pytest.mark.parametrize(
    "headers",
    [
        [(b":path", b"/")],
        [(b"x", b"1"), (b":status", b"200")],
        [(b":status", b"200"), (b":status", b"200")],
        [(b"X", b"1")],
        [(b"", b"1")],
        [(b"a b", b"1")],
        [(b"x", b"a\0")],
        [(b"x", b"a\r")],
        [(b"transfer-encoding", b"chunked")],
        [(b"te", b"gzip")],
        [(b"content-length", b"1"), (b"content-length", b"2")],
    ],
)
def test_rules_of_all_headers(headers: list[tuple[bytes, bytes]]) -> None:
    """RFC 9113, sections 8.1.1, 8.2 and 8.3: PROTOCOL_ERROR of the stream."""
    with pytest.raises(Http2StreamError) as error:
        checked(headers, STATUS)
    assert error.value.code == ErrorCode.PROTOCOL_ERROR


def test_content_length() -> None:
    """A number of up to 18 digits, or none."""
    assert content_length({}) == -1
    assert content_length({b"content-length": b"0"}) == 0
    for text in (b"", b"-1", b"1,1", b"1" * 19):
        with pytest.raises(Http2StreamError):
            content_length({b"content-length": text})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(b"2H", 7_200), (b"3M", 180), (b"10S", 10), (b"99999999m", 99_999.999), (b"5u", 5e-6), (b"0n", 0)],
)
def test_timeouts(text: bytes, seconds: float) -> None:
    """Every unit."""
    assert read_timeout(text) == pytest.approx(seconds)


@given(st.floats(0, 1e7))
def test_a_timeout_is_never_shorter_than_it_was(seconds: float) -> None:
    """In whole milliseconds, up to gRPC's eight digits of them."""
    read = read_timeout(write_timeout(seconds))
    assert min(seconds, 99_999.999) - 1e-9 <= read <= max(seconds, 0.0) + 0.001 + 1e-9


@given(st.text())
def test_percent_encoding(text: str) -> None:
    """Printable ASCII comes out, and the text is in it."""
    from urllib.parse import unquote_to_bytes

    encoded = percent_encoded(text)
    assert all(0x20 <= byte <= 0x7E for byte in encoded)
    assert unquote_to_bytes(encoded) == text.encode("utf-8", "replace")
    assert percent_decoded(encoded) == text.encode("utf-8", "replace").decode()


def test_a_message_that_is_no_utf8() -> None:
    """It is shown as far as it can be."""
    assert percent_decoded(b"a%FFb%2") == "a\ufffdb%2"
