"""The audit: every message that was acknowledged must be on its topic exactly once, in order, in an unbroken chain.

Each message (one envelope, in one piece or in chunks) is settled by these rules:

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
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from reports.judge.chain import TopicChain
from reports.judge.files_audit import audit_files
from reports.judge.phrases import not_read
from reports.judge.progress import iso

MAX_OFFENDERS: Final = 100
"""Offending messages that are listed one by one."""

REACH: Final = 1_000
"""How many messages of its stream back one is held against: more cannot have been on their way together."""

KINDS: Final = ("lost", "not_shown_yet", "corrupted", "collided", "duplicated", "out_of_order", "landed_after_failure")

_SETTLE: Final = """
CREATE TABLE audit.settled AS
SELECT s.rowid AS id, s.acknowledged AS acked, s.topic_id, s.stream, s.number, s.sequence_number,
    total(v.digest = s.digest) AS copies, total(v.digest != s.digest) AS changed,
    min(CASE WHEN v.digest = s.digest THEN v.first_seq END) AS first_seq,
    min(CASE WHEN v.digest = s.digest THEN v.last_seq END) AS last_seq,
    max(v.digest = s.digest AND v.last_seq = s.sequence_number) AS in_place,
    min(CASE WHEN v.digest = s.digest THEN v.consensus_ns END) AS consensus_ns,
    max(v.digest = s.digest AND v.late) AS late, 0 AS misplaced, 0 AS reordered, s.sent_at, s.seen_at,
    0 AS pending, 0 AS collided
FROM sent s LEFT JOIN seen v ON v.topic_id = s.topic_id AND v.stream = s.stream AND v.number = s.number
GROUP BY s.rowid;
"""

_SOMETHING_ELSE_THERE: Final = """(
    EXISTS (SELECT 1 FROM seen v WHERE v.topic_id = s.topic_id AND v.last_seq = s.sequence_number) OR
    EXISTS (SELECT 1 FROM other o WHERE o.topic_id = s.topic_id AND o.sequence_number = s.sequence_number))
"""

_COLLIDED: Final = f"""
UPDATE audit.settled AS s SET collided = 1 WHERE acked AND NOT copies AND NOT changed AND topic_id = ?
    AND sequence_number < ? AND {_SOMETHING_ELSE_THERE}
"""

_CHANGED: Final = f"""
UPDATE audit.settled AS s SET changed = 1 WHERE acked AND NOT copies AND NOT changed AND NOT collided
    AND {_SOMETHING_ELSE_THERE};
