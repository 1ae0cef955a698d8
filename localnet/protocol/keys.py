"""Keys and signatures: which keys a transaction's signatures satisfy.

Ed25519 signs the body bytes; ECDSA secp256k1 signs their keccak-256 digest and gives r and s as 64 bytes (protocol
document of the SDKs, `SignaturePair`). Key lists need all of their keys, threshold keys `threshold` of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from Crypto.Hash import keccak
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

MAX_KEY_DEPTH = 15
ECDSA_KEY_BYTES = 33
_PREHASHED = ec.ECDSA(Prehashed(hashes.SHA256()))  # 32 bytes are 32 bytes; keccak-256 has no name in cryptography


class UnusableKeyError(ValueError):
    """The key has a wrong length, a wrong threshold, no members, too many levels, or a kind that signs nothing here."""


class KeyTooDeepError(UnusableKeyError):
    """The key has too many levels."""


@dataclass(frozen=True, slots=True)
class SimpleKey:
    """One public key. `kind` is the protobuf field it came in: `ed25519` (32 bytes) or `ECDSA_secp256k1` (33 bytes)."""

    kind: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Satisfied when at least `threshold` of `members` are."""

    threshold: int
    members: tuple[SimpleKey | KeyGroup, ...]


CompiledKey = SimpleKey | KeyGroup


def compile_key(key: Any, depth: int = 1) -> CompiledKey:
    """Compile a protobuf `Key`.

    Raises:
        UnusableKeyError: no signature could ever satisfy it.
    """
    kind = key.WhichOneof("key")
    if kind == "ed25519" or kind == "ECDSA_secp256k1":
        simple = SimpleKey(kind, getattr(key, kind))
        _public_key(simple)
        return simple
    if depth >= MAX_KEY_DEPTH:
        raise KeyTooDeepError(f"keys nest deeper than {MAX_KEY_DEPTH} levels")
    if kind == "keyList":
        return compile_key_list(key.keyList, depth)
    if kind == "thresholdKey":
        return _group(key.thresholdKey.keys.keys, key.thresholdKey.threshold, depth)
    raise UnusableKeyError(f"a key of kind {kind} cannot sign")


def compile_key_list(key_list: Any, depth: int = 1) -> KeyGroup:
    """Compile a protobuf `KeyList`, which needs every one of its keys.

    Raises:
        UnusableKeyError: it is empty or holds an unusable key.
    """
    return _group(key_list.keys, len(key_list.keys), depth)


def _group(keys: Any, threshold: int, depth: int) -> KeyGroup:
    if not 1 <= threshold <= len(keys):
        raise UnusableKeyError(f"threshold {threshold} of {len(keys)} keys")
    return KeyGroup(threshold, tuple(compile_key(key, depth + 1) for key in keys))


def count_keys(key: CompiledKey | None) -> int:
    """Number of simple keys in a key; what fees are counted by."""
    if key is None:
        return 0
    return 1 if isinstance(key, SimpleKey) else sum(count_keys(member) for member in key.members)


def is_empty_key(key: Any) -> bool:
    """Whether a protobuf `Key` is the empty key list, which SDKs send to say "no key"."""
    return key.WhichOneof("key") == "keyList" and not key.keyList.keys


def names_no_key(key: Any) -> bool:
    """Whether there is no simple key at all in a protobuf `Key` (KeyUtils.isEmpty)."""
    kind = key.WhichOneof("key")
    if kind is None:
        return True
    if kind == "keyList":
        return all(map(names_no_key, key.keyList.keys))
    if kind == "thresholdKey":
        return all(map(names_no_key, key.thresholdKey.keys.keys))
    value = getattr(key, kind)
    return not (value if isinstance(value, bytes) else value.ByteSize())


def is_satisfied(key: CompiledKey, signatures: Signatures) -> bool:
    """Whether the signatures satisfy the key."""
    if isinstance(key, SimpleKey):
        return signatures.signed_by(key)
    missing = len(key.members) - key.threshold
    for member in key.members:
        if not is_satisfied(member, signatures):
            missing -= 1
            if missing < 0:
                return False
    return True


def any_satisfied(key: KeyGroup, signatures: Signatures) -> bool:
    """Whether the signatures satisfy at least one member of the group."""
    return any(is_satisfied(member, signatures) for member in key.members)


class Signatures:
    """The signatures on one transaction, each verified when a key asks for it, and then remembered."""

    __slots__ = ("_message", "_pairs", "_verified")

    def __init__(self, pairs: Any, message: bytes) -> None:
        self._pairs = pairs
        self._message = message
        self._verified: dict[SimpleKey, bool] = {}

    def __len__(self) -> int:
        return len(self._pairs)

    def signed_by(self, key: SimpleKey) -> bool:
        """Whether `key` signed the message. A pair belongs to a key when its prefix starts the key's bytes."""
        known = self._verified.get(key)
        if known is None:
            known = self._verified[key] = self._verify(key)
        return known

    def ecdsa_keys(self) -> Iterator[SimpleKey]:
        """The ECDSA keys that are given whole and signed the message."""
        for pair in self._pairs:
            if pair.WhichOneof("signature") == "ECDSA_secp256k1" and len(pair.pubKeyPrefix) == ECDSA_KEY_BYTES:
                key = SimpleKey("ECDSA_secp256k1", pair.pubKeyPrefix)
                if _is_usable(key) and self.signed_by(key):
                    yield key

    def _verify(self, key: SimpleKey) -> bool:
        for pair in self._pairs:  # the field of a signature is named like that of its key
            if (
                pair.WhichOneof("signature") == key.kind
                and key.raw.startswith(pair.pubKeyPrefix)
                and _verify(key, getattr(pair, key.kind), self._message)
            ):
                return True
        return False


def _is_usable(key: SimpleKey) -> bool:
    try:
        _public_key(key)
    except UnusableKeyError:
        return False
    return True


def _verify(key: SimpleKey, signature: bytes, message: bytes) -> bool:
    public = _public_key(key)
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, message)
        else:
            if len(signature) != 64:
                return False
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            digest = keccak.new(digest_bits=256, data=message).digest()
            public.verify(encode_dss_signature(r, s), digest, _PREHASHED)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=65_536)
def _public_key(key: SimpleKey) -> ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey:
    try:
        if key.kind == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(key.raw)
        if len(key.raw) != ECDSA_KEY_BYTES:
            raise UnusableKeyError("an ECDSA secp256k1 key has 33 bytes, compressed")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key.raw)
    except ValueError as error:
        raise UnusableKeyError(str(error)) from error
