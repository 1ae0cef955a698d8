"""The audit finds exactly what went wrong with the messages of a run, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedera_client import Fate, MirrorError, TopicMessage
from records.operation import Outcome, ReadFile, StoredFile
from reports.audit.chain import MAX_GAPS
from reports.audit.messages import MAX_OFFENDERS
from reports.audit.mirror import GAPS_PER_LOOK
from reports.audit.taken import Handled
from reports.judge.verdict import exit_code_of
from reports.wording.audit import integrity_faults, reordering
from reports.wording.collisions import vanished
from tests.reports.ledger import (
    STARTED_AT,
    TOPIC,
    Mirror,
    Topic,
    Waiting,
    audit,
    file_record,
    message,
    record,
    write_journal,
)

COUNTED = ("lost", "corrupted", "duplicated", "out_of_order", "landed_after_failure", "shown_late", "missing_rows")


def found(result: dict[str, Any]) -> dict[str, Any]:
    """What an audit counted, without the zeros."""
    return {kind: result[kind] for kind in COUNTED if result[kind]}


def five(folder: Path, streams: str = "aabab") -> tuple[Path, Mirror]:
    """Five acknowledged messages of two streams, and a mirror that shows them as they are."""
    topic, records = Topic(), []
    numbers = dict.fromkeys(streams, 0)
    for stream in streams:
        numbers[stream] += 1
        sequence = topic.write(message(stream, numbers[stream]))
        records.append(record(stream, numbers[stream], sequence))
    return write_journal(folder, records), Mirror(topic.rows)


def test_an_untouched_topic_is_clean(tmp_path: Path) -> None:
    """Everything is delivered, every hash follows, and the command would end with 0."""
    result = audit(*five(tmp_path))
    assert (result["acknowledged"], result["delivered"]) == (5, 5)
    assert found(result) == {}
    assert result["running_hash_verified"] is True
    assert exit_code_of(result) == 0
    assert not list(tmp_path.glob("audit.sqlite*")), "what can be made again is cleared away"


def test_a_message_that_is_never_shown_is_lost(tmp_path: Path) -> None:
    """It is waited for until the time is up, and then named with its transaction id."""
    journal, mirror = five(tmp_path)
    mirror.leave_out(3)
    time = Waiting()
    result = audit(journal, mirror, time)
    assert found(result) == {"lost": 1, "missing_rows": 1}
    assert result["running_hash_verified"] is None, "nobody can say what the missing row held"
    (offender,) = result["offenders"]
    assert (offender["kind"], offender["sequence_number"]) == ("lost", 3)
    assert offender["transaction_id"] == "0.0.1001@1795500000.000000001"
    assert time.now >= 30
    assert exit_code_of(result) == 3


def test_a_gap_that_closes_later_is_read_again(tmp_path: Path) -> None:
    """What the mirror passed over at first is asked for once more; it arrived, and was shown late."""
    journal, mirror = five(tmp_path)
    mirror.leave_out(3, until_look=4)
    result = audit(journal, mirror)
    assert found(result) == {"shown_late": 1}
    assert (result["delivered"], result["running_hash_verified"]) == (5, True)
    assert [entry["sequence_number"] for entry in result["late"]] == [3]
    assert integrity_faults(result) == []


def test_a_row_that_is_shown_twice_is_a_duplicate(tmp_path: Path) -> None:
    """The same place twice is no second message on the ledger, but its reader got it twice."""
    journal, mirror = five(tmp_path)
    mirror.repeat(4)
    result = audit(journal, mirror)
    assert found(result) == {"duplicated": 1}
    assert result["delivered"] == 4
    assert result["running_hash_verified"] is True


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.UNKNOWN])
def test_a_retry_that_landed_twice_is_a_duplicate(tmp_path: Path, outcome: Outcome) -> None:
    """Acknowledged or not: two copies are a duplicate, never a success."""
    topic = Topic()
    topic.write(message("a", 1))
    topic.write(message("a", 1))
    journal = write_journal(tmp_path, [record("a", 1, 1, outcome)])
    result = audit(journal, Mirror(topic.rows))
    assert (result["duplicated"], result["delivered"]) == (1, 0)
    assert result["offenders"][0]["copies"] == 2
    assert exit_code_of(result) == 3


@pytest.mark.parametrize("at", [1, 3])
def test_swapped_messages_are_out_of_order(tmp_path: Path, at: int) -> None:
    """Of one stream (1 and 2) or of two (3 and 4): neither stands where its receipt says, and the hashes break."""
    journal, mirror = five(tmp_path)
    mirror.swap(at)
    result = audit(journal, mirror)
    assert found(result) == {"out_of_order": 2}
    assert {entry["sequence_number"] for entry in result["offenders"]} == {at, at + 1}
    assert result["running_hash_verified"] is False
    assert result["topics"][0]["chain_broken_at"] == at


def changed_places(tmp_path: Path, order: str, waited: str = "") -> dict[str, Any]:
    """What is found of messages of one stream that reach consensus in this order, each 1 s after the one before.

    Args:
        tmp_path: Receives the journal.
        order: Numbers, as they stand on the topic.
        waited: Of which the receipt had come half a second after they were sent, before the next one was.
    """
    topic, records = Topic(), []
    for number in order:
        topic.write(message("a", int(number)))
    for number in sorted(order):
        one = record("a", int(number), None)
        sent = one.messages[0]
        sent.sent_at = STARTED_AT + int(number)
        sent.seen_at = sent.sent_at + 0.5 if number in waited else 0.0
        records.append(one)
    return audit(write_journal(tmp_path, records), Mirror(topic.rows))


def test_overtaking_what_a_receipt_was_waited_for_is_out_of_order(tmp_path: Path) -> None:
    """Consensus had put the first in its place before the second was sent."""
    result = changed_places(tmp_path, "213", waited="1")
    assert (result["out_of_order"], result["reordered"]) == (1, 0)
    assert exit_code_of(result) == 3


def test_overtaking_what_was_on_its_way_is_a_finding_and_no_fault(tmp_path: Path) -> None:
    """A node's acknowledgement fixes no order: who sends on without the receipt may see his messages change places."""
    result = changed_places(tmp_path, "4125367", waited="7")
    assert (result["out_of_order"], result["reordered"], result["reordered_by"]) == (0, 2, 3)
    assert exit_code_of(result) == 0
    assert reordering(result) == (
        "2 of 7 messages (29 %) changed places with others of their sender, by up to 3 positions: a node's "
        "acknowledgement fixes no order, only a receipt that was waited for does"
    )


