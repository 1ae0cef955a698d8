"""The operator, which pays and signs. Its private key never leaves this module."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from hiero_sdk_python.crypto.private_key import PrivateKey
from hiero_sdk_python.crypto.public_key import PublicKey
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from hedera_client.errors import CredentialError
from hedera_client.ids import parse_entity
from hedera_client.protobuf_wire import delimited, tag, varint

ID_VARIABLE: Final = "OPERATOR_ID"
KEY_VARIABLE: Final = "OPERATOR_KEY"
KEY_TYPE_VARIABLE: Final = "OPERATOR_KEY_TYPE"

SIGNATURE_BYTES: Final = 64
"""Length of an Ed25519 signature, and of an ECDSA (secp256k1) one as r and s."""

_ED25519_FIELD: Final = 3
_ECDSA_FIELD: Final = 6

_RAW_BYTES: Final = 32

_RAW_LOADERS: Final = {"ed25519": PrivateKey.from_bytes_ed25519, "ecdsa": PrivateKey.from_bytes_ecdsa}


class Signer:
    """Signs with one private key (Ed25519 or ECDSA secp256k1) without showing it.

    The SDK's own key prints its secret in `repr`, so it is kept in a closure: no attribute, `repr`, `vars()` or
    pickle of this object leads to it.

    Attributes:
        public_key: The key's public half.
        key_type: `ed25519` or `ecdsa`.
    """

    __slots__ = ("_derive", "_pair_head", "_sign", "key_type", "public_key")

    def __init__(self, key: PrivateKey) -> None:
        self.public_key: PublicKey = key.public_key()
        self.key_type = "ed25519" if key.is_ed25519() else "ecdsa"
        # Both kinds of signature are 64 bytes long, so all of the pair but the signature never changes.
        self._pair_head: bytes = (
            delimited(1, self.public_key.to_bytes_raw())
            + tag(_ED25519_FIELD if key.is_ed25519() else _ECDSA_FIELD, 2)
            + varint(SIGNATURE_BYTES)
        )

        self._sign: Callable[[bytes], bytes] = _ed25519(key) if key.is_ed25519() else _of_sdk(key)
        self._derive: Callable[[str], bytes] = lambda purpose: hmac.digest(
            key.to_bytes_raw(), purpose.encode(), hashlib.sha256
        )

    def signature_pair(self, body_bytes: bytes) -> bytes:
        """Sign a transaction body; returns a serialised `SignaturePair`.

        The pair carries the whole public key as its prefix, as the SDK sends it.
        """
        return self._pair_head + self._sign(body_bytes)

    def derived_secret(self, purpose: str) -> bytes:
        """A secret of 32 bytes that only this key leads to, the same for a purpose each time (HMAC-SHA-256)."""
        return self._derive(purpose)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(public_key={self.public_key.to_string_raw()})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is never copied to another process: each reads its own environment")


class Operator(Signer):
    """The account that pays for transactions and queries, and its key.

    Attributes:
        account_id: E.g. `0.0.2`.
        public_key: The key's public half.
    """

    __slots__ = ("account_id",)

    def __init__(self, account_id: str, key: PrivateKey) -> None:
        super().__init__(key)
        self.account_id = account_id

    @classmethod
    def parse(cls, account_id: str, key_text: str, key_type: str = "ed25519") -> Operator:
        """Read an operator from text.

        Args:
            account_id: `shard.realm.number`.
            key_text: Hex, with or without `0x`: DER-encoded, which says its type, or 32 raw bytes.
            key_type: Type of a key of 32 raw bytes, which does not say it: `ed25519` or `ecdsa` (secp256k1).

        Raises:
            CredentialError: with one line that names what is wrong and never the key.
        """
        account_id, key_text = account_id.strip(), key_text.strip()
        try:
            parse_entity(account_id)
        except ValueError:
            # The id is not shown either: the two variables are easily swapped.
            raise CredentialError(f"{ID_VARIABLE} is not an account id of the form 0.0.1234") from None
        return cls(account_id, _private_key(key_text, key_type.strip().lower()))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], key_type: str = "") -> Operator:
        """Read an operator from the variables OPERATOR_ID, OPERATOR_KEY and, for raw keys, OPERATOR_KEY_TYPE.

        Args:
            environment: With these variables.
            key_type: Of a key of 32 raw bytes where OPERATOR_KEY_TYPE is not set; "" is `ed25519`.

        Raises:
            CredentialError: with one line that names the variable which is missing or wrong.
        """
        missing = [name for name in (ID_VARIABLE, KEY_VARIABLE) if not environment.get(name, "").strip()]
        if missing:
            raise CredentialError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: "
                "put the paying account and its private key into the environment or .env"
            )
        key_type = environment.get(KEY_TYPE_VARIABLE, "").strip() or key_type or "ed25519"
        return cls.parse(environment[ID_VARIABLE], environment[KEY_VARIABLE], key_type)

    def __repr__(self) -> str:
        return f"Operator({self.account_id!r}, public_key={self.public_key.to_string_raw()})"


def key_types(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Types that the operator's key may be of.

    What OPERATOR_KEY_TYPE says; else all that 32 raw bytes can be, or "" for the one that the key itself says.
    """
    if environment.get(KEY_TYPE_VARIABLE, "").strip():
        return (environment[KEY_TYPE_VARIABLE].strip().lower(),)
    try:
        raw = len(bytes.fromhex(environment.get(KEY_VARIABLE, "").strip().removeprefix("0x"))) == _RAW_BYTES
    except ValueError:
        raw = False
    return tuple(_RAW_LOADERS) if raw else ("",)


def of_other_type(environment: Mapping[str, str], operator: Operator) -> Operator | None:
    """The operator with the same raw bytes as a key of the other type; None where the bytes say their type."""
    bare = {name: value for name, value in environment.items() if name != KEY_TYPE_VARIABLE}
    for key_type in key_types(bare):
        if key_type and key_type != operator.key_type:
            try:
                return Operator.from_environment(bare, key_type)
            except CredentialError:  # not every 32 bytes are an ECDSA key
                return None
    return None


def _ed25519(key: PrivateKey) -> Callable[[bytes], bytes]:
    """Signs with libsodium: the same signature as the SDK's (RFC 8032 leaves no choice) for 20 instead of 33 µs."""
    _, secret = crypto_sign_seed_keypair(key.to_bytes_ed25519_raw())

    def sign(data: bytes) -> bytes:
        return bytes(crypto_sign(data, secret)[:SIGNATURE_BYTES])

    return sign


def _of_sdk(key: PrivateKey) -> Callable[[bytes], bytes]:
    def sign(data: bytes) -> bytes:
        return bytes(key.sign(data))

    return sign


def _private_key(key_text: str, key_type: str) -> PrivateKey:
    """The SDK's key of hex text; its own errors quote the key and are dropped here, cause and context included."""
    if key_type not in _RAW_LOADERS:
        raise CredentialError(f"{KEY_TYPE_VARIABLE} is neither 'ed25519' nor 'ecdsa'")
    load_raw, load_der = _RAW_LOADERS[key_type], PrivateKey.from_der
    key: PrivateKey | None = None
    try:
        data = bytes.fromhex(key_text.removeprefix("0x"))
        key = load_raw(data) if len(data) == _RAW_BYTES else load_der(data)
    except ValueError:
        pass
    if key is None:
        raise CredentialError(f"{KEY_VARIABLE} is not a private key: give it in hex, DER-encoded or as 32 raw bytes")
    return key
