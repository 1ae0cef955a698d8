"""Payloads: audit events and models of a given size, repeatable from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from records.envelope import Envelope

_AUDIT_EVENT: Final = b'{"action":"model.inference","pad":"%s"}'
_ENCLOSED_MODEL: Final = b'{"model":"%s"}'


def audit_event(envelope: Envelope, size: int, source: random.Random) -> bytes:
    """Return one audit event of `size` bytes (or a few more, where the envelope alone is longer).

    The padding is random, so that nothing on the way can compress it away.
    """
    return envelope.padded(lambda length: _filled(_AUDIT_EVENT, length, source), size)


def enclosed_model(envelope: Envelope, size: int, source: random.Random) -> bytes:
    """Return a model as one message of `size` bytes (or a few more), for an application that forwards what it is given.

    The model stands in it as random digits, in hex.
    """
    return envelope.padded(lambda length: _filled(_ENCLOSED_MODEL, length, source), size)


def _filled(form: bytes, length: int, source: random.Random) -> bytes:
    """A body of so many bytes, filled with random digits in hex; longer where its form alone is."""
    missing = length - len(form % b"")
    return form % (b"%0*x" % (missing, source.getrandbits(4 * missing)) if missing > 0 else b"")


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
