"""What the user's own application was given and does not write is asked about; what it writes is audited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from records.operation import OperationRecord, Outcome
from reports.audit.chain import Shown
from reports.audit.sightings import Sightings
from reports.audit.unforwarded import find_unforwarded
from reports.judge.verdict import exit_code_of
from reports.wording.audit import integrity_faults
from tests.reports.ledger import RUN_ID, STARTED_AT, TOPIC, Mirror, Topic, audit, message, record, write_journal


def application(stream: str, number: int, sequence: int | None = None, **options: Any) -> OperationRecord:
    """What is noted of an operation that the application did; without a place where it named none."""
    done = record(stream, number, sequence, **options)
    done.name, done.confirm = "audit-event", "application"
    for sent in done.messages:
        sent.transaction_id = ""
    return done


def strangers(count: int) -> Topic:
    """A topic with messages that are nobody's payload."""
    topic = Topic()
    for number in range(count):
        topic.write(json.dumps({"event": number}).encode())
    return topic


def test_what_it_writes_is_proven(tmp_path: Path) -> None:
    """Without a place and a transaction id, and between messages of others."""
    topic = strangers(2)
    records = []
    for number in (1, 2, 3):
        topic.write(message("a", number))
        records.append(application("a", number))
    result = audit(write_journal(tmp_path, records), Mirror(topic.rows))
    assert (result["acknowledged"], result["delivered"], result["lost"]) == (3, 3, 0)
    assert result["doubt"] is None
    assert exit_code_of(result) == 0


@pytest.mark.parametrize("named", [False, True])
def test_an_application_that_writes_something_else_has_lost_nothing(tmp_path: Path, named: bool) -> None:
    """Also where it names the places of what it wrote: the audit asks, and the run is inconclusive."""
    records = [application("a", number, number if named else None) for number in (1, 2, 3)]
    result = audit(write_journal(tmp_path, records), Mirror(strangers(3).rows))
    assert integrity_faults(result) == []
    assert (result["delivered"], result["lost"], result["not_shown_yet"], result["collided"]) == (0, 0, 3, 0)
    assert result["doubt"] == (
        "the application (--with-hedera) said that 3 audit events were done, and none stands on topic 0.0.1010 as it "
        "was given, where 3 other messages stand: does it write the payload, byte for byte, to the topic that it is "
        "told (header X-Hedera-Topic)?"
    )
    assert exit_code_of(result) == 5


def test_an_application_that_writes_nothing(tmp_path: Path) -> None:
    """The topic is empty."""
    result = audit(write_journal(tmp_path, [application("a", 1)]), Mirror([]))
    assert result["doubt"].startswith(
        "the application (--with-hedera) said that 1 audit event was done, and none stands on topic 0.0.1010 as it was "
        "given, which is empty: "
    )
    assert exit_code_of(result) == 5


def test_an_application_that_writes_the_payload_anew(tmp_path: Path) -> None:
    """Read and written again as JSON it has other bytes: no corruption of the network's."""
    topic = Topic()
    topic.write(json.dumps(json.loads(message("a", 1)), indent=1).encode())
    result = audit(write_journal(tmp_path, [application("a", 1)]), Mirror(topic.rows))
    assert result["corrupted"] == 0
    assert "1 of them stands there with other bytes: does it write the payload, byte for byte" in result["doubt"]


def test_what_others_lost_is_lost(tmp_path: Path) -> None:
    """The question is about the application's messages alone."""
    topic = strangers(2)
    topic.write(message("b", 1))
    records = [application("a", 1), record("b", 1, 3), record("b", 2, None)]
    result = audit(write_journal(tmp_path, records), Mirror(topic.rows))
    assert result["doubt"].startswith("the application (--with-hedera) said that 1 audit event was done")
    assert (result["delivered"], result["not_shown_yet"]) == (1, 1)
    assert exit_code_of(result) == 3


@pytest.mark.parametrize(
    ("sequence", "clock_s", "lost"),
    [(None, 3600, 1), (None, 100, 0), (None, 216, 1), (None, 214, 0), (1, 100, 1)],
)
def test_one_that_is_missing_is_lost_once_no_transaction_can_still_bring_it(
    tmp_path: Path, sequence: int | None, clock_s: float, lost: int
) -> None:
    """30 s for its answer, 180 s for a transaction, 5 s between the clocks; or at once, where it named the place."""
    topic = Topic()
    topic.write(b"somebody else's")
    topic.write(message("a", 2))
    mirror = Mirror(topic.rows)
    mirror.clock_ns = int((STARTED_AT + clock_s) * 1e9)
    result = audit(write_journal(tmp_path, [application("a", 1, sequence), application("a", 2)]), mirror)
    assert (result["delivered"], result["lost"], result["not_shown_yet"]) == (1, lost, 1 - lost)
    assert (result["corrupted"], result["collided"]) == (0, 0)


def test_a_mirror_that_is_behind_is_waited_for(tmp_path: Path) -> None:
    """Nothing is asked of the application that the mirror has not come to."""
    mirror = Mirror([])
    mirror.clock_ns = int((STARTED_AT + 4) * 1e9)
    result = audit(write_journal(tmp_path, [application("a", 1)]), mirror)
    assert "not shown yet" in result["doubt"]
    assert "--with-hedera" not in result["doubt"]


def test_what_failed_is_not_expected(tmp_path: Path) -> None:
    """An application that answers no request with 2xx has promised nothing; what landed all the same is counted."""
    topic = Topic()
    topic.write(message("a", 1))
    records = [application("a", 1, outcome=Outcome.UNKNOWN), application("a", 2, outcome=Outcome.FAILED)]
    result = audit(write_journal(tmp_path, records), Mirror(topic.rows))
    assert (result["landed_after_failure"], result["never_landed"]) == (1, 1)
    assert result["doubt"] is None


def test_only_applications_are_asked(tmp_path: Path) -> None:
    """A message of this project's own client that is not there is lost."""
    result = audit(write_journal(tmp_path, [record("a", 1, None)]), Mirror(strangers(1).rows))
    assert result["lost"] == 1


def test_the_question_is_asked_of_kind_and_topic(tmp_path: Path) -> None:
    """One that writes its events and keeps its models elsewhere is asked about the models."""
    topic = Topic()
    topic.write(message("a", 1))
    models = application("a", 2)
    models.name = "store-model"
    sightings = Sightings(write_journal(tmp_path, [application("a", 1), models]), RUN_ID)
    for row in topic.rows:
        sightings.add(Shown(row, late=False))
    sightings.flush()
    (found,) = find_unforwarded(sightings.connection, {TOPIC: 1}, int((STARTED_AT + 3600) * 1e9))
    assert (found.topic_id, found.operation) == (TOPIC, "store-model||application")
    assert "1 stored model was done" in found.question
    assert find_unforwarded(sightings.connection, {TOPIC: 1}, None) == []
    sightings.close()