def test_a_receipt_that_came_too_late_fixed_nothing(tmp_path: Path) -> None:
    """The second was sent before the first one's receipt came, so both were on their way."""
    topic = Topic()
    for number in (2, 1):
        topic.write(message("a", number))
    first, second = (record("a", number, None) for number in (1, 2))
    first.messages[0].sent_at, first.messages[0].seen_at = STARTED_AT, STARTED_AT + 3.0
    second.messages[0].sent_at = STARTED_AT + 1.0
    result = audit(write_journal(tmp_path, [first, second]), Mirror(topic.rows))
    assert (result["out_of_order"], result["reordered"]) == (0, 1)


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(1, 9)), st.sets(st.integers(1, 8)))
def test_order_is_held_against_what_was_promised(order: list[int], waited: set[int]) -> None:
    """Whatever the order: a message is out of order just where it stands before one whose receipt it had waited for."""
    with TemporaryDirectory() as folder:
        result = changed_places(Path(folder), "".join(map(str, order)), waited="".join(map(str, waited)))
    place = {number: at for at, number in enumerate(order)}
    wrong = {m for m in order if any(e < m and place[e] > place[m] and e in waited for e in order)}
    moved = {m for m in order if any(e < m and place[e] > place[m] for e in order)} - wrong
    assert (result["out_of_order"], result["reordered"]) == (len(wrong), len(moved))
    most = max((sum(e < m and place[e] > place[m] for e in order) for m in moved), default=0)
    assert result["reordered_by"] == most


