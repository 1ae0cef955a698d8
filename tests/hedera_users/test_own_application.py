"""What the user's own application did is in the record: for the audit, and as far as it is known."""

from __future__ import annotations

from locust.env import Environment

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gevent
import pytest
from gevent import GreenletExit

from hedera_users.application_ways import ApplicationError, HttpWay
from hedera_users.operation import Operation
from hedera_users.operation_counts import OperationCounts
from hedera_users.own_application import Answer, OwnApplication, answer_of
from hedera_users.payloads import audit_event, enclosed_model
from records.envelope import Envelope, body_is_intact, decode, digest
from records.operation import Arm, OperationRecord, Outcome
from tests.hedera_users.own_server import Served, served

TOPIC = "0.0.9"
ENVELOPE = Envelope("run", "0.1", 3, "audit-event", 1_700_000_000.5)


@pytest.fixture
def server() -> Iterator[Served]:
    """A real HTTP application."""
    with served() as running:
        yield running


def performed(way: Any, payload: bytes = b"payload", **options: Any) -> OperationRecord:
    """The record of one operation that an application does."""
    records: list[OperationRecord] = []
    environment = Environment()
    environment.events.request.add_listener(lambda context, **_: records.append(context["record"]))
    with Operation(
        environment, OperationCounts(), "audit-event", arm=Arm.HEDERA, confirm="application", **options
    ) as operation:
        OwnApplication(way, TOPIC, 5.0).perform(operation, ENVELOPE, payload)
    (record,) = records
    return record


def test_a_message_is_noted_as_it_was_given(server: Served) -> None:
    """With place and transaction where the application names them, by which the audit finds and orders it."""
    record = performed(HttpWay(f"{server.url}/told", TOPIC))
    (sent,) = record.messages
    assert (record.outcome, record.attempts, record.ended_in) == (Outcome.SUCCEEDED, 1, "")
    assert (sent.topic_id, sent.stream, sent.number, sent.digest) == (TOPIC, "0.1", 3, digest(b"payload"))
    assert (sent.acknowledged, sent.sequence_number) == (True, 7)
    assert sent.transaction_id == "0.0.5@1700000000.000000001"
    assert sent.sent_at <= sent.seen_at <= time.time()
    assert record.segments_s["application"] == pytest.approx(record.latency_s, rel=0.5)


def test_an_application_that_says_nothing_is_taken_at_its_word(server: Served) -> None:
    """2xx is the acknowledgement; of consensus nothing was heard."""
    (sent,) = performed(HttpWay(f"{server.url}/done", TOPIC)).messages
    assert (sent.acknowledged, sent.sequence_number, sent.transaction_id, sent.seen_at) == (True, None, "", 0.0)


def test_of_a_message_in_chunks_no_place_is_noted(server: Served) -> None:
    """SDKs give back the first chunk's receipt; the audit compares the last one's place."""
    (sent,) = performed(HttpWay(f"{server.url}/told", TOPIC), b"x" * 1025).messages
    assert (sent.acknowledged, sent.sequence_number, sent.seen_at) == (True, None, 0.0)


def test_what_it_keeps_in_a_file_is_no_message(server: Served) -> None:
    """It names the file; nothing is expected on the topic."""
    record = performed(HttpWay(f"{server.url}/filed", TOPIC))
    (file,) = record.stored_files
    assert record.messages == []
    assert (file.file_id, file.acknowledged, file.size_bytes) == ("0.0.77", True, 7)
    assert file.transaction_id == "0.0.5-1700000000-000000001"


@pytest.mark.parametrize(
    ("path", "outcome"),
    [("/refused", Outcome.FAILED), ("/broken", Outcome.UNKNOWN), ("/silent", Outcome.UNKNOWN)],
)
def test_what_may_have_happened_is_unknown(server: Served, path: str, outcome: Outcome) -> None:
    """A refusal is certain; a broken-off call is not, and the message may turn up."""
    record = performed(HttpWay(f"{server.url}{path}", TOPIC))
    (sent,) = record.messages
    assert (record.outcome, record.status, record.ended_in) == (outcome, "APPLICATION_ERROR", "application")
    assert not sent.acknowledged


class Slow:
    """An application that takes its time; it keeps how long its answer would have been waited for."""

    def __init__(self) -> None:
        self.timeout = 0.0

    def call(self, kind: str, payload: bytes, timeout: float) -> object:
        self.timeout = timeout
        gevent.sleep(10)
        raise ApplicationError("too late", certain=False)

    def close(self) -> None: ...


def test_a_call_that_is_cut_off_may_have_happened() -> None:
    """The end of a run kills who waits."""
    records: list[OperationRecord] = []
    environment = Environment()
    environment.events.request.add_listener(lambda context, **_: records.append(context["record"]))

    def user() -> None:
        with suppress(GreenletExit), Operation(environment, OperationCounts(), "audit-event") as operation:
            OwnApplication(Slow(), TOPIC, 5.0).perform(operation, ENVELOPE, b"x")

    waiting = gevent.spawn(user)
    gevent.sleep(0.05)
    waiting.kill()
    assert (records[0].outcome, records[0].status) == (Outcome.UNKNOWN, "STOPPED")


def test_a_deadline_bounds_the_wait() -> None:
    """What is left of it, where that is less than the longest wait."""
    way = Slow()
    waiting = gevent.spawn(performed, way, allowed_s=0.7)
    gevent.sleep(0.05)
    waiting.kill()
    assert 0.5 < way.timeout <= 0.7


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ({"transactionId": "0.0.5@1700000000.000000001"}, Answer("0.0.5@1700000000.000000001")),
        ({"sequence_number": 7, "transaction_id": "no id"}, Answer("", 7)),
        ({"sequenceNumber": "12"}, Answer("", 12)),
        ({"sequenceNumber": True}, Answer()),
        ({"sequenceNumber": -1}, Answer()),
        ({"sequenceNumber": "²"}, Answer()),
        ({"sequenceNumber": 2**63}, Answer()),
        ({"fileId": "0.0.5"}, Answer(file_id="0.0.5")),
        ({"fileId": 5}, Answer()),
        (["sequenceNumber"], Answer()),
        (None, Answer()),
    ],
)
def test_answers_are_read_leniently(told: object, answer: Answer) -> None:
    """What has not the form of such a value is taken for not said."""
    assert answer_of(told) == answer


@pytest.mark.parametrize("size", [1, 200, 10_240])
def test_a_model_is_enclosed_in_a_message(size: int) -> None:
    """So that the audit recognises it on the topic; of the size that was asked for, where its head leaves room."""
    message = enclosed_model(ENVELOPE, size, random.Random(1))
    assert decode(message) == ENVELOPE
    assert body_is_intact(message)
    assert len(message) == max(size, len(enclosed_model(ENVELOPE, 0, random.Random(1))))
    assert len(audit_event(ENVELOPE, 512, random.Random(1))) == 512
