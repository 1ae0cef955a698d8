"""The audit: every message that was acknowledged must be on its topic exactly once, in order, in an unbroken chain.

Each message (one envelope, in one piece or in chunks) is classified by these rules:

* delivered: it was acknowledged, and is shown exactly once, byte for byte.
* duplicated: it is shown more than once, acknowledged or not. A retry that landed twice is a duplicate, no success.
* corrupted: it was acknowledged; where its receipt or its envelope says it should be, something else is shown.
* collided: it was acknowledged, nothing of it is shown, and where its receipt says it should be an unbroken running
  hash proves that somebody else's message reached consensus (`collisions`); without a receipt, the mirror shows that
  its transaction id was somebody else's (`taken`). That is no fault of the network's.
* lost: it was acknowledged, nothing of it is shown, and the mirror is demonstrably past it (`progress`).
* not shown yet: it was acknowledged, nothing of it is shown, and the mirror may not have come to it. Nothing is wrong
  then, and nothing is proven.
* landed after failure: it was not acknowledged (failed, unknown, cut off), and is shown all the same: the client had
  given up on something that happened.

Where the user's own application names the place of a message, it may have written something else there; then the
message is lost. Of what it never wrote as it was given see `unforwarded`.

Besides, an acknowledged message is out of order if it does not stand where its receipt said it would, or if it stands
before one of its stream whose receipt had come before it was sent: consensus had put that one in its place, so nothing
could come before it any more. A node's acknowledgement fixes no place, nor does a queue: messages of one stream that
were on their way together may reach consensus in any order, through different nodes above all. Where such ones changed
places they are *reordered*, which is no fault of anybody's and a finding for an application that relies on an order.
Messages of different streams have no order among each other.

`shown_late` counts messages that the mirror left out at first and showed when it was asked again. Only messages of this
run count; whatever else stands on a topic is part of the hash chain and nothing more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from config.levels import APPLICATION
from reports.audit.chain import TopicChain
from reports.audit.files import audit_files
from reports.audit.progress import iso
from reports.audit.unforwarded import Unforwarded, hold_unforwarded
from reports.schema.audit import Classified, Kind, Message, MessageCounts
from reports.wording.audit import not_read

MAX_OFFENDERS: Final = 100
"""Offending messages that are listed one by one."""

REACH: Final = 1_000
"""How many messages of its stream back one is held against: more cannot have been on their way together."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""Kinds of messages that are listed one by one, in this order."""

SHOWN_LATE: Final = "shown_late"

_SETTLE: Final = f"""
CREATE TABLE audit.classified AS
SELECT s.rowid AS id, s.acknowledged AS acked, s.topic_id, s.stream, s.number, s.sequence_number,
    total(v.digest = s.digest) AS copies, total(v.digest != s.digest) AS changed,
    min(CASE WHEN v.digest = s.digest THEN v.first_seq END) AS first_seq,
    min(CASE WHEN v.digest = s.digest THEN v.last_seq END) AS last_seq,
    max(v.digest = s.digest AND v.last_seq = s.sequence_number) AS in_place,
    min(CASE WHEN v.digest = s.digest THEN v.consensus_ns END) AS consensus_ns,
    max(v.digest = s.digest AND v.late) AS late, 0 AS misplaced, 0 AS reordered, s.sent_at, s.seen_at,
    0 AS pending, 0 AS collided, s.operation LIKE '%|{APPLICATION}' AS by_application
FROM sent s LEFT JOIN seen v ON v.topic_id = s.topic_id AND v.stream = s.stream AND v.number = s.number
GROUP BY s.rowid;
"""

_SOMETHING_ELSE_THERE: Final = """(
    EXISTS (SELECT 1 FROM seen v WHERE v.topic_id = s.topic_id AND v.last_seq = s.sequence_number) OR
    EXISTS (SELECT 1 FROM other o WHERE o.topic_id = s.topic_id AND o.sequence_number = s.sequence_number))
"""

_COLLIDED: Final = f"""
UPDATE audit.classified AS s SET collided = 1
    WHERE acked AND NOT copies AND NOT changed AND NOT by_application AND topic_id = ?
    AND sequence_number < ? AND {_SOMETHING_ELSE_THERE}
"""

_CHANGED: Final = f"""
UPDATE audit.classified AS s SET changed = 1 WHERE acked AND NOT copies AND NOT changed AND NOT collided
    AND NOT by_application AND {_SOMETHING_ELSE_THERE};
"""

