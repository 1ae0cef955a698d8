"""What a run is made of: rows of the journal, what processes publish, and the words that both sides know."""

from __future__ import annotations

from locust.env import Environment

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import sources, statuses
from records.operation import Arm, OperationRecord, Outcome, ReadFile, SentMessage, StoredFile
from records.rows import COLUMNS, TABLES, rows_of

DIGEST = "ab" * 32


def closed(**changes: Any) -> OperationRecord:
    """A closed operation."""
    record = OperationRecord("hcs.submit", outcome=Outcome.SUCCEEDED, status="SUCCESS", confirm="receipt")
    record.scheduled_at = 5.0
    for name, value in changes.items():
        setattr(record, name, value)
    return record


def named(table: str, row: list[Any]) -> dict[str, Any]:
    """A row by its columns."""
    return dict(zip(COLUMNS[table], row, strict=True))


def test_a_message_becomes_a_row() -> None:
    """With its operation; one without times or id of its own has those of the operation."""
    whole = SentMessage("0.0.9", "0.1", 3, DIGEST, 7.0, True, "0.0.2@1.5", 12, 6.0, 8.0)
    bare = SentMessage("0.0.9", "0.1", 4, DIGEST, 7.5)
    record = closed(messages=[whole, bare], transaction_ids=["0.0.2@1.5", "0.0.2@2.5"], arm=Arm.HEDERA)
    (first, row), (second, other) = rows_of(record)
    assert first == second == "sent"
    assert named(first, row) == {
        "topic_id": "0.0.9",
        "stream": "0.1",
        "number": 3,
        "digest": bytes.fromhex(DIGEST),
        "sent_at": 7.0,
        "due_at": 6.0,
        "seen_at": 8.0,
        "acknowledged": True,
        "transaction_id": "0.0.2@1.5",
        "sequence_number": 12,
        "operation": "hcs.submit|hedera|receipt",
        "outcome": "succeeded",
        "status": "SUCCESS",
    }
    told = named(second, other)
    assert (told["due_at"], told["transaction_id"], told["sequence_number"]) == (5.0, "0.0.2@2.5", None)


def test_files_become_rows() -> None:
    """What was stored, and what was read."""
    stored = StoredFile("0.0.5", DIGEST, 10, appends=2, acknowledged=True, leftover="")
    record = closed(name="hfs.store", stored_files=[stored], read_files=[ReadFile("0.0.5", DIGEST, 10, 0.5)])
    tables = {table: named(table, row) for table, row in rows_of(record)}
    assert set(tables) == {"stored", "read_back"}
    assert (tables["stored"]["file_id"], tables["stored"]["appends"]) == ("0.0.5", 2)
    assert tables["read_back"] == {
        "file_id": "0.0.5",
        "sha256": DIGEST,
        "size_bytes": 10,
        "read_s": 0.5,
        "operation": "hfs.store||receipt",
    }


def test_an_operation_that_sent_nothing_has_no_row() -> None:
    """One that never ended has an outcome that is none."""
    assert list(rows_of(closed())) == []
    ((_, row),) = rows_of(closed(outcome=None, status="", messages=[SentMessage("0.0.9", "0.1", 1, DIGEST, 7.0)]))
    assert (named("sent", row)["outcome"], named("sent", row)["transaction_id"]) == ("", "")
    assert {table: tuple(columns) for table, columns in TABLES.items()} == COLUMNS


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers())))
def test_what_was_published_last_is_collected(published: list[tuple[str, int]]) -> None:
    """By its name, in each environment its own."""
    environment, other = Environment(), Environment()
    for name, value in published:
        sources.publish(environment, name, lambda value=value: {"is": value})  # type: ignore[misc]
    assert sources.collect(environment) == {name: {"is": value} for name, value in dict(published).items()}
    assert sources.collect(other) == {}


def test_a_source_that_fails_is_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    """The others are there."""
    environment = Environment()
    sources.publish(environment, "broken", lambda: {"is": 1 // 0})
    sources.publish(environment, "well", lambda: {"is": 1})
    with caplog.at_level(logging.ERROR):
        assert sources.collect(environment) == {"well": {"is": 1}}
    assert "'broken'" in caplog.text


def test_faults_and_participants_are_told_where_somebody_tells_them() -> None:
    """Else there are none."""
    environment = Environment()
    assert sources.injected_faults(environment) == []
    assert sources.participants(environment) == set()
    sources.publish_faults(environment, lambda: [{"kind": "stall"}])
    sources.publish_participants(environment, lambda: {"worker-1"})
    assert sources.injected_faults(environment) == [{"kind": "stall"}]
    assert sources.participants(environment) == {"worker-1"}


def test_the_words_that_two_rooms_know_are_not_the_networks() -> None:
    """But for SUCCESS, which means the same to both."""
    from hiero_sdk_python.hapi.services.response_code_pb2 import ResponseCodeEnum

    assert statuses.SUCCESS in ResponseCodeEnum.keys()  # noqa: SIM118 (protobuf's)
    for word in (statuses.STOPPED, statuses.NEVER_HAPPENED):
        assert word not in ResponseCodeEnum.keys()  # noqa: SIM118
