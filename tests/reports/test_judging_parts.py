"""Parts of the judgement, each by itself: files, foreign mirrors, what is not shown yet, failures, and names."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.operation import DELETED, LEFT, UNCERTAIN, Outcome, ReadFile, StoredFile
from records.statuses import STOPPED
from reports.audit.chain import TopicChain
from reports.audit.files import MAX_OFFENDERS, audit_files
from reports.audit.foreign import CLOCK_SKEW_NS, QUESTION, foreign_network
from reports.audit.messages import ReadTopic
from reports.audit.missing import NotShownYet, why_not_shown
from reports.audit.reading import chain_hash
from reports.audit.sightings import Sightings
from reports.collect.journal import open_journal
from reports.judge.failures import kinds_of_failures
from reports.wording.failures import failed_most
from reports.wording.operation_names import listed, measured_to, one, several
from tests.reports.ledger import RUN_ID, STARTED_AT, TOPIC, Topic, file_record, message, record, write_journal

S = 1_000_000_000
START = int(STARTED_AT) * S


def stored(number: int, **changes: Any) -> StoredFile:
    """A file that was stored."""
    file = StoredFile(f"0.0.{number}", "ab" * 32, 2_000, appends=1, slowest_append_s=0.25, acknowledged=True)
    file.transaction_id, file.stored_s = f"0.0.2@{number}.0", 0.5
    for name, value in changes.items():
        setattr(file, name, value)
    return file


def read(number: int, **changes: Any) -> ReadFile:
    """The same, read back."""
    return ReadFile(**{"file_id": f"0.0.{number}", "sha256": "ab" * 32, "size_bytes": 2_000, **changes})


def files(folder: Path, *records: Any) -> Any:
    """What is found of files."""
    with closing(open_journal(write_journal(folder, records))) as journal:
        return audit_files(journal)


def test_a_file_is_verified_by_what_was_read_back(tmp_path: Path) -> None:
    """Once with other bytes or another length is enough to doubt it; what nobody read is told."""
    found = files(
        tmp_path,
        *(file_record(stored(number)) for number in range(1, 5)),
        file_record(read=read(1)),
        file_record(read=read(1)),
        *(file_record(read=read(2)), file_record(read=read(2, sha256="cd" * 32))),
        file_record(read=read(3, size_bytes=1_999)),
    )
    counts = ("attempted", "stored", "verified", "mismatched", "not_read_back", "appends", "bytes")
    assert [found[name] for name in counts] == [4, 4, 1, 2, 1, 4, 8_000]
    assert found["bytes_per_s"] == 4_000.0
    assert found["slowest_append"]["ms"] == 250.0
    assert {(entry["kind"], entry["file_id"]) for entry in found["offenders"]} == {
        ("mismatched", "0.0.2"),
        ("mismatched", "0.0.3"),
    }


def test_what_could_not_be_completed_is_told_by_what_is_left(tmp_path: Path) -> None:
    """Deleted files are no offence; so many others are listed one by one."""
    endings = [DELETED, LEFT, UNCERTAIN, *[LEFT] * MAX_OFFENDERS]
    begun = [stored(number, acknowledged=False, leftover=leftover) for number, leftover in enumerate(endings)]
    found = files(tmp_path, *map(file_record, begun))
    assert (found["stored"], found["bytes"], found["bytes_per_s"]) == (0, 0, None)
    assert (found["deleted"], found["left_over"], found["uncertain"]) == (1, 1 + MAX_OFFENDERS, 1)
    assert len(found["offenders"]) == MAX_OFFENDERS
    assert files(tmp_path / "none") is None


def foreign(folder: Path, shown: Topic, clock_s: float | None, *, known: bool = True) -> str | None:
    """What is asked of a mirror that shows these rows, of a run that had one message acknowledged."""
    sightings = Sightings(write_journal(folder, [record("a", 1, 1)]), RUN_ID)
    chain = TopicChain(chain_hash(TOPIC))
    with closing(sightings):
        for row in chain.advance(shown.rows):
            sightings.add(row)
        sightings.flush()
        clock_ns = None if clock_s is None else START + int(clock_s * S)
        topics = [ReadTopic(TOPIC, chain)]
        return foreign_network(sightings.connection, topics, clock_ns, lambda _: known, "the mirror")


def test_a_mirror_that_shows_the_run_belongs_to_it(tmp_path: Path) -> None:
    """Whatever else it shows."""
    topic = Topic()
    topic.write(message("a", 1))
    assert foreign(tmp_path, topic, 100.0) is None


def test_a_mirror_that_shows_other_messages_in_their_places_is_asked_about(tmp_path: Path) -> None:
    """In a chain of hashes without a break: else it has changed them."""
    topic = Topic()
    topic.write(b"somebody else's")
    question = foreign(tmp_path, topic, 100.0)
    assert question == (
        f"the mirror shows other messages on topic {TOPIC} where 1 message of this run was acknowledged: {QUESTION}"
    )


@pytest.mark.parametrize(
    ("clock_s", "known", "asked"),
    [
        (100.0, False, True),
        (100.0, True, False),
        (CLOCK_SKEW_NS / S - 0.1, False, False),
        (None, False, False),
    ],
)
def test_a_mirror_that_never_heard_of_a_topic_in_use(
    tmp_path: Path, clock_s: float | None, known: bool, asked: bool
) -> None:
    """Only where it has come to a time at which the topic was in use."""
    question = foreign(tmp_path, Topic(), clock_s, known=known)
    assert (question is not None) == asked
    assert not asked or f"has never heard of topic {TOPIC}" in str(question)


@pytest.mark.parametrize(
    ("found", "clock_s", "said"),
    [
        (NotShownYet(1), None, "1 acknowledged message is not shown yet: the mirror does not say how far it has come"),
        (NotShownYet(2, START), -3_600.0, "has it stopped, or does it belong to another network?"),
        (NotShownYet(2, START + 9 * S, START + 99 * S), 5.0, "among them was sent at "),
        (NotShownYet(2, START, START + 99 * S), 5.0, " and may reach consensus until "),
        (NotShownYet(2, START, None, in_gaps=True), 5.0, "rows that it passed over could not all be asked for again"),
    ],
)
def test_why_messages_are_not_shown_yet(found: NotShownYet, clock_s: float | None, said: str) -> None:
    """In one sentence, with the mirror's own clock and the remedy."""
    clock_ns = None if clock_s is None else START + int(clock_s * S)
    sentence = why_not_shown(found, clock_ns, START)
    assert said in sentence
    assert not sentence.endswith(".")


