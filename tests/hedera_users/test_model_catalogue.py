"""Models are found by name and version in what a topic tells, whatever else stands on it."""

from __future__ import annotations

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from hedera_client import TopicMessage
from hedera_users.model_catalogue import MODEL_STORED, Entry, ModelCatalogue
from hedera_users.payloads import announcement, audit_event, model
from records.envelope import Envelope


def row(place: int, message: bytes) -> TopicMessage:
    """A message as the mirror shows it."""
    return TopicMessage("0.0.7", place, place, message, bytes(48), 3)


def envelope(number: int, kind: str = MODEL_STORED) -> Envelope:
    """Of somebody's message."""
    return Envelope("run", "0.1", number, kind, 1.0)


def test_a_model_is_found_by_name_and_version() -> None:
    """And no other one; of a version that was announced twice the later holds."""
    catalogue = ModelCatalogue()
    stored = [model("m", number, 10, random.Random(number)) for number in (1, 2)]
    for place, one in enumerate(stored, start=1):
        catalogue.take(row(place, announcement(envelope(place), one, f"0.0.{place}")))
    assert catalogue.find("m", "1.2") == Entry(stored[1].sha256, 10, "0.0.2")
    assert catalogue.find("m", "1.3") is catalogue.find("n", "1.2") is None
    catalogue.take(row(9, announcement(envelope(3), stored[0], "0.0.9")))
    assert catalogue.find("m", "1.1") == Entry(stored[0].sha256, 10, "0.0.9")
    assert (len(catalogue), catalogue.read_up_to) == (2, 9)


bodies = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "version", "size", "sha256", "file_id"]), inner, max_size=4)
    ),
)


@given(st.lists(st.binary(max_size=40) | bodies.map(lambda body: envelope(1).encode(body))))
def test_what_announces_no_model_is_passed_over(messages: list[bytes]) -> None:
    """Other forms, and announcements that lack something; where reading goes on is counted all the same."""
    catalogue = ModelCatalogue()
    event = audit_event(envelope(1, "audit-event"), 300, random.Random(1))
    for place, message in enumerate([*messages, event, json.dumps({"body": 1}).encode()], start=1):
        catalogue.take(row(place, message))
    assert (len(catalogue), catalogue.read_up_to) == (0, len(messages) + 2)
