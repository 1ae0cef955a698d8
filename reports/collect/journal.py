"""The audit journal: what a run sent, as its senders know it, in a SQLite file of the run's folder.

It holds whatever settling the run takes: the rows of the audit, the description of the run, and a checkpoint of what
was measured. So a run whose process was killed can be settled afterwards, from this file alone.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgpack
from gevent.threadpool import ThreadPool

from reports.collect.rows import COLUMNS, TABLES, Rows

FILE_NAME: Final = "journal.sqlite"

_META: Final = "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
_INSERTS: Final = {
    table: f"INSERT INTO {table} VALUES ({','.join('?' * (1 + len(columns)))})" for table, columns in COLUMNS.items()
}


class JournalError(ValueError):
    """There is no journal of a run, or it cannot be read; the message is one line."""


class Journal:
    """Appends rows. What was appended survives the end of the process, however it ends.

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

    def append(self, sender: str, rows: Rows) -> None:
        """Write rows of one process; returns when they are committed."""
        if any(rows.values()):
            self._pool.apply(self._append, (sender, rows))

    def save(self, key: str, value: Any) -> None:
        """Keep a value that msgpack can carry under a key, in place of the one before; returns when it is committed."""
        self._pool.apply(self._save, (key, value))

    def close(self) -> None:
        """Close the file; the journal takes no more rows."""
        self._pool.apply(self._connection.close)
        self._pool.kill()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path)
        # Committed rows outlive a killed process with any setting; a power cut may cost the last ones.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        for table, columns in TABLES.items():
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (sender TEXT NOT NULL, {declared})")
        connection.execute(_META)
        connection.commit()
        return connection

    def _append(self, sender: str, rows: Rows) -> None:
        with self._connection:
            for table, new in rows.items():
                self._connection.executemany(_INSERTS[table], ((sender, *row) for row in new))

    def _save(self, key: str, value: Any) -> None:
        with self._connection:
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, msgpack.packb(value)))


def open_journal(path: Path) -> sqlite3.Connection:
    """Open a journal that nobody writes to any more.

    Raises:
        JournalError: the file is not there, or is no journal.
    """
    try:
        # Opened for writing, SQLite recovers what a killed process left, and clears its own files away when closed.
        connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {error}") from None
    if not {*TABLES, "meta"} <= tables:
        connection.close()
        raise JournalError(f"{path} is no journal of a run of this version")
    return connection


def read_saved(path: Path) -> dict[str, Any]:
    """Return what `Journal.save` kept, by key.

    Raises:
        JournalError: the file is not there, or is no journal.
    """
    with closing(open_journal(path)) as connection:
        return {key: msgpack.unpackb(value) for key, value in connection.execute("SELECT key, value FROM meta")}