_MISPLACED: Final = f"""
UPDATE audit.classified SET misplaced = 1 WHERE acked AND copies AND sequence_number IS NOT NULL AND NOT in_place;
CREATE INDEX audit.classified_stream ON classified (topic_id, stream, number);
CREATE TEMP TABLE overtaking AS
    SELECT id, topic_id, stream, number, first_seq, sent_at FROM (
        SELECT *, max(last_seq) OVER (
            PARTITION BY topic_id, stream ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
        FROM classified WHERE acked AND copies) WHERE first_seq < reached;
UPDATE audit.classified SET misplaced = 1 WHERE id IN (SELECT o.id FROM overtaking o WHERE EXISTS (
    SELECT 1 FROM classified e WHERE e.topic_id = o.topic_id AND e.stream = o.stream
        AND e.number < o.number AND e.number >= o.number - {REACH} AND e.acked AND e.copies
        AND e.last_seq > o.first_seq AND e.seen_at > 0 AND e.seen_at <= o.sent_at));
UPDATE audit.classified SET reordered = (SELECT count(*) FROM classified e, overtaking o WHERE o.id = classified.id
        AND e.topic_id = o.topic_id AND e.stream = o.stream
        AND e.number < o.number AND e.number >= o.number - {REACH} AND e.acked AND e.copies
        AND e.last_seq > o.first_seq)
    WHERE NOT misplaced AND id IN (SELECT id FROM overtaking);
DROP TABLE overtaking;
"""

_WHICH: Final = {
    "lost": "acked AND NOT copies AND NOT changed AND NOT collided AND NOT pending",
    "not_shown_yet": "acked AND NOT copies AND NOT changed AND pending",
    "corrupted": "acked AND NOT copies AND changed",
    "collided": "collided",
    "duplicated": "copies > 1",
    "out_of_order": "misplaced",
    "reordered": "reordered > 0",
    "landed_after_failure": "copies AND NOT acked",
    "shown_late": "copies AND late",
    "acknowledged": "acked",
    "delivered": "acked AND copies = 1",
    "never_landed": "NOT acked AND NOT copies",
}

_OFFENDERS: Final = """
SELECT s.topic_id, s.stream, s.number, j.transaction_id, coalesce(s.last_seq, s.sequence_number) AS sequence_number,
    CAST(s.copies AS INTEGER) AS copies, j.outcome, j.status
FROM classified s JOIN sent j ON j.rowid = s.id WHERE {which} ORDER BY s.id LIMIT ?
"""

_STRANGERS: Final = """
SELECT count(DISTINCT topic_id || '/' || stream || '/' || number), total(NOT intact) FROM seen v
WHERE NOT EXISTS (SELECT 1 FROM sent s WHERE s.topic_id = v.topic_id AND s.stream = v.stream AND s.number = v.number)
"""


class ReadTopic(NamedTuple):
    """A topic as far as it was read."""

    topic_id: str
    chain: TopicChain


class Doubt(NamedTuple):
    """Why an audit cannot say everything.

    Attributes:
        sentence: The reason, as people read it; without a full stop.
        error: Why the mirror could not be read to the end, or None where that is not the reason.
        foreign: The mirror shows another network, so what it shows tells nothing about the run.
    """

    sentence: str
    error: str | None = None
    foreign: bool = False

    @property
    def total(self) -> bool:
        """Whether nothing can be said of what was not seen."""
        return self.foreign or self.error is not None


def unreadable(error: str) -> Doubt:
    """The doubt where the mirror could not be read to the end."""
    return Doubt(not_read(error), error)


def classify(
    connection: sqlite3.Connection,
    topics: Iterable[ReadTopic],
    *,
    foreign: bool = False,
    unforwarded: Sequence[Unforwarded] = (),
) -> None:
    """Classify every message of the journal by what was seen; once, when all has been seen.

    Args:
        connection: Of `Sightings`.
        topics: Every topic of the run.
        foreign: The rows are another network's: what stands in a message's place is not called a change of it.
        unforwarded: Operations of the user's own application, of which nothing can be said.
    """
    connection.executescript(_SETTLE)
    hold_unforwarded(connection, unforwarded)
    if not foreign:
        for topic_id, chain in topics:
            connection.execute(_COLLIDED, (topic_id, chain.proven_below))
        connection.execute(_CHANGED)
    connection.executescript(_MISPLACED)


