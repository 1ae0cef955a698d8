"""State over restarts: every handled transaction is written to an SQLite file, and replayed by the next process.

The effect of a transaction follows from its bytes, its node and its consensus timestamp alone, so these are all that is
stored. A transaction is in the file before its receipt is served; transactions that had not reached consensus when the
process died are lost, as with a node that dies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from localnet.transactions.stages import Received

_VERSION = 2  # 1: transfers to unknown aliases had another effect, so such files cannot be replayed
# The table's name is part of the format: older files stay readable.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS network (version INTEGER NOT NULL, genesis_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settled (
    number INTEGER PRIMARY KEY, raw BLOB NOT NULL, node INTEGER NOT NULL, arrival REAL NOT NULL,
    consensus_ns INTEGER NOT NULL
);
"""


class StateFileError(ValueError):
    """The state file cannot be used; the message is one line."""


class Kept(NamedTuple):
    """One handled transaction as stored in the file."""

    raw: bytes
    node: int
    arrival: float
    consensus_ns: int


class StateFile:
    """The state file of one network.

    Args:
        path: The file; created if missing.
        now_ns: Genesis of a new network, Unix nanoseconds.

    Raises:
        StateFileError: it is not a state file, or another network uses it.
    """

    def __init__(self, path: str, now_ns: int) -> None:
        try:
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0.2)
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = OFF")  # survives the process, not the machine
            self._database.executescript(_SCHEMA)
            row = self._database.execute("SELECT version, genesis_ns FROM network").fetchone()
            if row is None:
                row = (_VERSION, now_ns)
                self._database.execute("INSERT INTO network VALUES (?, ?)", row)
        except sqlite3.Error as error:
            raise StateFileError(f"--state {path!r}: {error}; name a new file, or one that no network uses") from error
        if row[0] != _VERSION:
            raise StateFileError(
                f"--state {path!r}: made by another version ({row[0]}, not {_VERSION}); name a new file"
            )
        self.genesis_ns: int = row[1]

    def handled(self) -> Iterator[Kept]:
        """The handled transactions, in the order of consensus."""
        for row in self._database.execute("SELECT raw, node, arrival, consensus_ns FROM settled ORDER BY number"):
            yield Kept(*row)

    def keep(self, received: Received, consensus_ns: int) -> None:
        """Write one handled transaction; when this returns it survives the end of the process."""
        row = (received.raw, received.node, received.arrival, consensus_ns)
        self._database.execute("INSERT INTO settled (raw, node, arrival, consensus_ns) VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        self._database.close()
