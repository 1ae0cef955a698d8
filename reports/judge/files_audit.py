"""The audit of files: what was stored, held against what was read back; and what is left of what was not completed."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

MAX_OFFENDERS: Final = 25
"""Offending files that are listed one by one."""

_SETTLED: Final = """
WITH reads AS (SELECT s.rowid AS id, count(r.sha256) AS times,
        total(r.sha256 = s.sha256 AND r.size_bytes = s.size_bytes) AS same
        FROM stored s LEFT JOIN read_back r ON r.file_id = s.file_id GROUP BY s.rowid),
    files AS (SELECT s.*, times, times AND same < times AS differs FROM stored s JOIN reads ON reads.id = s.rowid)
"""

_TOTALS: Final = f"""{_SETTLED}
SELECT count(*) AS attempted, total(acknowledged) AS stored, total(acknowledged AND times AND NOT differs) AS verified,
    total(differs) AS mismatched, total(acknowledged AND NOT times) AS not_read_back,
    total(CASE WHEN acknowledged THEN appends END) AS appends,
    total(CASE WHEN acknowledged THEN size_bytes END) AS bytes,
    total(CASE WHEN acknowledged THEN stored_s END) AS stored_s,
    total(leftover = 'deleted') AS deleted, total(leftover = 'left') AS left_over,
    total(leftover = 'uncertain') AS uncertain
FROM files
"""

_SLOWEST: Final = f"""{_SETTLED}
SELECT file_id, transaction_id, slowest_append_s FROM files WHERE appends ORDER BY slowest_append_s DESC LIMIT 1
"""

_OFFENDERS: Final = f"""{_SETTLED}
SELECT CASE WHEN differs THEN 'mismatched' ELSE leftover END AS kind, file_id, transaction_id, size_bytes, sha256,
    outcome, status
FROM files WHERE differs OR leftover IN ('left', 'uncertain') LIMIT {MAX_OFFENDERS}
"""


def audit_files(connection: sqlite3.Connection) -> dict[str, Any] | None:
    """Return the report's `audit.files`, or None for a run that stored none.

    `attempted` files were begun, `stored` ones acknowledged to the end. Of these `verified` were read back with the
    SHA-256 and the length that were stored, `mismatched` with others, and `not_read_back` not at all. `appends`,
    `bytes` and `bytes_per_s` (payload by the time that storing took, one file at a time) are of those that were stored;
    `slowest_append` is the longest append of all: `ms`, `file_id` and `transaction_id` of its file. Of the files that
    could not be completed, `deleted` were deleted again, `left_over` could not be, and of `uncertain` ones it is not
    known whether they exist. `offenders` lists the mismatched, left over and uncertain ones.

    Args:
        connection: Of a journal.
    """
    cursor = connection.execute(_TOTALS)
    names = [column[0] for column in cursor.description]
    totals = dict(zip(names, cursor.fetchone(), strict=True))
    if not totals["attempted"]:
        return None
    stored_s = totals.pop("stored_s")
    slowest = connection.execute(_SLOWEST).fetchone()
    offenders = connection.execute(_OFFENDERS)
    fields = [column[0] for column in offenders.description]
    return {
        **{name: int(value) for name, value in totals.items()},
        "bytes_per_s": round(totals["bytes"] / stored_s, 3) if stored_s else None,
        "slowest_append": None
        if slowest is None
        else {"file_id": slowest[0], "transaction_id": slowest[1], "ms": round(slowest[2] * 1000, 3)},
        "offenders": [dict(zip(fields, row, strict=True)) for row in offenders],
    }
