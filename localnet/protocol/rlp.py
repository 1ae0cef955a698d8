"""RLP, Ethereum's encoding of byte strings and lists of them (Yellow Paper, appendix B).

The library that is called so costs 26 MB and a second at the start of every embedded network, because it loads all of
eth-utils with pydantic; the tests hold this to it.
"""

from __future__ import annotations

from typing import Final

Item = bytes | list["Item"]

_SHORT: Final = 55
"""Longest payload whose length stands in the first byte."""
_STRING: Final = 0x80
_LIST: Final = 0xC0
_MAX_DEPTH: Final = 8
"""Lists within lists; transactions have three."""


class RlpError(ValueError):
    """The bytes are not the one right encoding of anything."""


def encode(item: Item) -> bytes:
    """The encoding of bytes, or of a list of what can be encoded."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < _STRING else _head(len(item), _STRING) + item
    payload = b"".join(map(encode, item))
    return _head(len(payload), _LIST) + payload


def decode(raw: bytes) -> Item:
    """What bytes are the encoding of.

    Raises:
        RlpError: they are none, there is more after it, or the same could be written shorter.
    """
    item, end = _item(raw, 0, len(raw), _MAX_DEPTH)
    if end != len(raw):
        raise RlpError("unexpected junk after rlp payload")
    return item


def number(value: int) -> bytes:
    """A number as RLP has them: big-endian, without leading zeros."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _head(length: int, kind: int) -> bytes:
    if length <= _SHORT:
        return bytes([kind + length])
    digits = number(length)
    return bytes([kind + _SHORT + len(digits)]) + digits


def _item(raw: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    """The item that begins at a place and ends before another; and where it ends."""
    if at >= end:
        raise RlpError("data short segment")
    first = raw[at]
    if first < _STRING:
        return raw[at : at + 1], at + 1
    kind = _LIST if first >= _LIST else _STRING
    begin, stop = _payload(raw, at, end, first - kind)
    if kind == _LIST:
        return _items(raw, begin, stop, depth), stop
    if stop - begin == 1 and raw[begin] < _STRING:
        raise RlpError("a single byte needs no length")
    return raw[begin:stop], stop


def _items(raw: bytes, at: int, end: int, depth: int) -> list[Item]:
    if not depth:
        raise RlpError("lists are nested too deeply")
    found: list[Item] = []
    while at < end:
        item, at = _item(raw, at, end, depth - 1)
        found.append(item)
    return found


def _payload(raw: bytes, at: int, end: int, told: int) -> tuple[int, int]:
    """Where a payload begins and stops, whose first byte has told its length or how many bytes tell it."""
    begin = at + 1
    if told <= _SHORT:
        stop = begin + told
    else:
        begin += told - _SHORT
        digits = raw[at + 1 : begin]
        if len(digits) < told - _SHORT:
            raise RlpError("data short segment")
        stop = begin + int.from_bytes(digits, "big")
        if digits[0] == 0 or stop - begin <= _SHORT:
            raise RlpError("a length could be written shorter")
    if stop > end:
        raise RlpError("data short segment")
    return begin, stop
