"""Frames as bytes: what the standard's examples and an independent reading of them say."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.wire import frames, payloads
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError
from tests.grpc_http2.server.peer import split


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (frames.frame(frames.PING, frames.ACK, 0, b"12345678"), "000008 06 01 00000000 3132333435363738"),
        (frames.settings({4: 65_535, 5: 16_384}), "00000c 04 00 00000000 0004 0000ffff 0005 00004000"),
        (frames.settings({}), "000000 04 00 00000000"),
        (frames.window_update(7, 1_000), "000004 08 00 00000007 000003e8"),
        (frames.rst_stream(5, ErrorCode.CANCEL), "000004 03 00 00000005 00000008"),
        (frames.goaway(9, ErrorCode.PROTOCOL_ERROR, "no"), "00000a 07 00 00000000 00000009 00000001 6e6f"),
        (frames.frame(frames.DATA, frames.END_STREAM, 2**31 - 1, b"x"), "000001 00 01 7fffffff 78"),
    ],
)
def test_bytes(made: bytes, expected: str) -> None:
    """Each frame is the bytes of RFC 9113, section 4.1 and 6."""
    assert made == bytes.fromhex(expected.replace(" ", ""))


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**31 - 1), st.binary(max_size=70_000))
def test_a_frame_is_read_as_it_was_written(kind: int, flags: int, stream_id: int, payload: bytes) -> None:
    """Also one that is longer than 65,535 bytes, whose length has a third byte."""
    assert split(frames.frame(kind, flags, stream_id, payload)) == [(kind, flags, stream_id, payload)]


@given(st.binary(max_size=300), st.integers(0, 255))
def test_padding_comes_off(payload: bytes, padding: int) -> None:
    """Whatever the padding, the payload is left."""
    padded = bytes([padding]) + payload + bytes(padding)
    assert payloads.without_padding(padded, frames.PADDED) == payload
    assert payloads.without_padding(padded, 0) == padded


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x05abcd"])
def test_more_padding_than_payload(payload: bytes) -> None:
    """It is an error of the connection (section 6.1)."""
    with pytest.raises(Http2ConnectionError) as error:
        payloads.without_padding(payload, frames.PADDED)
    assert error.value.code == ErrorCode.PROTOCOL_ERROR


def test_priority_comes_off() -> None:
    """Five bytes, or the frame is too short."""
    assert payloads.header_fragment(b"12345rest", frames.HAS_PRIORITY) == b"rest"
    with pytest.raises(Http2ConnectionError):
        payloads.header_fragment(b"1234", frames.HAS_PRIORITY)


@given(st.binary(max_size=100), st.integers(1, 30), st.booleans())
def test_a_long_header_block_is_cut(block: bytes, max_frame: int, end_stream: bool) -> None:
    """HEADERS, then CONTINUATION: together the block; only the last says so, only the first ends."""
    parts = split(frames.header_frames(3, block, max_frame, end_stream=end_stream))
    assert b"".join(part.payload for part in parts) == block
    assert all(len(part.payload) <= max_frame for part in parts)
    assert [part.kind for part in parts] == [frames.HEADERS] + [frames.CONTINUATION] * (len(parts) - 1)
    assert [bool(part.flags & frames.END_HEADERS) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert bool(parts[0].flags & frames.END_STREAM) == end_stream


@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1)), max_size=10))
def test_settings_are_read_in_order(values: list[tuple[int, int]]) -> None:
    """Also unknown ones, and one that comes twice."""
    payload = b"".join(struct.pack(">HI", *value) for value in values)
    assert payloads.read_settings(0, 0, payload) == values
    if payload:
        with pytest.raises(Http2ConnectionError):
            payloads.read_settings(0, 0, payload[:-1])