@pytest.mark.parametrize("contents", [message("b", 1) + b" ", message("b", 7), b"\xff", message("b", 1, "y")])
def test_changed_bytes_are_corrupted(tmp_path: Path, contents: bytes) -> None:
    """Whatever is shown in a message's place instead of it: it is corrupted, not lost, and not waited for."""
    journal, mirror = five(tmp_path)
    mirror.change(3, contents)
    time = Waiting()
    result = audit(journal, mirror, time)
    assert found(result) == {"corrupted": 1}
    assert result["offenders"][0]["kind"] == "corrupted"
    assert result["running_hash_verified"] is False
    assert time.now < 10


@pytest.mark.parametrize(
    "contents", [message("a", 1, run_id="another"), b"\xff", b"hello", message("c", 1), message("c", 1)[:-1]]
)
def test_somebody_elses_message_in_its_place_is_a_collision_of_payers(tmp_path: Path, contents: bytes) -> None:
    """An unbroken chain proves that consensus put it there: the receipt was his, and the network changed nothing."""
    topic = Topic()
    place = topic.write(contents)
    second = topic.write(message("a", 2))
    journal = write_journal(tmp_path, [record("a", 1, place), record("a", 2, second)])
    time = Waiting()
    result = audit(journal, Mirror(topic.rows), time)
    assert found(result) == {}
    assert (result["collided"], result["delivered"], result["running_hash_verified"]) == (1, 1, True)
    assert (integrity_faults(result), exit_code_of(result)) == ([], 5)
    (offender,) = result["offenders"]
    assert (offender["kind"], offender["number"], offender["sequence_number"]) == ("collided", 1, place)
    assert "its transaction id was used by somebody else" in vanished(result)
    assert "OPERATOR_ID" in vanished(result)
    assert time.now < 10


ID = "0.0.1001@1795500000.000000001"
"""Of the message a/1, in `ledger.record`."""


def acknowledged_only(folder: Path, topic: Topic) -> tuple[Path, Mirror]:
    """A message a/1 of which only a node's acknowledgement is known, and a/2, which is shown."""
    second = topic.write(message("a", 2))
    return write_journal(folder, [record("a", 1, None), record("a", 2, second)]), Mirror(topic.rows)


@pytest.mark.parametrize("contents", [b"hello", message("a", 1, run_id="another"), message("c", 1)])
def test_an_acknowledged_id_that_wrote_other_bytes_is_a_collision(tmp_path: Path, contents: bytes) -> None:
    """At level `ack` no place is known: the mirror says which transaction the id was, and shows what that wrote."""
    topic = Topic()
    place = topic.write(contents)
    journal, mirror = acknowledged_only(tmp_path, topic)
    mirror.transactions[ID] = Handled(TOPIC, topic.rows[place - 1].consensus_timestamp)
    result = audit(journal, mirror)
    assert (found(result), result["collided"], exit_code_of(result)) == ({}, 1, 5)
    assert mirror.asked_for == [ID], "nothing is asked about what is there"
    assert (result["offenders"][0]["kind"], result["offenders"][0]["transaction_id"]) == ("collided", ID)


@pytest.mark.parametrize("elsewhere", [None, "0.0.4711"])
def test_an_acknowledged_id_that_did_something_else_is_a_collision(tmp_path: Path, elsewhere: str | None) -> None:
    """Somebody's transfer, or a message to a topic of his."""
    journal, mirror = acknowledged_only(tmp_path, Topic())
    mirror.transactions[ID] = Handled(elsewhere, 1)
    result = audit(journal, mirror)
    assert (found(result), result["collided"], exit_code_of(result)) == ({}, 1, 5)


def test_an_acknowledged_message_that_nothing_explains_is_lost(tmp_path: Path) -> None:
    """The mirror shows no transaction of that id; or one to this topic whose message it leaves out."""
    journal, mirror = acknowledged_only(tmp_path, Topic())
    result = audit(journal, mirror)
    assert (found(result), result["collided"], exit_code_of(result)) == ({"lost": 1}, 0, 3)
    mirror.transactions[ID] = Handled(TOPIC, 1)
    result = audit(journal, mirror)
    assert (found(result), result["collided"]) == ({"lost": 1}, 0)


