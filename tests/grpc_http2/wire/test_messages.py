"""gRPC's messages: written, read, and what is none."""

from __future__ import annotations

import gzip
import zlib

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.wire.messages import MAX_MESSAGE_BYTES, read_message, write_message
from grpc_http2.wire.status import RpcError, StatusCode

BOMB = gzip.compress(bytes(MAX_MESSAGE_BYTES + 1), mtime=0)


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


def test_status_codes_are_grpcs() -> None:
    """By name and number, as grpcio has them."""
    assert {code.name: code.value for code in StatusCode} == {code.name: code.value[0] for code in grpc.StatusCode}
