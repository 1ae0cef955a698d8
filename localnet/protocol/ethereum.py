"""Ethereum transactions in their raw bytes: legacy ones (EIP-155), EIP-2930 and EIP-1559.

Forms and names are those of EthTxData.java and EthTxSigs.java in hiero-consensus-node; the sender is the address of the
secp256k1 key that the signature recovers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coincurve import PublicKey
from Crypto.Hash import keccak

from localnet.protocol import rlp
from localnet.protocol.aliases import EVM_ADDRESS_BYTES, address_of_public

WEIBARS: Final = 10_000_000_000
"""Weibars of a tinybar (EthTxData.WEIBARS_IN_A_TINYBAR)."""

CHAIN_ID: Final = 0x12A
"""The chain id of local networks (globalConfig.ts of the relay, and Solo's `contracts.chainId`)."""

LEGACY, ACCESS_LIST, FEE_MARKET, BLOB, SET_CODE = range(5)
"""Types of transactions (EIP-2718), by their numbers."""

BASE_GAS: Final = 21_000
GAS_PER_TOKEN: Final = 4
FLOOR_GAS_PER_TOKEN: Final = 10
"""Gas of a transaction, and of its data by tokens: one for a zero byte, four for another (EIP-7623)."""

_UNPROTECTED: Final = (27, 28)
_PROTECTED: Final = 35
_MOST_DIGITS: Final = 32
_KEY_BYTES: Final = 32
_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_FIELDS: Final = {LEGACY: 9, ACCESS_LIST: 11, FEE_MARKET: 12}


AccessList = tuple[tuple[bytes, tuple[bytes, ...]], ...]


class UnreadableError(ValueError):
    """The bytes are not an Ethereum transaction of a known form with a valid signature."""


@dataclass(frozen=True, slots=True)
class EthereumTransaction:
    """A signed Ethereum transaction; amounts are in weibars.

    Attributes:
        raw: Its bytes.
        hash: The keccak-256 of them, by which Ethereum's tools know it.
        kind: Its type.
        chain_id: Of the network that it is for; None of a legacy one that does not say (before EIP-155).
        nonce: Its number among its sender's.
        max_fee: The most that its sender pays for a unit of gas; the gas price of legacy and EIP-2930 ones.
        priority_fee: What EIP-1559 offers on top of the base fee, which is no use here; 0 of others.
        gas_limit: The most units of gas.
        to: The recipient's address; empty where it makes a contract.
        value: What is transferred.
        data: What a contract would be called with.
        access_list: The addresses that it names beforehand, each with its storage keys.
        v, r, s: The signature; `v` as it is in a legacy transaction, else the parity.
        sender: The address that signed it.
        key: That address's public key, compressed.
    """

    raw: bytes
    hash: bytes
    kind: int
    chain_id: int | None
    nonce: int
    max_fee: int
    priority_fee: int
    gas_limit: int
    to: bytes
    value: int
    data: bytes
    access_list: AccessList
    v: int
    r: int
    s: int
    sender: bytes
    key: bytes

    @property
    def tinybars(self) -> int:
        """The value in tinybars, rounded down (EthTxData.effectiveTinybarValue)."""
        return self.value // WEIBARS

    @property
    def max_gas_price(self) -> int:
        """The most that its sender pays for a unit of gas in tinybars, rounded down (effectiveOfferedGasPrice)."""
        return self.max_fee // WEIBARS

    @property
    def intrinsic_gas(self) -> int:
        """The gas that it takes before anything is done."""
        return intrinsic_gas(self.data)


def keccak_256(data: bytes) -> bytes:
    """Ethereum's hash."""
    return keccak.new(digest_bits=256, data=data).digest()


def intrinsic_gas(data: bytes) -> int:
    """The gas that a call with this data takes before anything is done (EIP-7623)."""
    zeros = data.count(0)
    tokens = zeros + 4 * (len(data) - zeros)
    return BASE_GAS + max(GAS_PER_TOKEN, FLOOR_GAS_PER_TOKEN) * tokens


def type_of(raw: bytes) -> int:
    """The type that raw bytes claim to be of; a list in RLP is a legacy one.

    Raises:
        UnreadableError: there are none.
    """
    if not raw:
        raise UnreadableError("unsigned transaction cannot be empty")
    return LEGACY if raw[0] >= 0xC0 else raw[0]


def read_ethereum(raw: bytes) -> EthereumTransaction:
    """Read a signed transaction.

    Raises:
        UnreadableError: it is of another type, malformed, or its signature is not valid.
    """
    kind = type_of(raw)
    if kind not in _FIELDS:
        raise UnreadableError(f"unsupported transaction type: {kind}")
    try:
        fields = rlp.decode(raw if kind == LEGACY else raw[1:])
    except rlp.RlpError as error:
        raise UnreadableError(str(error)) from error
    if isinstance(fields, bytes) or len(fields) != _FIELDS[kind]:
        raise UnreadableError(f"invalid field count for transaction type: {kind}")
    reader = _read_legacy if kind == LEGACY else _read_typed
    return reader(raw, kind, fields)


def _read_legacy(raw: bytes, kind: int, fields: list[rlp.Item]) -> EthereumTransaction:
    nonce, price, limit, to, value, data, v, r, s = fields
    number = _number(v)
    signed = [nonce, price, limit, to, value, data]
    if number in _UNPROTECTED:
        chain_id, parity = None, number - _UNPROTECTED[0]
    elif number >= _PROTECTED:
        chain_id, parity = divmod(number - _PROTECTED, 2)
        signed += [rlp.number(chain_id), b"", b""]
    else:
        raise UnreadableError("non-canonical legacy v")
    key = _recover(rlp.encode(signed), parity, _number(r), _number(s))
    return EthereumTransaction(
        raw, keccak_256(raw), kind, chain_id, _number(nonce), _number(price), 0, _number(limit), _address(to),
        _number(value), _bytes(data), (), number, _number(r), _number(s), address_of_public(key), key,
    )  # fmt: skip


def _read_typed(raw: bytes, kind: int, fields: list[rlp.Item]) -> EthereumTransaction:
    *signed, parity, r, s = fields
    if kind == ACCESS_LIST:
        chain_id, nonce, max_fee, limit, to, value, data, access_list = signed
        priority: rlp.Item = b""
    else:
        chain_id, nonce, priority, max_fee, limit, to, value, data, access_list = signed
    key = _recover(bytes([kind]) + rlp.encode(signed), _number(parity), _number(r), _number(s))
    return EthereumTransaction(
        raw, keccak_256(raw), kind, _number(chain_id), _number(nonce), _number(max_fee), _number(priority),
        _number(limit), _address(to), _number(value), _bytes(data), _access_list(access_list),
        _number(parity), _number(r), _number(s), address_of_public(key), key,
    )  # fmt: skip


def _recover(signed: bytes, parity: int, r: int, s: int) -> bytes:
    """The compressed key that a signature recovers to; only the lower half of `s` counts (EIP-2)."""
    if parity not in (0, 1) or not 0 < r < _ORDER or not 0 < s <= _ORDER // 2:
        raise UnreadableError("invalid signature")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    try:
        return PublicKey.from_signature_and_message(signature, keccak_256(signed), hasher=None).format()
    except Exception as error:  # the library raises plain exceptions for signatures that fit no key
        raise UnreadableError("invalid signature") from error


def _bytes(item: rlp.Item) -> bytes:
    if not isinstance(item, bytes):
        raise UnreadableError("invalid transaction: a list in place of bytes")
    return item


def _number(item: rlp.Item) -> int:
    """A number, as RLP writes it: without leading zeros, and 256 bits at most."""
    digits = _bytes(item)
    if len(digits) > _MOST_DIGITS or digits[:1] == b"\0":
        raise UnreadableError("invalid transaction: not a canonical number")
    return int.from_bytes(digits, "big")


def _address(item: rlp.Item) -> bytes:
    address = _bytes(item)
    if len(address) not in (0, EVM_ADDRESS_BYTES):
        raise UnreadableError("invalid address")
    return address


def _access_list(item: rlp.Item) -> AccessList:
    """An access list: pairs of an address and the keys of storage slots (EIP-2930)."""
    found = []
    for entry in _items(item):
        pair = _items(entry)
        if len(pair) != 2 or not (address := _address(pair[0])):
            raise UnreadableError("invalid access list")
        keys = tuple(_bytes(key) for key in _items(pair[1]))
        if any(len(key) != _KEY_BYTES for key in keys):
            raise UnreadableError("invalid access list")
        found.append((address, keys))
    return tuple(found)


def _items(item: rlp.Item) -> list[rlp.Item]:
    if isinstance(item, bytes):
        raise UnreadableError("invalid transaction: bytes in place of a list")
    return item
