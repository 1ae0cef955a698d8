"""What the mirror showed of a run, on disk beside the journal: an audit's memory does not grow with its run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from config.levels import APPLICATION
from hedera_client import ChunkInfo
from records.envelope import body_is_intact, decode, digest
from reports.audit.chain import Shown
from reports.collect.journal import open_journal

FILE_NAME: Final = "audit.sqlite"

BATCH: Final = 2000
"""Rows that wait until they are written together."""

_SCHEMA: Final = """
CREATE TABLE audit.seen (topic_id TEXT, stream TEXT, number INTEGER, digest BLOB, first_seq INTEGER, last_seq INTEGER,
    consensus_ns INTEGER, late INTEGER, intact INTEGER);
CREATE TABLE audit.other (topic_id TEXT, sequence_number INTEGER);
CREATE TABLE audit.stranger (topic_id TEXT, consensus_ns INTEGER, sequence_number INTEGER,
    PRIMARY KEY (topic_id, consensus_ns)) WITHOUT ROWID;
CREATE TABLE audit.chunks (topic_id TEXT, message_id TEXT, copy INTEGER, number INTEGER, sequence_number INTEGER,
    consensus_ns INTEGER, late INTEGER, data BLOB, PRIMARY KEY (topic_id, message_id, copy, number)) WITHOUT ROWID;
CREATE INDEX audit.seen_message ON seen (topic_id, stream, number);
CREATE INDEX audit.seen_place ON seen (topic_id, last_seq);
CREATE INDEX audit.other_place ON other (topic_id, sequence_number);
CREATE INDEX IF NOT EXISTS main.sent_message ON sent (topic_id, stream, number);
CREATE INDEX IF NOT EXISTS main.sent_place ON sent (topic_id, sequence_number);
"""

_LACKING: Final = """
SELECT EXISTS (SELECT 1 FROM sent s WHERE {which} AND NOT EXISTS (
        SELECT 1 FROM seen v WHERE v.topic_id = s.topic_id AND v.stream = s.stream AND v.number = s.number)
    AND NOT EXISTS (SELECT 1 FROM seen v WHERE v.topic_id = s.topic_id AND v.last_seq = s.sequence_number)
    AND (s.operation LIKE '%|{application}' OR NOT EXISTS (
        SELECT 1 FROM other o WHERE o.topic_id = s.topic_id AND o.sequence_number = s.sequence_number)))
"""
"""Where the user's own application names a place, the message may still come to another."""


class Place(NamedTuple):
    """Where a whole message stands: the sequence numbers of its first and last chunk, and when it reached consensus."""

    first: int
    last: int
    consensus_ns: int
    late: bool


class Sightings:
    """A journal, opened together with a database of what was seen; `connection` reads both by one query.

    Tables of the latter: `seen` holds every whole message of this run, with the sequence numbers of its first and last
    chunk; `other` the places where one was expected and something else stands; `stranger` when whatever is not of this
    run reached consensus; `chunks` what is not whole yet.

    Args:
        journal: The journal's path; the other database stands beside it, and is made anew.
        run_id: Messages of other runs are left alone.
    """

    def __init__(self, journal: Path, run_id: str) -> None:
        self.connection = open_journal(journal)
        self._run_id = run_id
        self._path = journal.with_name(FILE_NAME)
        self._waiting: list[Sequence[Any]] = []
        self._remove()
        self.connection.execute("ATTACH DATABASE ? AS audit", (str(self._path),))
        self.connection.execute("PRAGMA audit.journal_mode = OFF")  # it can be made again at any time
        self.connection.execute("PRAGMA audit.synchronous = OFF")
        self.connection.executescript(_SCHEMA)

    def topics(self) -> list[str]:
        """Ids of the topics that messages were sent to."""
        return [topic for (topic,) in self.connection.execute("SELECT DISTINCT topic_id FROM sent")]

    def add(self, shown: Shown) -> None:
        """Take in a row."""
        info = shown.row.chunk_info
        if info is None or info.total <= 1:
            row = shown.row
            place = row.sequence_number
            self._note(row.topic_id, row.message, Place(place, place, row.consensus_timestamp, shown.late))
        else:
            self._gather(shown, info)

    def flush(self) -> None:
        """Write what waits, so that queries see it."""
        with self.connection:
            self.connection.executemany("INSERT INTO seen VALUES (?,?,?,?,?,?,?,?,?)", self._waiting)
        self._waiting.clear()

    @property
    def outstanding(self) -> bool:
        """Whether something acknowledged has not been seen, neither whole nor changed."""
        return self._lacks("s.acknowledged")

    @property
    def misplaced(self) -> bool:
        """Whether something else stands where a message of the run was expected."""
        return bool(self.connection.execute("SELECT EXISTS (SELECT 1 FROM other)").fetchone()[0])

    @property
    def unresolved(self) -> bool:
        """Whether something of unknown fate has not been seen."""
        return self._lacks("NOT s.acknowledged AND s.outcome = 'unknown'")

    def close(self) -> None:
        """Close both, and remove what can be made again."""
        self.connection.close()
        self._remove()

    def _lacks(self, which: str) -> bool:
        self.flush()
        lacking = _LACKING.format(which=which, application=APPLICATION)
        return bool(self.connection.execute(lacking).fetchone()[0])

    def _remove(self) -> None:
        self._path.unlink(missing_ok=True)

    def _note(self, topic: str, message: bytes, place: Place) -> None:
        """Note a whole message."""
        envelope = decode(message)
        if envelope is None or envelope.run_id != self._run_id:
            self.connection.execute(
                "INSERT OR IGNORE INTO stranger VALUES (?, ?, ?)", (topic, place.consensus_ns, place.last)
            )
            expected = "SELECT 1 FROM sent WHERE topic_id = ? AND sequence_number = ?"
            if self.connection.execute(expected, (topic, place.last)).fetchone():
                self.connection.execute("INSERT INTO other VALUES (?, ?)", (topic, place.last))
            return
        sha256 = bytes.fromhex(digest(message))
        self._waiting.append((topic, envelope.stream, envelope.number, sha256, *place, body_is_intact(message)))
        if len(self._waiting) >= BATCH:
            self.flush()

    def _gather(self, shown: Shown, info: ChunkInfo) -> None:
        """Keep a chunk until its message is whole. A chunk that comes again belongs to a second copy of the message."""
        row = shown.row
        key = (row.topic_id, str(info.initial_transaction_id))
        place = "topic_id = ? AND message_id = ?"
        counted = "SELECT copy, count(*), max(number = ?) FROM chunks WHERE " + place + " GROUP BY copy ORDER BY copy"
        copies = self.connection.execute(counted, (info.number, *key)).fetchall()
        copy, have = next(((copy, have) for copy, have, taken in copies if not taken), (len(copies), 0))
        self.connection.execute(
            "INSERT INTO chunks VALUES (?,?,?,?,?,?,?,?)",
            (*key, copy, info.number, row.sequence_number, row.consensus_timestamp, shown.late, row.message),
        )
        if have + 1 < info.total:
            return
        whole = (
            f"SELECT data, sequence_number, consensus_ns, late FROM chunks WHERE {place} AND copy = ? ORDER BY number"
        )
        chunks = self.connection.execute(whole, (*key, copy)).fetchall()
        # The rows stay, so that a chunk that is shown once more is seen to belong to another copy.
        self.connection.execute(f"UPDATE chunks SET data = x'' WHERE {place} AND copy = ?", (*key, copy))
        data, sequences, consensus, late = zip(*chunks, strict=True)
        self._note(row.topic_id, b"".join(data), Place(min(sequences), max(sequences), max(consensus), any(late)))
