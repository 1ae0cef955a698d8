"""ECDSA secp256k1 keys as wallets have them: they sign, and have an EVM address and an alias."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from Crypto.Hash import keccak
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from localnet import pb


def _keccak(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


@dataclass(frozen=True)
class EcdsaKey:
    """A new key, unless one is given."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256K1()))

    def _point(self, form: serialization.PublicFormat) -> bytes:
        return self.private.public_key().public_bytes(serialization.Encoding.X962, form)

    @property
    def raw(self) -> bytes:
        """The public key, compressed."""
        return self._point(serialization.PublicFormat.CompressedPoint)

    @property
    def address(self) -> bytes:
        """Its EVM address."""
        return _keccak(self._point(serialization.PublicFormat.UncompressedPoint)[1:])[-20:]

    @property
    def public(self) -> Any:
        """The protobuf `Key`."""
        return pb.Key(ECDSA_secp256k1=self.raw)

    @property
    def alias(self) -> bytes:
        """The serialised key, as HIP-32 takes it for an alias."""
        return bytes(self.public.SerializeToString())

    def sign(self, message: bytes) -> bytes:
        """R and s of the signature over the message's keccak-256."""
        r, s = decode_dss_signature(self.private.sign(_keccak(message), ec.ECDSA(Prehashed(hashes.SHA256()))))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
