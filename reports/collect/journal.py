"""The audit journal: what a run sent, as its senders know it, in a SQLite file of the run's folder.

It holds all that concluding the run needs: the rows of the audit, the description of the run, and a checkpoint of what
was measured. So a run whose process was killed can be concluded afterwards, from this file alone.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgpack
from gevent.threadpool import ThreadPool

from records.rows import COLUMNS, TABLES, Rows

FILE_NAME: Final = "journal.sqlite"

_META: Final = "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
_INSERTS: Final = {
    table: f"INSERT INTO {table} VALUES ({','.join('?' * (1 + len(columns)))})" for table, columns in COLUMNS.items()
}


logger = logging.getLogger(__name__)


class JournalError(ValueError):
    """There is no journal of a run, or it cannot be read; the message is one line."""


class Journal:
    """Appends rows. What was appended survives the end of the process, however it ends.

    A disk that is full, or gone, costs no run its load: what cannot be written is kept in memory, and tried again with
    whatever is written next.

    Writing happens on a thread of its own: in a local run the same process generates the load, and a commit would hold
    up every user. SQLite lets the interpreter go on while it writes.

    Attributes:
        path: The file.
        fault: Why something that belongs there is not written; "" where all is.

    Args:
        folder: The run's folder; made if it is not there.

    Raises:
        OSError, sqlite3.Error: the file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self.fault = ""
        self._unwritten: list[tuple[str, Rows]] = []
        self._unsaved: dict[str, Any] = {}
        self._pool = ThreadPool(1)  # a connection belongs to the thread that opened it
        try:
            self._database: sqlite3.Connection = self._pool.apply(self._open)
        except BaseException:
            self._pool.kill()
            raise

    def append(self, sender: str, rows: Rows) -> None:
        """Write rows of one process; returns when they are committed, or kept for later."""
        if any(rows.values()):
            self._unwritten.append((sender, rows))
            self._write()

    def save(self, key: str, value: Any) -> None:
        """Keep a value that msgpack can carry under a key, in place of the one before; returns as `append` does."""
        self._unsaved[key] = value
        self._write()

    def close(self) -> None:
        """Close the file; the journal takes no more rows, and `fault` says whether it has taken all."""
        if self._unwritten or self._unsaved:
            self._write()
        self._pool.apply(self._close)
        self._pool.kill()

    def _write(self) -> None:
        """Write all that is not written yet, or note why it cannot be."""
        waiting, values = self._unwritten, self._unsaved
        self._unwritten, self._unsaved = [], {}  # others append while this one is written
        fault = self._pool.apply(self._commit, (waiting, values))
        if fault:
            self._unwritten, self._unsaved = waiting + self._unwritten, values | self._unsaved
        had, self.fault = self.fault, fault or (self.fault if self._unwritten or self._unsaved else "")
        if self.fault and not had:
            logger.error("%s cannot be written (%s); what belongs there is kept in memory", self.path, self.fault)
        elif had and not self.fault:
            logger.warning("%s can be written again; nothing of it is missing", self.path)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path)
        # Committed rows outlive a killed process with any setting; a power cut may cost the last ones.
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        # Rows are appended and not read: pages kept for reading would look like a leak until they are 2 MB (default).
        database.execute("PRAGMA cache_size=-128")
        for table, columns in TABLES.items():
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            database.execute(f"CREATE TABLE IF NOT EXISTS {table} (sender TEXT NOT NULL, {declared})")
        database.execute(_META)
        database.commit()
        return database

    def _close(self) -> None:
        try:
            self._database.close()
        except sqlite3.Error as error:  # what is committed is there, in the file or in the one beside it
            logger.error("%s could not be closed: %s", self.path, error)  # noqa: TRY400 (one line)

    def _commit(self, waiting: list[tuple[str, Rows]], values: dict[str, Any]) -> str:
        """Write rows and values, all or none; return why it cannot be done, "" where it is done."""
        try:
            with self._database:
                for sender, rows in waiting:
                    for table, new in rows.items():
                        self._database.executemany(_INSERTS[table], ((sender, *row) for row in new))
                for key, value in values.items():
                    self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, msgpack.packb(value)))
        except (sqlite3.OperationalError, OSError) as error:
            return str(error)
        return ""


def open_journal(path: Path) -> sqlite3.Connection:
    """Open a journal that nobody writes to any more.

    Raises:
        JournalError: the file is not there, or is no journal.
    """
    try:
        # Opened for writing, SQLite recovers what a killed process left, and clears its own files away when closed.
        database = sqlite3.connect(f"file:{path}?mode=rw", uri=True)
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {error}") from None
    if not {*TABLES, "meta"} <= tables:
        database.close()
        raise JournalError(f"{path} is no journal of a run of this version")
    return database


def read_saved(path: Path) -> dict[str, Any]:
    """Return what `Journal.save` kept, by key.

    Raises:
        JournalError: the file is not there, or is no journal.
    """
    with closing(open_journal(path)) as database:
        return {key: msgpack.unpackb(value) for key, value in database.execute("SELECT key, value FROM meta")}
