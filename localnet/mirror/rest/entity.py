"""Entity ids, EVM addresses and aliases in paths and filters, read as the mirror reads them.

Sources: MN:rest/entityId.js and MN:rest/accountAlias.js.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from localnet.mirror.rest.errors import ApiError
from localnet.mirror.store import EVM_ADDRESS_BYTES
from localnet.protocol.ids import encode_entity

_PARTS: Final = re.compile(r"([0-9]{1,4}\.)?[0-9]{1,5}\.[0-9]{1,12}")
_ENCODED: Final = re.compile(r"-?[0-9]{1,19}")
_ADDRESS: Final = re.compile(r"(0x)?[0-9A-Fa-f]{40}")
_ADDRESS_AT: Final = re.compile(r"([0-9]{1,4}\.)?([0-9]{1,5}\.)?[0-9A-Fa-f]{40}")
_ALIAS: Final = re.compile(r"([0-9]{1,5}\.){0,2}[A-Z2-7]+")
_LONG_ZERO: Final = bytes(12)


def is_address(text: str) -> bool:
    """Whether it is an EVM address of its own: 20 bytes in hex, with or without 0x."""
    return _ADDRESS.fullmatch(text) is not None


def is_entity_id(text: str, *, addresses: bool = True) -> bool:
    """Whether it has the form of an id: `N`, `realm.N`, `shard.realm.N`, or, if `addresses`, of an EVM address."""
    if _PARTS.fullmatch(text) or _ENCODED.fullmatch(text):
        return True
    return addresses and (is_address(text) or _ADDRESS_AT.fullmatch(text) is not None)


def parse_entity_id(text: str) -> int | bytes:
    """Read a text that has passed `is_entity_id`: an encoded id, or the 20 bytes of an address that is not a number.

    Raises:
        ApiError: a part is too large, or an address is said to be in another shard or realm (400).
    """
    *place, last = text.removeprefix("0x").split(".")
    shard, realm = ["0", "0", *place][-2:]
    wrong = ApiError(400, f'Invalid entity ID "{shard}.{realm}.{last}"')
    if len(last) != 2 * EVM_ADDRESS_BYTES:
        encoded = encode_entity(int(shard), int(realm), int(last)) if _PARTS.fullmatch(f"0.0.{last}") else None
    else:
        if int(shard) or int(realm):
            raise wrong
        address = bytes.fromhex(last)
        if not address.startswith(_LONG_ZERO) or address[12] or int.from_bytes(address[12:], "big") >> 38:
            return address
        encoded = int.from_bytes(address, "big")
    if encoded is None:
        raise wrong
    return encoded


def is_alias(text: str, *, with_place: bool = True) -> bool:
    """Whether it has the form of an alias: base32 without padding; if `with_place`, also behind a shard and a realm."""
    return _ALIAS.fullmatch(text) is not None and (with_place or "." not in text)


def parse_alias(text: str) -> bytes | None:
    """The bytes of an alias that has passed `is_alias`; None where no account of this network has it.

    Raises:
        ApiError: it is said to be in another shard or realm (400).
    """
    *place, last = text.split(".")
    for name, number in zip(("realm", "shard"), reversed(place), strict=False):
        if int(number):
            raise ApiError(400, f"Unsupported {name} {number}")
    try:
        return base64.b32decode(last + "=" * (-len(last) % 8))
    except binascii.Error:
        return None


def write_alias(alias: bytes) -> str | None:
    """An alias as the mirror shows it; None for no alias."""
    return base64.b32encode(alias).decode().rstrip("=") or None
