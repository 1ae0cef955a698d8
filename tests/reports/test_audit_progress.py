"""Lost is only what the mirror is past; of what it may not have come to, the audit says so and ends with 5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import Fate, MirrorError, TopicMessage
from reports.audit.mirror import GAPS_PER_LOOK, LONGEST_PAUSE_S
from reports.audit.progress import NS_PER_S, Missing, Reach, is_past, iso, latest_consensus_ns, moment
from reports.judge.verdict import _audit as audit_check
from reports.judge.verdict import exit_code_of
from reports.render.console import _audit_line
from tests.reports.ledger import STARTED_AT, TOPIC, Mirror, Topic, Waiting, audit, message, record, write_journal

START_NS = int(STARTED_AT * NS_PER_S)
MOMENTS = st.integers(START_NS, START_NS + 1000 * NS_PER_S)
MISSING = st.builds(
    Missing,
    sequence_number=st.none() | st.integers(1, 50),
    valid_start_ns=st.none() | MOMENTS,
    told_ns=st.none() | MOMENTS,
)
GAPS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)).map(lambda gap: (gap[0], gap[0] + gap[1])), max_size=3)
REACH = st.builds(Reach, clock_ns=st.none() | MOMENTS, last_sequence=st.integers(0, 50), unasked=GAPS)
DURATION = st.integers(16, 180)


@given(MISSING, REACH, DURATION)
def test_nothing_is_lost_that_can_still_come(missing: Missing, reach: Reach, valid_s: int) -> None:
    """Where a message can have reached consensus after all that the mirror shows, or in a gap, it is never lost.

    CN:TransactionChecker.checkTimeBox: validity is checked again at consensus, by the consensus time.
    """
    latest = latest_consensus_ns(missing, valid_s)
    in_time = reach.clock_ns is None or latest is None or latest > reach.clock_ns
    behind = missing.sequence_number is None or missing.sequence_number > reach.last_sequence
    in_gap = any(low <= (missing.sequence_number or high) for low, high in reach.unasked)
    assert is_past(missing, reach, valid_s) is not ((in_time and behind) or in_gap)


@given(MISSING, REACH, DURATION, st.integers(0, 10**12), st.integers(0, 50))
def test_what_is_lost_stays_lost_as_the_mirror_goes_on(
    missing: Missing, reach: Reach, valid_s: int, later: int, rows: int
) -> None:
    """A mirror that comes further, and leaves no new gap, never turns lost into not shown yet."""
    further = Reach(
        None if reach.clock_ns is None else reach.clock_ns + later, reach.last_sequence + rows, reach.unasked
    )
    assert is_past(missing, further, valid_s) >= is_past(missing, reach, valid_s)


@given(MISSING, DURATION)
def test_what_is_known_only_narrows(missing: Missing, valid_s: int) -> None:
    """Each thing that is known of a message bounds its consensus; without any nothing does."""
    latest = latest_consensus_ns(missing, valid_s)
    known = [missing.valid_start_ns, missing.told_ns]
    assert (latest is None) is (known == [None, None])
    if latest is not None:
        assert missing.told_ns is None or latest <= missing.told_ns
        assert missing.valid_start_ns is None or latest <= missing.valid_start_ns + valid_s * NS_PER_S


def test_moments_are_written_for_people_and_for_programs() -> None:
    """The date is left out where it is the same day's; nanoseconds are kept where a program reads."""
    assert moment(START_NS, START_NS + NS_PER_S).count("-") == 0
    assert moment(START_NS, START_NS + 2 * 86_400 * NS_PER_S).count("-") == 2
    assert moment(10**30), "a mirror may say anything"
    assert iso(1_700_000_000_000_000_007) == "2023-11-14T22:13:20.000000007Z"


def behind(folder: Path, clock_ns: int | None, sequences: bool = True) -> tuple[Path, Mirror]:
    """Three acknowledged messages, of which a mirror that has come to some moment shows the first."""
    topic, records = Topic(), []
    for number in (1, 2, 3):
        place = topic.write(message("a", number))
        records.append(record("a", number, place if sequences else None))
    mirror = Mirror(topic.rows[:1])
    mirror.clock_ns = clock_ns
    return write_journal(folder, records), mirror


def test_a_mirror_that_lags_loses_nothing(tmp_path: Path) -> None:
    """Fewer rows with 200 are no loss (MN:rest/topicmessage.js): exit code 5, and the mirror's own clock is said."""
    result = audit(*behind(tmp_path, START_NS))
    assert (result["lost"], result["not_shown_yet"], result["delivered"], result["error"]) == (0, 2, 1, None)
    assert exit_code_of(result) == 5
    assert "2 acknowledged messages are not shown yet: the mirror had come to" in result["doubt"]
    assert moment(START_NS + 1_000_000, START_NS) in result["doubt"], "a row that is shown is a clock as well"
    assert result["mirror_clock"] == iso(START_NS + 1_000_000)
    assert {one["kind"] for one in result["offenders"]} == {"not_shown_yet"}
    check = audit_check(result)
    assert (check.passed, int(check.exit_code), check.detail) == (False, 5, result["doubt"])
    assert _audit_line(result) == f"Audit: {result['doubt']}"


