"""Signed transfers as wallets send them to a JSON-RPC relay (EIP-1559).

Ethereum's own library (eth-account) does the same in ten times the processor time, and takes a second to load; the
tests hold this to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from coincurve import PrivateKey
from Crypto.Hash import keccak

WEIBARS: Final = 10_000_000_000
"""Weibars of a tinybar."""

TRANSFER_GAS: Final = 21_000
"""Gas of a transfer to an account that is there, without data."""

ADDRESS_BYTES: Final = 20

_FEE_MARKET: Final = b"\x02"
_SHORT: Final = 55


class Transfer(NamedTuple):
    """A signed transfer: its bytes, and its hash; both as `0x` and hexadecimal digits."""

    raw: str
    hash: str


class Wallet:
    """Signs with one secp256k1 key, without showing it.

    Args:
        secret: 32 bytes.

    Attributes:
        address: Its EVM address, `0x` and 40 hexadecimal digits.
    """

    __slots__ = ("_sign", "address")

    def __init__(self, secret: bytes) -> None:
        key = PrivateKey(secret)
        self.address = "0x" + _keccak(key.public_key.format(compressed=False)[1:])[-ADDRESS_BYTES:].hex()
        self._sign: Callable[[bytes], bytes] = lambda digest: key.sign_recoverable(digest, hasher=None)

    def transfer(self, to: str, tinybars: int, *, nonce: int, gas_price: int, chain_id: int) -> Transfer:
        """Sign a transfer to an account that is there.

        Args:
            to: The recipient's EVM address.
            tinybars: How much.
            nonce: The number of the sender's next transaction.
            gas_price: Weibars of one unit of gas at most.
            chain_id: Of the network.
        """
        value = tinybars * WEIBARS
        numbers = (chain_id, nonce, 0, gas_price, TRANSFER_GAS)
        fields = [*map(_number, numbers), _bytes(bytes.fromhex(to[2:])), _number(value), _bytes(b""), _list(())]
        signature = self._sign(_keccak(_FEE_MARKET + _list(fields)))
        r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
        raw = _FEE_MARKET + _list([*fields, *map(_number, (signature[64], r, s))])
        return Transfer("0x" + raw.hex(), "0x" + _keccak(raw).hex())

    def __repr__(self) -> str:
        return f"Wallet({self.address})"


def _keccak(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def _number(value: int) -> bytes:
    """A number in RLP."""
    return _bytes(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _bytes(value: bytes) -> bytes:
    """Bytes in RLP; none of those here is longer than 55."""
    return value if len(value) == 1 and value[0] < 0x80 else bytes([0x80 + len(value)]) + value


def _list(items: list[bytes] | tuple[()]) -> bytes:
    """A list in RLP, of items that are encoded already."""
    payload = b"".join(items)
    if len(payload) <= _SHORT:
        return bytes([0xC0 + len(payload)]) + payload
    digits = len(payload).to_bytes((len(payload).bit_length() + 7) // 8, "big")
    return bytes([0xC0 + _SHORT + len(digits)]) + digits + payload