def error(count: int, status: str = "BUSY", **changes: Any) -> dict[str, Any]:
    """A group of errors as the report has it."""
    usual = {"operation": "hcs.submit", "arm": None, "outcome": "failed", "status": status, "count": count}
    return {**usual, "message": "", "phase": "", **changes}


def test_failures_of_a_kind_are_counted_together() -> None:
    """Whatever node or message; what was refused unsent, or cut off by the end, is none."""
    kinds = kinds_of_failures(
        [
            error(2, message="node 3"),
            error(3, message="node 4"),
            error(4, "UNAVAILABLE", outcome="unknown", arm="hedera"),
            error(90, outcome=Outcome.REJECTED.value),
            error(90, STOPPED, outcome="unknown"),
        ]
    )
    assert kinds == [("hcs.submit", "BUSY", 5), ("hcs.submit [hedera]", "UNAVAILABLE", 4)]
    assert failed_most(kinds).startswith("hcs.submit most of all, by BUSY (5). ")
    assert failed_most(kinds_of_failures([error(1_234, "NOT_KNOWN")])) == (
        "hcs.submit most of all, by NOT_KNOWN (1,234)."
    )


@given(st.lists(st.text("abc", min_size=1), min_size=1))
def test_lists_read_as_sentences(parts: list[str]) -> None:
    """With one `and`, before the last."""
    said = listed(parts)
    assert said.count(" and ") == (len(parts) > 1)
    assert said.replace(" and ", ", ").split(", ") == parts


def test_operations_have_names_for_people() -> None:
    """Those of somebody's own stand as they are."""
    assert (one("hcs.submit"), several("hcs.submit")) == ("HCS message", "HCS messages")
    assert (one("order"), several("order")) == ("order", "order operations")
    assert (measured_to("receipt"), measured_to("own")) == ("the receipt", "“own”")
