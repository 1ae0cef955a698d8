"""A small ledger of topics, as the mirror would show it: what the audit is held against, with its truth known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.networks import Network
from config.run import Run
from config.settings import RunSettings
from hedera_client import ChunkInfo, TopicMessage, TransactionId, running_hash_v3
from records.envelope import Envelope, digest
from records.operation import OperationRecord, Outcome, ReadFile, SentMessage, StoredFile
from records.rows import COLUMNS, rows_of
from reports.collect.journal import Journal
from reports.judge.mirror import MirrorAudit
from reports.judge.taken import Handled
from reports.settling import chain_hash

RUN_ID, TOPIC, PAYER = "20261124-101500-3f9a", "0.0.1010", "0.0.1001"
STARTED_AT = 1_795_500_000.0


def run(**settings: Any) -> Run:
    """A run on that topic."""
    return Run(
        run_id=RUN_ID,
        started_at=STARTED_AT,
        settings=RunSettings(**{"seed": 1, "audit_timeout": 30.0, **settings}),
        network=Network(name="custom", nodes={"127.0.0.1:1": "0.0.3"}, mirror_rest="", mirror_grpc=""),
        operator_id=PAYER,
        topics={"events": TOPIC},
    )


def message(stream: str, number: int, body: object = "x", run_id: str = RUN_ID) -> bytes:
    """One message of the run."""
    return Envelope(run_id, stream, number, "audit-event", STARTED_AT).encode(body)


@dataclass
class Topic:
    """A topic to be written to; `rows` is what consensus made of it."""

    rows: list[TopicMessage] = field(default_factory=list)

    def write(self, contents: bytes, chunk: ChunkInfo | None = None) -> int:
        """Append a message and return its sequence number."""
        sequence = len(self.rows) + 1
        consensus = int(STARTED_AT * 1e9) + sequence * 1_000_000
        before = self.rows[-1].running_hash if self.rows else bytes(48)
        after = running_hash_v3(before, PAYER, TOPIC, consensus, sequence, contents)
        self.rows.append(TopicMessage(TOPIC, sequence, consensus, contents, after, 3, PAYER, chunk))
        return sequence

    def write_chunked(self, contents: bytes, pieces: int) -> int:
        """Append a message in pieces, and return the sequence number of the last one."""
        first = TransactionId(PAYER, int(STARTED_AT * 1e9) + len(self.rows))
        size = -(-len(contents) // pieces)
        for number in range(1, pieces + 1):
            info = ChunkInfo(first, total=pieces, number=number)
            last = self.write(contents[(number - 1) * size : number * size], info)
        return last


def record(
    stream: str, number: int, sequence: int | None, outcome: Outcome = Outcome.SUCCEEDED, body: object = "x"
) -> OperationRecord:
    """What the sender of a message noted."""
    sent_at = STARTED_AT
    sent = SentMessage(TOPIC, stream, number, digest(message(stream, number, body)), sent_at)
    sent.acknowledged, sent.sequence_number = outcome is Outcome.SUCCEEDED, sequence
    sent.transaction_id = f"{PAYER}@1795500000.{number:09d}"
    record = OperationRecord("hcs.submit", None, None, "receipt", sent_at, sent_at, 0.1, outcome, status="SUCCESS")
    record.messages.append(sent)
    return record


def file_record(stored: StoredFile | None = None, read: ReadFile | None = None) -> OperationRecord:
    """An operation that stored or read a file."""
    record = OperationRecord("hfs.store" if stored else "hfs.fetch", outcome=Outcome.SUCCEEDED, status="SUCCESS")
    record.stored_files += [stored] if stored else []
    record.read_files += [read] if read else []
    return record


def write_journal(folder: Path, records: Iterable[OperationRecord]) -> Path:
    """A journal of these operations; returns its path."""
    rows: dict[str, list[list[Any]]] = {table: [] for table in COLUMNS}
    for one in records:
        for table, row in rows_of(one):
            rows[table].append(row)
    journal = Journal(folder)
    journal.append("worker-1", rows)
    journal.close()
    return journal.path


class Mirror:
    """Shows rows of a topic, from the given ones; `looks` counts how often it was asked for what is new.

    Everything has reached consensus long before `clock_ns`, what it says of how far it has come.
    """

    def __init__(self, rows: Iterable[TopicMessage]) -> None:
        self.rows = list(rows)
        self.clock_ns: int | None = int((STARTED_AT + 3600) * 1e9)
        self.unknown: set[str] = set()
        self.looks = 0
        self.later: dict[int, list[TopicMessage]] = {}
        self.transactions: dict[str, Handled] = {}
        self.asked_for: list[str] = []

    def __call__(self, topic_id: str, after: int, until: int | None) -> Iterator[TopicMessage]:
        """A `TopicReader`."""
        if until is None:
            self.looks += 1
        for look in [look for look in self.later if look <= self.looks]:
            self.rows = sorted([*self.rows, *self.later.pop(look)], key=lambda row: row.sequence_number)
        for row in list(self.rows):
            if row.sequence_number > after and (until is None or row.sequence_number <= until):
                yield row

    def latest_consensus(self) -> int | None:
        """An hour after everything, unless a test says otherwise."""
        return self.clock_ns

    def knows_topic(self, topic_id: str) -> bool:
        """Whether it is not in `unknown`."""
        return topic_id not in self.unknown

    def handled(self, transaction_id: str) -> Handled | None:
        """What a test says that the network handled under an id."""
        self.asked_for.append(transaction_id)
        return self.transactions.get(transaction_id)

    def leave_out(self, sequence: int, until_look: int | None = None) -> None:
        """Do not show a row, or not before so many looks."""
        gone = [row for row in self.rows if row.sequence_number == sequence]
        self.rows = [row for row in self.rows if row.sequence_number != sequence]
        if until_look is not None:
            self.later.setdefault(until_look, []).extend(gone)

    def change(self, sequence: int, contents: bytes) -> None:
        """Show other bytes in a row."""
        self.rows = [replace(row, message=contents) if row.sequence_number == sequence else row for row in self.rows]

    def swap(self, sequence: int) -> None:
        """Exchange the contents of a row and the next one."""
        first, second = (self.rows[at].message for at in (sequence - 1, sequence))
        self.change(sequence, second)
        self.change(sequence + 1, first)

    def repeat(self, sequence: int) -> None:
        """Show a row twice."""
        at = next(index for index, row in enumerate(self.rows) if row.sequence_number == sequence)
        self.rows.insert(at, self.rows[at])


class Waiting:
    """A clock that sleeping advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += seconds


def audit(journal: Path, mirror: Any, time: Waiting | None = None, **settings: Any) -> dict[str, Any]:
    """The report's `audit` of a journal held against a mirror; time passes without being waited for."""
    waiting = time or Waiting()
    return MirrorAudit(run(**settings), journal, mirror, chain_hash, clock=waiting.clock, sleep=waiting.sleep).run()
