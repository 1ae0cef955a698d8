"""The audit of files: what was stored, held against what was read back; and what is left of what was not completed."""

from __future__ import annotations

import sqlite3
from typing import Final

from reports.schema.audit import Files, SlowestAppend

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
    total(leftover = 'deleted') AS deleted, total(leftover = 'left') AS left_over,
    total(leftover = 'uncertain') AS uncertain,
    total(CASE WHEN acknowledged THEN stored_s END) AS stored_s
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


def audit_files(connection: sqlite3.Connection) -> Files | None:
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
    (*counts, stored_s) = connection.execute(_TOTALS).fetchone()
    attempted, stored, verified, mismatched, not_read_back, appends, size, deleted, left_over, uncertain = map(
        int, counts
    )
    if not attempted:
        return None
    return {
        "attempted": attempted,
        "stored": stored,
        "verified": verified,
        "mismatched": mismatched,
        "not_read_back": not_read_back,
        "appends": appends,
        "bytes": size,
        "deleted": deleted,
        "left_over": left_over,
        "uncertain": uncertain,
        "bytes_per_s": round(size / stored_s, 3) if stored_s else None,
        "slowest_append": _slowest_append(connection),
        "offenders": [
            {
                "kind": kind,
                "file_id": file_id,
                "transaction_id": transaction_id,
                "size_bytes": size_bytes,
                "sha256": sha256,
                "outcome": outcome,
                "status": status,
            }
            for kind, file_id, transaction_id, size_bytes, sha256, outcome, status in connection.execute(_OFFENDERS)
        ],
    }


def _slowest_append(connection: sqlite3.Connection) -> SlowestAppend | None:
    row = connection.execute(_SLOWEST).fetchone()
    if row is None:
        return None
    file_id, transaction_id, seconds = row
    return {"file_id": file_id, "transaction_id": transaction_id, "ms": round(seconds * 1000, 3)}