def test_an_id_whose_message_stands_beyond_a_broken_chain_proves_nothing(tmp_path: Path) -> None:
    """The mirror may have changed what it shows there."""
    topic = Topic()
    place = topic.write(b"his")
    journal, mirror = acknowledged_only(tmp_path, topic)
    mirror.transactions[ID] = Handled(TOPIC, topic.rows[place - 1].consensus_timestamp)
    mirror.change(1, b"not his")
    result = audit(journal, mirror)
    assert (found(result), result["collided"]) == ({"lost": 1}, 0)


def test_nothing_is_asked_about_what_may_still_come(tmp_path: Path) -> None:
    """A mirror that has not come so far has nothing to say of it."""
    journal, mirror = acknowledged_only(tmp_path, Topic())
    mirror.clock_ns = int(STARTED_AT * 1e9)
    result = audit(journal, mirror)
    assert (result["not_shown_yet"], result["lost"], mirror.asked_for) == (1, 0, [])


def test_our_own_envelope_with_changed_bytes_stays_corrupted(tmp_path: Path) -> None:
    """Even where the chain is whole: it says of itself whose it is."""
    topic = Topic()
    place = topic.write(message("a", 1).replace(b'"x"', b'"z"'))
    result = audit(write_journal(tmp_path, [record("a", 1, place)]), Mirror(topic.rows))
    assert (found(result), result["collided"]) == ({"corrupted": 1}, 0)


def test_beyond_a_broken_chain_nothing_is_proven(tmp_path: Path) -> None:
    """Below the break it is a collision; from the break on, the mirror may have changed what it shows."""
    topic = Topic()
    places = [topic.write(one) for one in (b"his", message("a", 2), message("a", 3))]
    journal = write_journal(tmp_path, [record("a", number, place) for number, place in enumerate(places, start=1)])
    mirror = Mirror(topic.rows)
    mirror.change(3, b"changed")
    result = audit(journal, mirror)
    assert (found(result), result["collided"]) == ({"corrupted": 1}, 1)
    assert exit_code_of(result) == 3


def test_a_message_that_landed_after_the_client_gave_up(tmp_path: Path) -> None:
    """It was not acknowledged and is there all the same; one that never came is not called lost."""
    topic = Topic()
    topic.write(message("a", 1))
    journal = write_journal(tmp_path, [record("a", 1, None, Outcome.UNKNOWN), record("a", 2, None, Outcome.FAILED)])
    result = audit(journal, Mirror(topic.rows))
    assert found(result) == {"landed_after_failure": 1}
    assert (result["never_landed"], result["acknowledged"]) == (1, 0)
    assert exit_code_of(result) == 0


def test_only_this_runs_messages_count(tmp_path: Path) -> None:
    """Another run's message of the same number, and what is no message at all, are part of the chain only."""
    topic = Topic()
    topic.write(message("a", 1, run_id="another"))
    topic.write(message("b", 1, run_id="another"))
    topic.write(b"[[[")
    place = topic.write(message("a", 1))
    result = audit(write_journal(tmp_path, [record("a", 1, place)]), Mirror(topic.rows))
    assert found(result) == {}
    assert (result["delivered"], result["running_hash_verified"], result["of_unreported_senders"]) == (1, True, 0)


def test_messages_of_a_dead_worker_are_counted_and_checked(tmp_path: Path) -> None:
    """No journal row tells of them; the digest that they carry still does."""
    topic = Topic()
    topic.write(message("dead", 1))
    topic.write(message("dead", 2).replace(b'"x"', b'"y"'))
    result = audit(write_journal(tmp_path, []), Mirror(topic.rows))
    assert (result["of_unreported_senders"], result["unreported_corrupted"]) == (2, 1)
    assert integrity_faults(result)


