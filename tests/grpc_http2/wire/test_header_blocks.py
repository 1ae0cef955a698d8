"""Header blocks: with a memory of blocks, the decoder says the same as without."""

from __future__ import annotations

from typing import Any

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError
from grpc_http2.wire.header_blocks import MAX_REMEMBERED, BlockDecoder, Headers, literal

# Few names and values, so that blocks come again and tables are used.
NAMES = st.sampled_from([":path", ":method", "content-type", "te", "grpc-timeout", "user-agent", "x"])
VALUES = st.sampled_from(["", "1S", "9999m", "POST", "trailers", "a" * 30, "b" * 500, "/proto.Service/method"])
SENSITIVE = st.booleans()
LISTS = st.lists(st.tuples(NAMES, VALUES, SENSITIVE), max_size=6)
SIZES = st.sampled_from([None, 0, 60, 4_096])


def decoder(max_list_bytes: int = 16_384) -> BlockDecoder[Headers]:
    return BlockDecoder(lambda headers: headers, max_list_bytes)


@settings(max_examples=300)
@given(st.lists(st.tuples(LISTS, SIZES), max_size=30))
def test_the_memory_changes_nothing(blocks: list[tuple[list[tuple[str, str, bool]], int | None]]) -> None:
    """Whatever is inserted, evicted or resized between equal blocks, each means what a plain decoder says it means."""
    encoder, plain, remembering = hpack.Encoder(), hpack.Decoder(), decoder()
    for headers, size in blocks:
        if size is not None:
            encoder.header_table_size = size
        block = encoder.encode(headers)
        expected = [(bytes(name), bytes(value)) for name, value in plain.decode(block, raw=True)]
        assert remembering.decode(block) == expected == [(n.encode(), v.encode()) for n, v, _ in headers]


def test_the_same_bytes_after_a_change_of_the_table() -> None:
    """An index means another header after an insertion: what was remembered of it is forgotten."""
    remembering = decoder()
    insert, index_62 = (lambda value: b"\x40" + literal(b"x", value)[1:]), b"\xbe"
    remembering.decode(insert(b"old"))
    assert remembering.decode(index_62) == [(b"x", b"old")]
    assert remembering.decode(index_62) == [(b"x", b"old")]
    remembering.decode(insert(b"new"))
    assert remembering.decode(index_62) == [(b"x", b"new")]


def test_the_same_bytes_after_the_table_was_emptied() -> None:
    """A smaller table evicts what an index meant."""
    remembering = decoder()
    remembering.decode(b"\x40" + literal(b"x", b"y")[1:])
    assert remembering.decode(b"\xbe") == [(b"x", b"y")]
    remembering.decode(b"\x20")
    with pytest.raises(Http2ConnectionError):
        remembering.decode(b"\xbe")


def test_equal_blocks_are_interpreted_once() -> None:
    """That is what the memory is for; and it does not grow without end."""
    asked: list[Any] = []
    remembering: BlockDecoder[int] = BlockDecoder(lambda headers: asked.append(headers) or len(asked), 16_384)
    block = literal(b"a", b"b")
    assert [remembering.decode(block), remembering.decode(block)] == [1, 1]
    for number in range(MAX_REMEMBERED):
        remembering.decode(literal(b"a", b"%d" % number))
    assert remembering.decode(block) == MAX_REMEMBERED + 2


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (b"\xff\xff\xff\xff\x0f", ErrorCode.COMPRESSION_ERROR),  # an index far beyond the table
        (b"\x80", ErrorCode.COMPRESSION_ERROR),  # index 0
        (b"\x00\x05ab", ErrorCode.COMPRESSION_ERROR),  # cut off
        (b"\x00\x81\xff\x00", ErrorCode.COMPRESSION_ERROR),  # Huffman: padding that is none
        (b"\x3f\xff\xff\xff\x0f", ErrorCode.COMPRESSION_ERROR),  # a table larger than allowed
        (literal(b"a", b"b" * 20_000), ErrorCode.ENHANCE_YOUR_CALM),
    ],
)
def test_a_block_that_cannot_be_decoded(block: bytes, code: ErrorCode) -> None:
    """It ends the connection, because no later block could be decoded."""
    with pytest.raises(Http2ConnectionError) as error:
        decoder().decode(block)
    assert error.value.code == code


@given(st.binary(max_size=60))
def test_any_bytes(block: bytes) -> None:
    """Nothing but the one exception comes out."""
    failure = None
    try:
        decoder().decode(block)
    except Http2ConnectionError as error:
        failure = error
    assert failure is None or failure.code in (ErrorCode.COMPRESSION_ERROR, ErrorCode.ENHANCE_YOUR_CALM)


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=300))
def test_a_literal_is_read_by_anyone(name: bytes, value: bytes) -> None:
    """And leaves no trace in the reader's table."""
    reader = hpack.Decoder()
    assert list(reader.decode(literal(name, value), raw=True)) == [(name, value)]
    assert not reader.header_table.dynamic_entries


def test_a_table_of_no_size_never_changes() -> None:
    """Blocks that would insert into it, and repeat its size, are remembered all the same; a larger one is refused."""
    seen: list[Headers] = []

    def interpret(headers: Headers) -> Headers:
        seen.append(headers)
        return headers

    decoder = BlockDecoder(interpret, 10_000, table_bytes=0)
    inserting = b"\x20" + hpack.Encoder().encode([("x", "y"), (":status", "299")])
    assert decoder.decode(inserting) is decoder.decode(inserting)
    assert seen == [[(b"x", b"y"), (b":status", b"299")]]
    with pytest.raises(Http2ConnectionError) as error:
        decoder.decode(b"\x3f\xe1\x1f")
    assert error.value.code == ErrorCode.COMPRESSION_ERROR
