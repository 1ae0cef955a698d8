"""Header blocks (HPACK, RFC 7541): a decoder that remembers blocks it has seen, and the literals we answer with.

A client sends the same few header blocks again and again. What a block means depends on its bytes and on the dynamic
table alone, so as long as the table is what it was, equal bytes mean the same. A block that itself changes the table
(an insertion, a new size) is therefore never remembered, and any change of the table forgets everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from hpack import Decoder, HPACKError, OversizedHeaderListError
from hpack.hpack import encode_integer
from hpack.table import HeaderTable

from grpc_http2.wire.errors import ConnectionFailedError, ErrorCode

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]

MAX_REMEMBERED: Final = 128
"""Blocks; with the timeouts of calls there are some dozen of them on a busy connection."""
MAX_REMEMBERED_BYTES: Final = 1_024


class _WatchedTable(HeaderTable):
    """HPACK's dynamic table, which counts its changes."""

    def __init__(self) -> None:
        self.changes = 0
        super().__init__()

    def add(self, name: bytes, value: bytes) -> None:
        self.changes += 1
        super().add(name, value)

    @property
    def maxsize(self) -> int:
        return super().maxsize

    @maxsize.setter
    def maxsize(self, newmax: int) -> None:
        self.changes += 1
        HeaderTable.maxsize.__set__(self, newmax)  # type: ignore[attr-defined]  # mypy takes it for an int


class BlockDecoder(Generic[T]):
    """Decodes the header blocks of one connection, in their order.

    Args:
        interpret: What headers mean. It must depend on nothing but them.
        max_list_bytes: Most bytes of a header list, names and values with 32 for each.
    """

    def __init__(self, interpret: Callable[[Headers], T], max_list_bytes: int) -> None:
        self._interpret = interpret
        self._decoder = Decoder(max_list_bytes)
        self._table = self._decoder.header_table = _WatchedTable()
        self._known: dict[bytes, T] = {}

    def decode(self, block: bytes) -> T:
        """What a block means; what `interpret` raises, is raised after the table is in order.

        Raises:
            ConnectionFailedError: it cannot be decoded, so no later block can be either.
        """
        known = self._known.get(block)
        if known is not None:
            return known
        before = self._table.changes
        try:
            headers: Headers = [(bytes(name), bytes(value)) for name, value in self._decoder.decode(block, raw=True)]
        except OversizedHeaderListError as error:
            raise ConnectionFailedError(ErrorCode.ENHANCE_YOUR_CALM, "the header list is too long") from error
        except (HPACKError, IndexError) as error:
            raise ConnectionFailedError(ErrorCode.COMPRESSION_ERROR, "the header block is malformed") from error
        if self._table.changes != before:
            self._known.clear()
            return self._interpret(headers)
        meaning = self._interpret(headers)
        if len(block) <= MAX_REMEMBERED_BYTES:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[block] = meaning
        return meaning


def literal(name: bytes, value: bytes) -> bytes:
    """One header as it can be sent at any time: in full, and without a trace in the peer's table."""
    return b"\0" + _text(name) + _text(value)


def _text(text: bytes) -> bytes:
    return bytes(encode_integer(len(text), 7)) + text