def test_chunks_make_one_message(tmp_path: Path) -> None:
    """Three chunks are one message; among them another stream's row, and all of it once more is a duplicate."""
    topic = Topic()
    body = "x" * 2500
    place = topic.write_chunked(message("a", 1, body), 3)
    assert place == 3
    journal = write_journal(tmp_path, [record("a", 1, place, body=body)])
    assert audit(journal, Mirror(topic.rows))["delivered"] == 1
    topic.write_chunked(message("a", 1, body), 3)
    assert found(audit(journal, Mirror(topic.rows))) == {"duplicated": 1}
    late = Mirror(topic.rows[:3])
    late.leave_out(2, until_look=3)
    assert found(audit(journal, late)) == {"shown_late": 1}


class Refusing(Mirror):
    """A mirror that answers so many rows and then refuses, as one that asks for a slower pace."""

    def __init__(self, rows: list[TopicMessage], per_look: int) -> None:
        super().__init__(rows)
        self.per_look = per_look

    def __call__(self, topic_id: str, after: int, until: int | None) -> Iterator[TopicMessage]:
        for number, row in enumerate(super().__call__(topic_id, after, until)):
            if number == self.per_look:
                raise MirrorError("HTTP_429: slower", status="HTTP_429", fate=Fate.RETRYABLE, busy=True)
            yield row


def test_a_mirror_that_slows_its_reader_down_is_read_to_the_end(tmp_path: Path) -> None:
    """Refusals do not end the audit, nor does its time limit, as long as rows come in."""
    topic = Topic()
    records = [record("a", number, topic.write(message("a", number))) for number in range(1, 101)]
    result = audit(write_journal(tmp_path, records), Refusing(topic.rows, per_look=1), audit_timeout=20)
    assert (result["delivered"], result["error"]) == (100, None)


def test_a_mirror_that_does_not_answer_proves_nothing(tmp_path: Path) -> None:
    """Nothing is called lost that could not be looked for: the audit is inconclusive."""
    journal, mirror = five(tmp_path)
    result = audit(journal, Refusing(mirror.rows, per_look=0))
    assert (result["lost"], result["running_hash_verified"], result["offenders"]) == (None, None, [])
    assert "429" in result["error"]
    assert exit_code_of(result) == 5


def test_a_mirror_of_holes_cannot_be_audited(tmp_path: Path) -> None:
    """More gaps than can be kept end the audit with a reason instead of filling the memory."""
    topic = Topic()
    topic.write(message("a", 1))
    sparse = [replace(topic.rows[0], sequence_number=2 * at) for at in range(1, MAX_GAPS + 3)]
    result = audit(write_journal(tmp_path, [record("a", 1, 1)]), Mirror(sparse), audit_timeout=0)
    assert "leaves out rows" in result["error"]


def test_offenders_are_listed_up_to_a_bound(tmp_path: Path) -> None:
    """A mirror that lost a thousand messages names a hundred of them, of each kind its share."""
    topic = Topic()
    records = [record("a", number, topic.write(message("a", number))) for number in range(1, 1001)]
    mirror = Mirror(topic.rows[:1])
    mirror.repeat(1)
    result = audit(write_journal(tmp_path, records), mirror)
    assert (result["lost"], result["duplicated"]) == (999, 1)
    assert len(result["offenders"]) == MAX_OFFENDERS // 2 + 1