def classified(
    connection: sqlite3.Connection,
    topics: Iterable[ReadTopic],
    doubt: Doubt | None = None,
    mirror_clock_ns: int | None = None,
) -> Classified:
    """Return the report's `audit` after `classify`.

    Besides the counts of the module's rules it holds:

    * `never_landed`: messages that were not acknowledged, and are not shown.
    * `of_unreported_senders`: messages of this run on the mirror that no journal row tells of, because their sender
      died before it did; `unreported_corrupted` of them differ from the digest they carry.
    * `reordered_by`: the most messages of its own stream that one which was sent later stands before.
    * `missing_rows`: sequence numbers that the mirror left out to the end.
    * `late`: some of those that were shown late; `files`: see `audit_files`.
    * `mirror_clock`: until when the mirror showed everything, ISO 8601 in UTC; None where it did not say.
    * `doubt`: why not everything could be said, or None; `error`: of these reasons, why the mirror could not be read.

    Args:
        connection: Of `Sightings`.
        topics: Every topic of the run.
        doubt: Why not everything can be said. Where nothing can be said of what was not seen, `lost` and
            `not_shown_yet` are None: nothing is called lost that was not looked for.
        mirror_clock_ns: Until when the mirror showed everything, nanoseconds since 1970.
    """
    read = list(topics)
    sums = ", ".join(f"total({which})" for which in _WHICH.values())
    (row,) = connection.execute(f"SELECT {sums} FROM classified").fetchall()
    counts = _counts(dict(zip(_WHICH, map(int, row), strict=True)), doubt)
    strangers, unreported_corrupted = connection.execute(_STRANGERS).fetchone()
    unsaid = doubt is not None and doubt.total
    listed = [kind for kind in KINDS if counts[kind]]
    return {
        **counts,
        "reordered_by": connection.execute("SELECT coalesce(max(reordered), 0) FROM classified").fetchone()[0],
        "of_unreported_senders": strangers,
        "unreported_corrupted": int(unreported_corrupted),
        "missing_rows": sum(topic.chain.missing for topic in read),
        "running_hash_verified": None if unsaid else _chains(read),
        "topics": [
            {
                "topic_id": topic_id,
                "rows": chain.rows,
                "last_sequence_number": chain.last_sequence,
                "chain_broken_at": chain.broken_at,
            }
            for topic_id, chain in read
        ],
        "offenders": [
            {"kind": kind, **message}
            for kind in listed
            for message in _messages(connection, kind, MAX_OFFENDERS // len(listed))
        ],
        "late": [{"kind": SHOWN_LATE, **message} for message in _messages(connection, SHOWN_LATE, MAX_OFFENDERS // 10)],
        "files": audit_files(connection),
        "mirror_clock": None if mirror_clock_ns is None else iso(mirror_clock_ns),
        "doubt": doubt and doubt.sentence,
        "error": doubt and doubt.error,
    }


def nothing_audited(error: str | None = None) -> Classified:
    """The report's `audit` where it could not be carried out at all, or where there was nothing to audit."""
    doubt = None if error is None else unreadable(error)
    return {
        **_counts(dict.fromkeys(_WHICH, 0), doubt),
        "reordered_by": 0,
        "of_unreported_senders": 0,
        "unreported_corrupted": 0,
        "missing_rows": 0,
        "running_hash_verified": None,
        "topics": [],
        "offenders": [],
        "late": [],
        "files": None,
        "mirror_clock": None,
        "doubt": doubt and doubt.sentence,
        "error": doubt and doubt.error,
    }


def _counts(counted: Mapping[str, int], doubt: Doubt | None) -> MessageCounts:
    """What was counted, without what nothing can be said of."""
    unsaid = doubt is not None and doubt.total
    return {
        "lost": None if unsaid else counted["lost"],
        "not_shown_yet": None if unsaid else counted["not_shown_yet"],
        "corrupted": counted["corrupted"],
        "collided": counted["collided"],
        "duplicated": counted["duplicated"],
        "out_of_order": counted["out_of_order"],
        "reordered": counted["reordered"],
        "landed_after_failure": counted["landed_after_failure"],
        "shown_late": counted[SHOWN_LATE],
        "acknowledged": counted["acknowledged"],
        "delivered": counted["delivered"],
        "never_landed": counted["never_landed"],
    }


def _chains(topics: list[ReadTopic]) -> bool | None:
    """Whether the chains of all topics that hold anything were verified; None where that stays open."""
    found = [topic.chain.verified for topic in topics if topic.chain.rows]
    if False in found:
        return False
    return True if found and None not in found else None


def _messages(connection: sqlite3.Connection, which: str, limit: int) -> list[Message]:
    """The first messages of a kind."""
    return [
        {
            "topic_id": topic_id,
            "stream": stream,
            "number": number,
            "transaction_id": transaction_id,
            "sequence_number": sequence_number,
            "copies": copies,
            "outcome": outcome,
            "status": status,
        }
        for topic_id, stream, number, transaction_id, sequence_number, copies, outcome, status in connection.execute(
            _OFFENDERS.format(which=_WHICH[which]), (limit,)
        )
    ]
