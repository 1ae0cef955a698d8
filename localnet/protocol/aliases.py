"""Aliases of accounts: EVM addresses of 20 bytes, and serialised public keys (HIP-32, HIP-583).

The rules are those of AliasUtils.java and ReadableAccountStoreImpl.java in hiero-consensus-node: an address whose first
twelve bytes are zero ("long-zero") is an entity number and never in the table of aliases; an ECDSA key is found by its
own bytes and by its address; an Ed25519 key has no address.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from Crypto.Hash import keccak
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.message import DecodeError

from localnet import pb
from localnet.protocol.keys import Signatures, SimpleKey, UnusableKeyError, compile_key

EVM_ADDRESS_BYTES: Final = 20
_LONG_ZERO: Final = bytes(12)


def is_address(alias: bytes) -> bool:
    """Whether an alias has the size of an EVM address."""
    return len(alias) == EVM_ADDRESS_BYTES


def is_long_zero(alias: bytes) -> bool:
    """Whether an alias is an entity number in the form of an EVM address."""
    return is_address(alias) and alias.startswith(_LONG_ZERO)


def key_of_alias(alias: bytes) -> Any:
    """The protobuf `Key` that an alias is the serialised form of; None where it is not an Ed25519 or ECDSA key."""
    try:
        key = pb.Key.FromString(alias)
        simple = compile_key(key)
    except (DecodeError, UnusableKeyError):
        return None
    return key if isinstance(simple, SimpleKey) and key.SerializeToString() == alias else None


def address_of_key(key: Any) -> bytes | None:
    """The EVM address of a protobuf `Key`; None unless it is one valid ECDSA key."""
    if key.WhichOneof("key") != "ECDSA_secp256k1":
        return None
    try:
        return address_of_public(key.ECDSA_secp256k1)
    except ValueError:
        return None


def address_of_alias(alias: bytes) -> bytes | None:
    """The EVM address that belongs to an alias; None for no alias and for that of an Ed25519 key."""
    if is_address(alias):
        return alias
    key = key_of_alias(alias) if alias else None
    return None if key is None else address_of_key(key)


def signer_with_address(signatures: Signatures, address: bytes) -> SimpleKey | None:
    """The ECDSA key with this EVM address that signed; it must stand in the signature map as a whole."""
    for key in signatures.ecdsa_keys():
        if address_of_public(key.raw) == address:
            return key
    return None


@lru_cache(maxsize=65_536)
def address_of_public(raw: bytes) -> bytes:
    """The EVM address of a compressed ECDSA secp256k1 public key: the end of the keccak-256 of its two coordinates.

    Raises:
        ValueError: it is not a point of the curve.
    """
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), raw).public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return keccak.new(digest_bits=256, data=point[1:]).digest()[-EVM_ADDRESS_BYTES:]