@pytest.mark.parametrize("sequences", [True, False], ids=["receipt", "ack"])
def test_what_the_mirror_is_past_is_lost(tmp_path: Path, sequences: bool) -> None:
    """The same mirror, once it has come to the end of the transactions' validity."""
    valid_until = START_NS + 120 * NS_PER_S + 3
    early = audit(*behind(tmp_path / "early", valid_until - 2, sequences))
    assert (early["lost"], early["not_shown_yet"], exit_code_of(early)) == (0, 2, 5)
    assert "may reach consensus until" in early["doubt"]
    result = audit(*behind(tmp_path / "late", valid_until, sequences))
    assert (result["lost"], result["not_shown_yet"], result["doubt"]) == (2, 0, None)
    assert exit_code_of(result) == 3


def test_a_receipt_bounds_consensus_by_its_sender_clock(tmp_path: Path) -> None:
    """Who was told of consensus at a moment need not wait for the end of validity; the clocks may differ."""
    topic, records = Topic(), []
    for number in (1, 2):
        records.append(record("a", number, topic.write(message("a", number))))
    records[1].messages[0].seen_at = STARTED_AT + 2
    mirror = Mirror(topic.rows[:1])
    for clock_s, lost in ((2.5, 0), (3.5, 1)):  # a second of margin, and a millisecond between the clocks
        mirror.clock_ns = START_NS + int(clock_s * NS_PER_S)
        result = audit(write_journal(tmp_path / str(clock_s), records), mirror)
        assert (result["lost"], result["not_shown_yet"]) == (lost, 1 - lost)


def test_a_mirror_without_a_clock_is_past_what_stands_before_its_rows(tmp_path: Path) -> None:
    """Sequence numbers have no gaps: what a later row passed over is lost, what would come after it is open."""
    topic = Topic()
    records = [record("a", number, topic.write(message("a", number))) for number in (1, 2, 3, 4)]
    mirror = Mirror([topic.rows[0], topic.rows[2]])
    mirror.clock_ns = None
    result = audit(write_journal(tmp_path, records), mirror)
    assert (result["lost"], result["not_shown_yet"]) == (1, 1)
    assert exit_code_of(result) == 3
    assert "1 lost" in _audit_line(result)
    assert "not shown yet" in _audit_line(result)


def test_gaps_that_were_not_asked_for_again_are_not_lost(tmp_path: Path) -> None:
    """Two looks ask for some gaps once more; messages in the others may be there."""
    topic = Topic()
    records = [record("a", number, topic.write(message("a", number))) for number in range(1, 101)]
    journal = write_journal(tmp_path, records)
    result = audit(journal, Mirror(topic.rows[1::2]), audit_timeout=0)
    assert (result["lost"], result["not_shown_yet"]) == (2 * GAPS_PER_LOOK, 50 - 2 * GAPS_PER_LOOK)
    assert audit(journal, Mirror(topic.rows[1::2]))["lost"] == 50


class Jumping(Mirror):
    """A mirror of two servers: the one that is asked how far it is has come further than the one that shows rows."""

    def __call__(self, topic_id: str, after: int, until: int | None) -> Iterator[TopicMessage]:
        """Nothing at the first look."""
        rows = list(super().__call__(topic_id, after, until))
        return iter(rows if self.looks > 1 else [])


def test_one_look_is_not_enough(tmp_path: Path) -> None:
    """Even without time to wait the mirror is asked twice before anything is called lost."""
    topic = Topic()
    journal = write_journal(tmp_path, [record("a", 1, topic.write(message("a", 1)))])
    assert audit(journal, Jumping(topic.rows), audit_timeout=0)["delivered"] == 1


def test_a_mirror_that_has_never_heard_of_the_topic_is_anothers(tmp_path: Path) -> None:
    """200 with nothing, and 404 for the topic itself: a question instead of "lost", and exit code 5."""
    journal, _ = behind(tmp_path, None)
    mirror = Mirror([])
    mirror.unknown = {TOPIC}
    result = audit(journal, mirror)
    assert (result["lost"], result["not_shown_yet"], result["running_hash_verified"]) == (None, None, None)
    assert result["doubt"].endswith(
        f"never heard of topic {TOPIC}, on which 3 messages of this run were acknowledged: "
        "does this mirror belong to this network?"
    )
    assert (result["offenders"], exit_code_of(result)) == ([], 5)
    mirror.clock_ns = START_NS - 600 * NS_PER_S
    result = audit(journal, mirror)
    assert (result["lost"], result["not_shown_yet"], exit_code_of(result)) == (0, 3, 5)
    assert "has it stopped, or does it belong to another network?" in result["doubt"]


