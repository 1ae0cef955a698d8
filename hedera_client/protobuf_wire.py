"""The part of Protobuf's wire format that submits need, encoded by hand: varints and length-delimited fields.

Serialising protobuf message objects takes several times as long, and most of a transaction's bytes never change.
The output is byte for byte that of protobuf (tests hold it to that): fields in ascending order, zero values left out
(protocol buffers documentation, "Encoding").
"""

from __future__ import annotations

from typing import Final

_SHORT_LIMIT: Final = 8_192
_SHORT: Final = tuple(
    bytes((value,)) if value < 0x80 else bytes((value & 0x7F | 0x80, value >> 7)) for value in range(_SHORT_LIMIT)
)
"""Lengths and tags are nearly always this short; looking them up takes a third of making them."""


def varint(value: int) -> bytes:
    """A whole number from 0 to 2**64 - 1."""
    if value < _SHORT_LIMIT:
        return _SHORT[value]
    if 1 << 28 <= value < 1 << 35:  # most counts of nanoseconds within a second
        low, high = value & 0x7F | 0x80, value >> 28
        return bytes((low, value >> 7 & 0x7F | 0x80, value >> 14 & 0x7F | 0x80, value >> 21 & 0x7F | 0x80, high))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def tag(number: int, wire_type: int) -> bytes:
    """What stands before field `number`; wire type 0 is a varint, 2 is length-delimited."""
    return varint(number << 3 | wire_type)


def delimited(number: int, payload: bytes) -> bytes:
    """A field of bytes, text or an embedded message; it is there even where it is empty."""
    return tag(number, 2) + varint(len(payload)) + payload


def number_field(number: int, value: int) -> bytes:
    """A field of an unsigned or non-negative number; left out where it is 0."""
    return tag(number, 0) + varint(value) if value else b""