"""

_MISPLACED: Final = f"""
UPDATE audit.settled SET misplaced = 1 WHERE acked AND copies AND sequence_number IS NOT NULL AND NOT in_place;
CREATE INDEX audit.settled_stream ON settled (topic_id, stream, number);
CREATE TEMP TABLE overtaking AS
    SELECT id, topic_id, stream, number, first_seq, sent_at FROM (
        SELECT *, max(last_seq) OVER (
            PARTITION BY topic_id, stream ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
        FROM settled WHERE acked AND copies) WHERE first_seq < reached;
UPDATE audit.settled SET misplaced = 1 WHERE id IN (SELECT o.id FROM overtaking o WHERE EXISTS (
    SELECT 1 FROM settled e WHERE e.topic_id = o.topic_id AND e.stream = o.stream
        AND e.number < o.number AND e.number >= o.number - {REACH} AND e.acked AND e.copies
        AND e.last_seq > o.first_seq AND e.seen_at > 0 AND e.seen_at <= o.sent_at));
UPDATE audit.settled SET reordered = (SELECT count(*) FROM settled e, overtaking o WHERE o.id = settled.id
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
FROM settled s JOIN sent j ON j.rowid = s.id WHERE {which} ORDER BY s.id LIMIT ?
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
        foreign: The mirror shows another network's ledger, so what it shows tells nothing about the run.
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


def settle(connection: sqlite3.Connection, topics: Iterable[ReadTopic], *, foreign: bool = False) -> None:
    """Settle every message of the journal by what was seen; once, when all has been seen.

    Args:
        connection: Of `Sightings`.
        topics: Every topic of the run.
        foreign: The rows are another ledger's: what stands in a message's place is not called a change of it.
    """
    connection.executescript(_SETTLE)
    if not foreign:
        for topic_id, chain in topics:
            connection.execute(_COLLIDED, (topic_id, chain.proven_below))
        connection.execute(_CHANGED)
    connection.executescript(_MISPLACED)


def verdict(
    connection: sqlite3.Connection,
    topics: Iterable[ReadTopic],
    doubt: Doubt | None = None,
    mirror_clock_ns: int | None = None,
) -> dict[str, Any]:
    """Return the report's `audit` after `settle`.

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
    (row,) = connection.execute(f"SELECT {sums} FROM settled").fetchall()
    counts = {kind: int(count) for kind, count in zip(_WHICH, row, strict=True)}
    strangers, unreported_corrupted = connection.execute(_STRANGERS).fetchone()
    unsaid = dict.fromkeys(("lost", "not_shown_yet") if doubt is not None and doubt.total else ())
    listed = [kind for kind in KINDS if counts[kind] and kind not in unsaid]
    return {
        **counts,
        **unsaid,
        "reordered_by": connection.execute("SELECT coalesce(max(reordered), 0) FROM settled").fetchone()[0],
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
        "offenders": [entry for kind in listed for entry in _listed(connection, kind, MAX_OFFENDERS // len(listed))],
        "late": _listed(connection, "shown_late", MAX_OFFENDERS // 10),
        "files": audit_files(connection),
        "mirror_clock": None if mirror_clock_ns is None else iso(mirror_clock_ns),
        **_as_report(doubt),
    }


def nothing_settled(error: str | None = None) -> dict[str, Any]:
    """The report's `audit` where it could not be carried out at all, or where there was nothing to audit."""
    counts: Mapping[str, Any] = dict.fromkeys(_WHICH, 0)
    unsaid: Mapping[str, Any] = dict.fromkeys(("lost", "not_shown_yet") if error else ())
    return {
        **counts,
        **unsaid,
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
        **_as_report(None if error is None else unreadable(error)),
    }


def exit_code_of(audit: Mapping[str, Any]) -> int:
    """What an audit alone lets a command end with: 0 clean, 3 integrity broken, 5 nothing to be said of the network."""
    if integrity_faults(audit):
        return 3
    return 5 if doubt_of(audit) or audit.get("collided") else 0


def doubt_of(audit: Mapping[str, Any]) -> str | None:
    """Why an audit could not say everything, one sentence without a full stop; None where it did.

    Args:
        audit: The report's; that of an earlier version has no `doubt` of its own.
    """
    doubt: str | None = audit.get("doubt")
    return doubt or (unreadable(audit["error"]).sentence if audit["error"] else None)


def _as_report(doubt: Doubt | None) -> dict[str, Any]:
    return {"doubt": doubt and doubt.sentence, "error": doubt and doubt.error}


def unreported(audit: Mapping[str, Any]) -> str:
    """What is to be said of messages whose senders died before they told of them; "" where there are none."""
    count = audit.get("of_unreported_senders", 0)
    if not count:
        return ""
    if count == 1:
        return "1 more message is on the mirror whose sender died before it was told of"
    return f"{count:,} more messages are on the mirror whose senders died before they were told of"


def reordering(audit: Mapping[str, Any]) -> str:
    """What an application should know of its messages' order, a sentence without a full stop; "" where all kept it.

    Args:
        audit: The report's; that of an earlier version counts nothing of the kind.
    """
    changed = audit.get("reordered", 0)
    if not changed:
        return ""
    places = audit["reordered_by"]
    share = 100 * changed / max(1, audit["acknowledged"])
    return (
        f"{changed:,} of {audit['acknowledged']:,} messages ({share:.2g} %) changed places with others of their "
        f"sender, by up to {places} {'position' if places == 1 else 'positions'}: a node's acknowledgement fixes no "
        "order, only a receipt that was waited for does"
    )


def integrity_faults(audit: Mapping[str, Any]) -> list[str]:
    """What is wrong with a run's messages and files, in words; empty when nothing is."""
    kinds = ("lost", "corrupted", "duplicated", "out_of_order")
    wrong = [f"{audit[kind]:,} {kind.replace('_', ' ')}" for kind in kinds if audit[kind]]
    if audit["unreported_corrupted"]:
        wrong.append(f"{audit['unreported_corrupted']:,} of a dead process corrupted")
    if audit["running_hash_verified"] is False:
        wrong.append("the running hash of a topic does not follow from its messages")
    if audit["files"] and audit["files"]["mismatched"]:
        wrong.append(f"{audit['files']['mismatched']:,} files read back with another SHA-256 than was stored")
    return wrong


def _chains(topics: list[ReadTopic]) -> bool | None:
    """Whether the chains of all topics that hold anything were verified; None where that stays open."""
    found = [topic.chain.verified for topic in topics if topic.chain.rows]
    if False in found:
        return False
    return True if found and None not in found else None


def _listed(connection: sqlite3.Connection, kind: str, limit: int) -> list[dict[str, Any]]:
    """The first offenders of a kind."""
    cursor = connection.execute(_OFFENDERS.format(which=_WHICH[kind]), (limit,))
    names = [column[0] for column in cursor.description]
    return [{"kind": kind, **dict(zip(names, row, strict=True))} for row in cursor]
