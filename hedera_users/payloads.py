"""Payloads: audit events and models of a given size, repeatable from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from records.envelope import Envelope

_AUDIT_EVENT: Final = b'{"action":"model.inference","pad":"%s"}'
_UNPADDED_BYTES: Final = len(_AUDIT_EVENT % b"")


def audit_event(envelope: Envelope, size: int, source: random.Random) -> bytes:
    """Return one audit event of `size` bytes (or a few more, where the envelope alone is longer).

    The padding is random, so that nothing on the way can compress it away.
    """

    def body(length: int) -> bytes:
        missing = length - _UNPADDED_BYTES
        return _AUDIT_EVENT % (b"%0*x" % (missing, source.getrandbits(4 * missing)) if missing > 0 else b"")

    return envelope.padded(body, size)


@dataclass(frozen=True, slots=True)
class Model:
    """A model to be stored: its name, version and bytes, and the SHA-256 by which a copy is recognised."""

    name: str
    version: str
    contents: bytes

    @property
    def sha256(self) -> str:
        """Digest of the contents, hex."""
        return sha256(self.contents).hexdigest()

    def chunks(self, size: int) -> list[bytes]:
        """Return the contents in pieces of at most `size` bytes; at least one piece."""
        return [self.contents[at : at + size] for at in range(0, len(self.contents), size)] or [b""]


def model(name: str, number: int, size: int, source: random.Random) -> Model:
    """Return a model of `size` random bytes; `number` becomes its version."""
    return Model(name=name, version=f"1.{number}", contents=source.randbytes(size))


def announcement(envelope: Envelope, stored: Model, file_id: str) -> bytes:
    """Return the message that makes a stored model known: name, version, size, SHA-256 and file id."""
    return envelope.encode(
        {
            "name": stored.name,
            "version": stored.version,
            "size": len(stored.contents),
            "sha256": stored.sha256,
            "file_id": file_id,
        }
    )