def test_other_messages_in_an_unbroken_chain_are_anothers(tmp_path: Path) -> None:
    """A topic of the same number on another network is no corruption; one changed message of ours would be."""
    journal, _ = behind(tmp_path, None)
    other = Topic()
    for number in (1, 2, 3, 4):
        other.write(message("a", number, run_id="another"))
    result = audit(journal, Mirror(other.rows))
    assert "shows other messages on topic" in result["doubt"]
    assert (result["corrupted"], result["lost"], exit_code_of(result)) == (0, None, 5)
    changed = Mirror(other.rows)
    changed.change(2, b"?")
    result = audit(journal, changed)
    assert (result["doubt"], exit_code_of(result)) == (None, 3)


class Busy(Mirror):
    """A mirror that refuses the first looks, and says for how long it wants to be left alone, or does not."""

    def __init__(self, rows: list[TopicMessage], refusals: int, retry_after_s: float | None, time: Waiting) -> None:
        super().__init__(rows)
        self.refusals, self.retry_after_s, self.time = refusals, retry_after_s, time
        self.asked: list[float] = []

    def latest_consensus(self) -> int | None:
        """The first request of a look."""
        self.asked.append(self.time.now)
        if len(self.asked) > self.refusals:
            return super().latest_consensus()
        error = MirrorError("HTTP_429: slower", status="HTTP_429", fate=Fate.RETRYABLE, busy=True)
        error.retry_after_s = self.retry_after_s
        raise error


@pytest.mark.parametrize(("retry_after_s", "asked"), [(7.0, [0, 7, 14, 21]), (None, [0, 0.5, 1.5, 3.5])])
def test_a_refused_audit_waits(tmp_path: Path, retry_after_s: float | None, asked: list[float]) -> None:
    """As long as `Retry-After` says (RFC 9110 §10.2.3), else twice as long each time; not for ten seconds only."""
    topic, time = Topic(), Waiting()
    journal = write_journal(tmp_path, [record("a", 1, topic.write(message("a", 1)))])
    mirror = Busy(topic.rows, 3, retry_after_s, time)
    assert audit(journal, mirror, time)["delivered"] == 1
    assert mirror.asked == asked


def test_a_refusal_longer_than_the_audit_is_not_waited_for(tmp_path: Path) -> None:
    """Asking before its time would be refused as well."""
    topic, time = Topic(), Waiting()
    journal = write_journal(tmp_path, [record("a", 1, topic.write(message("a", 1)))])
    result = audit(journal, Busy(topic.rows, 1, 300.0, time), time)
    assert (result["lost"], time.now, exit_code_of(result)) == (None, 0, 5)
    assert "429" in result["doubt"]


UNREACHABLE = MirrorError("MIRROR_UNREACHABLE: refused", status="MIRROR_UNREACHABLE", fate=Fate.RETRYABLE)
UNREADABLE = MirrorError("UNREADABLE: is no mirror", status="UNREADABLE", fate=Fate.RETRYABLE)
NOT_FOUND = MirrorError("HTTP_404: no such page", status="HTTP_404", fate=Fate.FINAL)


def http_error(status: int) -> MirrorError:
    """What the client raises for an answer of a mirror that is out of order."""
    return MirrorError(f"HTTP_{status}: out of order", status=f"HTTP_{status}", fate=Fate.RETRYABLE)


class Away(Mirror):
    """A mirror that answers with one error until a moment."""

    def __init__(self, rows: list[TopicMessage], error: Exception, until_s: float, time: Waiting) -> None:
        super().__init__(rows)
        self.error, self.until_s, self.time = error, until_s, time

    def latest_consensus(self) -> int | None:
        """The first request of a look."""
        if self.time.now < self.until_s:
            raise self.error
        return super().latest_consensus()


@pytest.mark.parametrize(
    "error",
    [http_error(503), http_error(500), http_error(502), UNREACHABLE, UNREADABLE, NOT_FOUND, ConnectionResetError()],
    ids=repr,
)
def test_the_audit_waits_as_long_as_it_was_told(tmp_path: Path, error: Exception) -> None:
    """Told to wait 90 s, it gave up after 10 s of HTTP 503. Whatever a mirror says instead of an answer, it may end."""
    topic = Topic()
    journal = write_journal(tmp_path, [record("a", 1, topic.write(message("a", 1)))])
    time = Waiting()
    assert audit(journal, Away(topic.rows, error, 75.0, time), time, audit_timeout=90)["delivered"] == 1
    time = Waiting()
    result = audit(journal, Away(topic.rows, error, 3600.0, time), time, audit_timeout=90)
    assert (result["lost"], exit_code_of(result)) == (None, 5)
    assert 90 <= time.now <= 90 + LONGEST_PAUSE_S
