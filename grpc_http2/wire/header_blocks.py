"""Header blocks (HPACK, RFC 7541): put together from frames, decoded with a memory of equal ones, and literals to send.

A peer sends the same few header blocks again and again. What a block means depends on its bytes and on the dynamic
table alone, so as long as the table is what it was, equal bytes mean the same. A block that itself changes the table
(an insertion, a new size) is therefore never remembered, and any change of the table forgets everything. A table of
size 0, as the client asks for, never changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from hpack import Decoder, HPACKError, OversizedHeaderListError
from hpack.table import HeaderTable

from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]

MAX_REMEMBERED: Final = 128
"""Blocks; with the timeouts of calls there are some dozen of them on a busy connection."""
MAX_REMEMBERED_BYTES: Final = 1_024
MAX_FRAMES: Final = 64
"""Maximum CONTINUATION frames of one header block; empty ones would have no limit otherwise."""
DEFAULT_TABLE_BYTES: Final = 4_096


class _WatchedTable(HeaderTable):
    """HPACK's dynamic table, which counts its changes. An entry in a table of size 0 is no change."""

    def __init__(self) -> None:
        self.changes = 0
        super().__init__()

    def add(self, name: bytes, value: bytes) -> None:
        self.changes += self.maxsize > 0
        super().add(name, value)

    @property
    def maxsize(self) -> int:
        return super().maxsize

    @maxsize.setter
    def maxsize(self, newmax: int) -> None:
        self.changes += newmax != self.maxsize
        HeaderTable.maxsize.__set__(self, newmax)  # type: ignore[attr-defined]  # mypy takes it for an int


class BlockDecoder(Generic[T]):
    """Decodes the header blocks of one connection, in their order.

    Args:
        interpret: Converts headers to their meaning; it must depend on them only.
        max_list_bytes: Most bytes of a header list, names and values with 32 for each.
        table_bytes: SETTINGS_HEADER_TABLE_SIZE as announced to the peer.
    """

    def __init__(
        self, interpret: Callable[[Headers], T], max_list_bytes: int, table_bytes: int = DEFAULT_TABLE_BYTES
    ) -> None:
        self._interpret = interpret
        self._decoder = Decoder(max_list_bytes)
        self._table = self._decoder.header_table = _WatchedTable()
        self._decoder.max_allowed_table_size = table_bytes
        self._table.maxsize = table_bytes
        self._known: dict[bytes, T] = {}

    def __repr__(self) -> str:
        return f"<BlockDecoder remembers {len(self._known)} blocks, table changed {self._table.changes} times>"

    def decode(self, block: bytes) -> T:
        """The meaning of a block. Errors of `interpret` are raised after the table was updated.

        Raises:
            Http2ConnectionError: it cannot be decoded, so no later block can be either.
        """
        known = self._known.get(block)
        if known is not None:
            return known
        before = self._table.changes
        try:
            headers: Headers = [(bytes(name), bytes(value)) for name, value in self._decoder.decode(block, raw=True)]
        except OversizedHeaderListError as error:
            raise Http2ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "the header list is too long") from error
        except (HPACKError, IndexError) as error:
            raise Http2ConnectionError(ErrorCode.COMPRESSION_ERROR, "the header block is malformed") from error
        if self._table.changes != before:
            self._known.clear()
            return self._interpret(headers)
        meaning = self._interpret(headers)
        if len(block) <= MAX_REMEMBERED_BYTES:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[block] = meaning
        return meaning


class OpenBlock:
    """A header block whose HEADERS frame did not end it: CONTINUATION frames must follow (RFC 9113, section 6.10).

    Args:
        stream_id: Of the HEADERS frame.
        flags: Of the HEADERS frame.
        fragment: The part of the block in that frame.
        max_bytes: Maximum of the whole block.

    Attributes:
        stream_id, flags: As given.
    """

    __slots__ = ("_frames", "_max_bytes", "block", "flags", "stream_id")

    def __init__(self, stream_id: int, flags: int, fragment: bytes, max_bytes: int) -> None:
        self.stream_id = stream_id
        self.flags = flags
        self.block = bytearray(fragment)
        self._max_bytes = max_bytes
        self._frames = 1

    def __repr__(self) -> str:
        return f"<OpenBlock of stream {self.stream_id}, {len(self.block)} bytes in {self._frames} frames>"

    def check_next(self, kind: int, stream_id: int) -> None:
        """Only CONTINUATION of the same stream may follow.

        Raises:
            Http2ConnectionError: the next frame is another one.
        """
        if kind != frames.CONTINUATION or stream_id != self.stream_id:
            raise Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, "CONTINUATION is missing")

    def add(self, fragment: bytes) -> None:
        """Add the part of the block in a CONTINUATION frame.

        Raises:
            Http2ConnectionError: the block is too long, or in too many frames.
        """
        self.block += fragment
        self._frames += 1
        if len(self.block) > self._max_bytes:
            reason = f"the header block is longer than {self._max_bytes} bytes"
            raise Http2ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, reason)
        if self._frames > MAX_FRAMES:
            reason = f"the header block has more than {MAX_FRAMES} frames"
            raise Http2ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, reason)


def literal(name: bytes, value: bytes) -> bytes:
    """One header as a literal without indexing, which leaves the peer's table unchanged."""
    return b"\0" + string_literal(name) + string_literal(value)


def string_literal(data: bytes) -> bytes:
    """A string without Huffman coding (RFC 7541, section 5.2)."""
    length = len(data)
    if length < 0x7F:
        return bytes((length,)) + data
    prefix, rest = bytearray((0x7F,)), length - 0x7F
    while rest >= 0x80:
        prefix.append(rest & 0x7F | 0x80)
        rest >>= 7
    prefix.append(rest)
    return bytes(prefix) + data
