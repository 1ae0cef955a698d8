"""The rows of the audit journal, as recorders write them and the audit reads them; one table per kind of row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from records.operation import OperationRecord, Outcome

Rows = dict[str, list[list[Any]]]
"""New rows by table; in the order of COLUMNS, without `sender`, which the collector knows."""

TABLES: Final[dict[str, dict[str, str]]] = {
    "sent": {
        "topic_id": "TEXT NOT NULL",
        "stream": "TEXT NOT NULL",
        "number": "INTEGER NOT NULL",
        "digest": "BLOB NOT NULL",
        "sent_at": "REAL NOT NULL",
        "due_at": "REAL NOT NULL",
        "seen_at": "REAL NOT NULL",
        "acknowledged": "INTEGER NOT NULL",
        "transaction_id": "TEXT NOT NULL",
        "sequence_number": "INTEGER",
        "operation": "TEXT NOT NULL",
        "outcome": "TEXT NOT NULL",
        "status": "TEXT NOT NULL",
    },
    "stored": {
        "file_id": "TEXT NOT NULL",
        "sha256": "TEXT NOT NULL",
        "size_bytes": "INTEGER NOT NULL",
        "appends": "INTEGER NOT NULL",
        "slowest_append_s": "REAL NOT NULL",
        "stored_s": "REAL NOT NULL",
        "transaction_id": "TEXT NOT NULL",
        "acknowledged": "INTEGER NOT NULL",
        "leftover": "TEXT NOT NULL",
        "operation": "TEXT NOT NULL",
        "outcome": "TEXT NOT NULL",
        "status": "TEXT NOT NULL",
    },
    "read_back": {
        "file_id": "TEXT NOT NULL",
        "sha256": "TEXT NOT NULL",
        "size_bytes": "INTEGER NOT NULL",
        "read_s": "REAL NOT NULL",
        "operation": "TEXT NOT NULL",
    },
}
"""Columns by table, with their SQLite types; `sent` is `records.SentMessage`, `stored` and `read_back` are
`records.StoredFile` and `records.ReadFile`, each with its operation (a dumped `OperationKey`)."""

COLUMNS: Final = {table: tuple(columns) for table, columns in TABLES.items()}

_WORDS: Final = {outcome: outcome.value for outcome in Outcome}  # `value` is a property function, called at every row


def rows_of(record: OperationRecord) -> Iterator[tuple[str, list[Any]]]:
    """Yield the audit's rows of a closed operation: table and row."""
    key = f"{record.name}|{record.arm or ''}|{record.confirm}"  # OperationKey.dump, without making one
    outcome, status = "" if record.outcome is None else _WORDS[record.outcome], record.status
    for sent in record.messages:
        transaction_id = sent.transaction_id or (record.transaction_ids or [""])[-1]
        yield (
            "sent",
            [
                *(sent.topic_id, sent.stream, sent.number, bytes.fromhex(sent.digest), sent.sent_at),
                *(sent.due_at or record.scheduled_at, sent.seen_at, sent.acknowledged, transaction_id),
                *(sent.sequence_number, key, outcome, status),
            ],
        )
    ending = (key, outcome, status)
    for file in record.stored_files:
        yield (
            "stored",
            [
                *(file.file_id, file.sha256, file.size_bytes, file.appends, file.slowest_append_s, file.stored_s),
                *(file.transaction_id, file.acknowledged, file.leftover, *ending),
            ],
        )
    for read in record.read_files:
        yield "read_back", [read.file_id, read.sha256, read.size_bytes, read.read_s, key]
