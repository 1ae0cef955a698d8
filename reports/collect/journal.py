"""The audit journal: every message that a run sent, as its sender knows it, in a SQLite file of the run's folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gevent.threadpool import ThreadPool

FILE_NAME: Final = "journal.sqlite"

COLUMNS: Final = (
    "topic_id",
    "stream",
    "number",
    "digest",
    "sent_at",
    "acknowledged",
    "transaction_id",
    "sequence_number",
    "operation",
    "outcome",
    "status",
)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sent (
    topic_id TEXT NOT NULL, stream TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, sent_at REAL NOT NULL,
    acknowledged INTEGER NOT NULL, transaction_id TEXT NOT NULL, sequence_number INTEGER, operation TEXT NOT NULL,
    outcome TEXT NOT NULL, status TEXT NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One sent message; see `reports.records.SentMessage`. `operation` is a dumped `OperationKey`."""

    topic_id: str
    stream: str
    number: int
    digest: str
    sent_at: float
    acknowledged: bool
    transaction_id: str
    sequence_number: int | None
    operation: str
    outcome: str
    status: str


class Journal:
    """Appends rows and reads them back. What was appended survives the end of the process, however it ends.

    Writing happens on a thread of its own: in a local run the same process generates the load, and a commit would hold
    up every user. SQLite lets the interpreter go on while it writes.

    Args:
        folder: The run's folder; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self._pool = ThreadPool(1)  # a connection belongs to the thread that opened it
        self._connection: sqlite3.Connection = self._pool.apply(self._open)

    def append(self, rows: list[list[Any]]) -> None:
        """Write rows in the order of COLUMNS; returns when they are committed."""
        if rows:
            self._pool.apply(self._append, (rows,))

    def close(self) -> None:
        """Close the file; the journal takes no more rows."""
        self._pool.apply(self._connection.close)
        self._pool.kill()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path)
        # Committed rows outlive a killed process with any setting; a power cut may cost the last ones.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_SCHEMA)
        connection.commit()
        return connection

    def _append(self, rows: list[list[Any]]) -> None:
        with self._connection:
            self._connection.executemany(f"INSERT INTO sent VALUES ({','.join('?' * len(COLUMNS))})", rows)


def read_journal(path: Path) -> Iterator[JournalEntry]:
    """Yield the messages of a journal, by topic, stream and number.

    Raises:
        sqlite3.Error: the file is no journal.
    """
    # Opened for writing, SQLite recovers what a killed process left, and clears its own files away when it is closed.
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as connection:
        order = "ORDER BY topic_id, stream, number"
        for row in connection.execute(f"SELECT {', '.join(COLUMNS)} FROM sent {order}"):
            fields = dict(zip(COLUMNS, row, strict=True))
            yield JournalEntry(**{**fields, "acknowledged": bool(fields["acknowledged"])})
