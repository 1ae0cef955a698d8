"""The format of a message that this project writes to a topic, by which the audit recognises it.

A message is one JSON object, with its keys in this order: `run`, `stream` (`<worker>.<user>`), `n` (position in the
stream), `kind`, `due` (intended time, Unix seconds), `sha` (the first 16 bytes of the SHA-256 of the body's bytes, hex)
and last `body`. Where the body is no JSON, it follows as it is after the object and a line feed (`carry`). The audit
ignores all other messages of the topic.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

BODY_DIGEST_CHARACTERS: Final = 32
"""128 bits, so that no changed body has the digest by chance. The audit compares the SHA-256 of the whole message in
the journal; this digest serves where the journal's row was lost with its process."""

_BODY_KEY: Final = b',"body":'
"""Inside a JSON string a quote is escaped, so no value before the body can hold this."""

_FRAME_BYTES: Final = BODY_DIGEST_CHARACTERS + len(b'"') + len(_BODY_KEY) + len(b"}")
"""Bytes of a message that belong neither to its head nor to its body."""


class Envelope(NamedTuple):
    """The identifying part of one message: run, sender, and the message's number with that sender.

    Attributes:
        run_id: The run.
        stream: The sender, `<worker>.<user>`.
        number: Position in its stream, from 1.
        kind: What it is about, e.g. `audit-event`.
        due_at: Unix time in seconds when it was to be sent.
    """

    run_id: str
    stream: str
    number: int
    kind: str
    due_at: float

    @property
    def worker(self) -> str:
        """The process that sent it, by its index."""
        return self.stream.partition(".")[0]

    @property
    def user(self) -> str:
        """The user within that process."""
        return self.stream.partition(".")[2]

    def encode(self, body: object) -> bytes:
        """Return the message's bytes with `body` (anything JSON can hold) inside."""
        return self.wrap(_json(body).encode())

    def wrap(self, contents: bytes) -> bytes:
        """Return the message's bytes around a body that is JSON already."""
        return self.padded(lambda _: contents, 0)

    def padded(self, body: Callable[[int], bytes], size: int) -> bytes:
        """Return the message's bytes around a body that makes them `size` bytes long.

        Args:
            body: Makes the body, in JSON, so many bytes long (at least 0); where it is longer, so is the message.
            size: Bytes.
        """
        head = self._head()
        contents = body(max(0, size - len(head) - _FRAME_BYTES))
        return b"".join((head, _body_digest(contents).encode(), b'"', _BODY_KEY, contents, b"}"))

    def carry(self, contents: bytes) -> bytes:
        """Return the message's bytes before contents that need not be JSON: they are not made longer by an encoding."""
        return b"".join((self._head(), _body_digest(contents).encode(), b'"}\n', contents))

    def _head(self) -> bytes:
        """All up to the digest. Formatted by hand: a general encoder takes four times as long."""
        return (
            f'{{"run":{_text(self.run_id)},"stream":{_text(self.stream)},"n":{self.number},"kind":{_text(self.kind)},'
            f'"due":{self.due_at:.6f},"sha":"'
        ).encode()


def decode(message: bytes) -> Envelope | None:
    """Return the envelope of a message, or None when the message is not of this project's form."""
    return _decoded(message) or _decoded(message.partition(b"\n")[0])


def _decoded(head: bytes) -> Envelope | None:
    try:
        fields = json.loads(head)
        return Envelope(
            run_id=str(fields["run"]),
            stream=str(fields["stream"]),
            number=int(fields["n"]),
            kind=str(fields["kind"]),
            due_at=float(fields["due"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None


def body_is_intact(message: bytes) -> bool:
    """Whether the body of a message of this project's form is the one that was put into it."""
    head, _, rest = message.partition(_BODY_KEY)
    line, _, carried = message.partition(b"\n")
    return head.endswith(_sha(rest[:-1])) or line.endswith(_sha(carried) + b"}")


def digest(message: bytes) -> str:
    """SHA-256 of a whole message, hex."""
    return hashlib.sha256(message).hexdigest()


def _sha(contents: bytes) -> bytes:
    """The envelope's field for a body."""
    return f'"sha":"{_body_digest(contents)}"'.encode()


def _body_digest(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()[:BODY_DIGEST_CHARACTERS]


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=16_384)
def _text(value: str) -> str:
    """A string in JSON; a user's messages share all but their numbers."""
    return _json(value)
