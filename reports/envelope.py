"""The form of a message that this project writes to a topic, so that the audit finds its own again.

A message is one JSON object: `run`, `stream`, `n` (position in the stream), `kind`, `sent` (Unix time in seconds) and
`body`. Everything else on the topic is somebody else's and is left alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Envelope:
    """The identifying part of one message: which run, which sender, and the how-manieth of that sender."""

    run_id: str
    stream: str
    number: int
    kind: str
    sent_at: float

    def encode(self, body: object) -> bytes:
        """Return the message's bytes with `body` (anything JSON can hold) inside."""
        fields = {
            "run": self.run_id,
            "stream": self.stream,
            "n": self.number,
            "kind": self.kind,
            "sent": self.sent_at,
            "body": body,
        }
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def decode(message: bytes) -> Envelope | None:
    """Return the envelope of a message, or None when the message is not of this project's form."""
    try:
        fields = json.loads(message)
        return Envelope(
            run_id=str(fields["run"]),
            stream=str(fields["stream"]),
            number=int(fields["n"]),
            kind=str(fields["kind"]),
            sent_at=float(fields["sent"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def digest(message: bytes) -> str:
    """SHA-256 of a whole message, hex."""
    return hashlib.sha256(message).hexdigest()
