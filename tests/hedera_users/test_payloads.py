"""What is sent has the size that was asked for, is found again, and is repeatable."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from config.settings import RunSettings
from hedera_users.payloads import announcement, audit_event, model
from records.envelope import Envelope, body_is_intact, decode

SMALLEST = 192


@given(
    size=st.integers(SMALLEST, 4000),
    number=st.integers(1, 10**9),
    worker=st.integers(0, 999),
    user=st.integers(0, 10**6),
    due_at=st.floats(1.6e9, 3e9).map(lambda instant: round(instant, 6)),
)
def test_an_audit_event_has_its_size_and_is_found_again(
    size: int, number: int, worker: int, user: int, due_at: float
) -> None:
    """Every size that the settings allow is met to the byte, and the envelope is read back as it was written."""
    envelope = Envelope("20261124-101500-3f9a", f"{worker}.{user}", number, "audit-event", due_at)
    message = audit_event(envelope, size, random.Random(1))
    assert decode(message) == envelope
    assert (envelope.worker, envelope.user) == (str(worker), str(user))
    assert body_is_intact(message)
    assert len(message) == max(size, len(audit_event(envelope, 0, random.Random(1))))


def test_the_smallest_event_of_a_long_run_still_fits() -> None:
    """The lower limit of --message-bytes leaves room for the envelope of a user's 99,999th message."""
    envelope = Envelope("20261124-101500-3f9a", "12.3456", 99_999, "audit-event", 1795255544.1234567)
    smallest = RunSettings.model_fields["message_bytes"].metadata[0].ge
    assert len(audit_event(envelope, smallest, random.Random(1))) == smallest == SMALLEST


@given(size=st.integers(1, 5000), chunk=st.integers(1, 5800))
def test_the_chunks_of_a_model_make_the_model(size: int, chunk: int) -> None:
    """Chunks are at most as long as asked and lose nothing."""
    stored = model("m", 1, size, random.Random(2))
    chunks = stored.chunks(chunk)
    assert b"".join(chunks) == stored.contents
    assert {len(piece) for piece in chunks[:-1]} <= {chunk}
    assert 0 < len(chunks[-1]) <= chunk


def test_payloads_repeat_with_the_seed_and_differ_without() -> None:
    """The same seed gives the same bytes; another gives others."""
    assert model("m", 1, 100, random.Random("7/0.1")) == model("m", 1, 100, random.Random("7/0.1"))
    assert model("m", 1, 100, random.Random("7/0.1")) != model("m", 1, 100, random.Random("7/0.2"))


def test_an_announcement_names_what_was_stored() -> None:
    """Name, version, size, SHA-256 and file id are in the message."""
    stored = model("m", 3, 10, random.Random(3))
    text = announcement(Envelope("r", "0.1", 1, "model-stored", 1.0), stored, "0.0.1010").decode()
    for part in ('"name":"m"', '"version":"1.3"', '"size":10', f'"sha256":"{stored.sha256}"', '"file_id":"0.0.1010"'):
        assert part in text


@given(contents=st.binary(max_size=3_000), number=st.integers(1, 10**9))
def test_contents_that_are_no_json_are_carried_as_they_are(contents: bytes, number: int) -> None:
    """Behind the envelope's line; the envelope is found again, and a changed bit is told."""
    envelope = Envelope("20261124-101500-3f9a", "3.17", number, "model-stored", 1795255544.5)
    message = envelope.carry(contents)
    assert decode(message) == envelope
    assert body_is_intact(message)
    assert message.endswith(b"\n" + contents)
    assert len(message) < 200 + len(contents)
    if contents:
        assert not body_is_intact(message[:-1] + bytes([message[-1] ^ 1]))


def test_a_body_in_several_lines_is_one() -> None:
    """An application of the user's own may have put the message into a form of its own."""
    envelope = Envelope("20261124-101500-3f9a", "3.17", 5, "audit-event", 1795255544.5)
    message = envelope.wrap(b'{\n  "pretty": true\n}')
    assert (decode(message), body_is_intact(message)) == (envelope, True)