def test_files_are_held_against_what_was_read(tmp_path: Path) -> None:
    """Read back the same, read back other bytes, never read: each is counted, and the slowest append is named."""
    stored = [
        StoredFile(f"0.0.{number}", f"{number:064x}", 9000, 2, number / 10, "0.0.2@1.000000001", True, 1.5)
        for number in (1, 2, 3)
    ]
    failed = StoredFile("", f"{9:064x}", 500, acknowledged=False)
    reads = [ReadFile("0.0.1", f"{1:064x}", 9000, 0.1), ReadFile("0.0.2", f"{7:064x}", 9000, 0.1)]
    records = [file_record(stored=one) for one in [*stored, failed]] + [file_record(read=one) for one in reads]
    result = audit(write_journal(tmp_path, records), Mirror([]))
    files = result["files"]
    assert {name: files[name] for name in ("attempted", "stored", "verified", "mismatched", "not_read_back")} == {
        "attempted": 4, "stored": 3, "verified": 1, "mismatched": 1, "not_read_back": 1,
    }  # fmt: skip
    assert (files["appends"], files["bytes"], files["bytes_per_s"]) == (6, 27_000, 6000)
    assert files["slowest_append"] == {"file_id": "0.0.3", "transaction_id": "0.0.2@1.000000001", "ms": 300.0}
    assert [one["file_id"] for one in files["offenders"]] == ["0.0.2"]
    assert exit_code_of(result) == 3


def test_what_is_left_of_files_is_counted_and_named(tmp_path: Path) -> None:
    """A file that was deleted again is only counted; one that is left, or may be, is named with its transaction."""
    half = [
        StoredFile(f"0.0.{number}", "aa", 500, transaction_id=f"0.0.2@1.00000000{number}", leftover=leftover)
        for number, leftover in ((4, "deleted"), (5, "left"), (6, "uncertain"), (7, ""))
    ]
    files = audit(write_journal(tmp_path, [file_record(stored=one) for one in half]), Mirror([]))["files"]
    assert (files["deleted"], files["left_over"], files["uncertain"]) == (1, 1, 1)
    assert [(one["kind"], one["file_id"]) for one in files["offenders"]] == [("left", "0.0.5"), ("uncertain", "0.0.6")]


@given(
    streams=st.integers(1, 4),
    length=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    wrong=st.lists(st.sampled_from(["drop", "repeat", "corrupt", "late", "unacknowledged"]), max_size=6),
    receipts=st.booleans(),
)
@settings(deadline=None, max_examples=30)
def test_the_audit_counts_what_went_wrong(
    streams: int, length: int, seed: int, wrong: list[str], receipts: bool
) -> None:
    """Among streams that interleave at random, exactly what was done wrong is found, whatever is done at once."""
    source = random.Random(seed)
    queues = [[(str(stream), number) for number in range(1, length + 1)] for stream in range(streams)]
    order = []
    while any(queues):
        order.append(source.choice([queue for queue in queues if queue]).pop(0))
    done = dict(zip(source.sample(range(1, len(order) + 1), min(len(order), len(wrong))), wrong, strict=False))
    topic, records = Topic(), []
    for place, (stream, number) in enumerate(order, start=1):
        topic.write(message(stream, number))
        outcome = Outcome.UNKNOWN if done.get(place) == "unacknowledged" else Outcome.SUCCEEDED
        records.append(record(stream, number, place if receipts else None, outcome))
    mirror = Mirror(topic.rows)
    for place, what in done.items():
        if what in ("drop", "late"):
            mirror.leave_out(place, until_look=3 if what == "late" else None)
        elif what == "repeat":
            mirror.repeat(place)
        elif what == "corrupt":
            mirror.change(place, topic.rows[place - 1].message.replace(b'"x"', b'"z"'))
    with TemporaryDirectory() as folder:
        result = audit(write_journal(Path(folder), records), mirror, audit_timeout=GAPS_PER_LOOK)
    told = {what: list(done.values()).count(what) for what in ("drop", "repeat", "corrupt", "late", "unacknowledged")}
    assert result["lost"] == told["drop"]
    assert result["duplicated"] == told["repeat"]
    assert result["corrupted"] == told["corrupt"]
    assert result["landed_after_failure"] == told["unacknowledged"]
    assert result["out_of_order"] == 0
    assert result["delivered"] == len(order) - len(done) + told["late"]
    verified = not told["corrupt"]
    assert result["running_hash_verified"] in ((verified, None) if told["drop"] else (verified,))
    if told["late"] and not told["drop"]:
        last = max(place for place, what in done.items() if what == "late")
        assert result["shown_late"] == told["late"] or last == len(order), "the last row's absence is no gap"
