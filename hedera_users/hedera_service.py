"""Operations on Hedera: submit a message, store a file, fetch it. Composed of guards and transactions."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from config.levels import ACK, MIRROR, QUEUED
from config.settings import RunSettings
from hedera_client import Body, Chunk, HederaClient, HederaError, Receipt, Settled, TopicInfo, TransactionId, bodies
from hedera_users.background import Background
from hedera_users.guards import Guards
from hedera_users.mirror_view import MirrorView
from hedera_users.operation import Operation, uncounted
from hedera_users.transactions import Acknowledged, BodyOf, NeverHappenedError, Transactions
from records.operation import DELETED, LEFT, UNCERTAIN, ReadFile, StoredFile
from resilience import Attempt, RejectedError


class _SentChunk(NamedTuple):
    """A chunk of a message on its way: what was sent, and how to send it again."""

    body: BodyOf
    acknowledged: Acknowledged


class HederaService:
    """Runs operations against one network, each up to its own confirmation level.

    Args:
        client: Makes single attempts.
        guards: Retry and protect calls to each service.
        mirror: Waits until a message is to be seen; None where no operation asks for that.
        background: Takes over what no user waits for.
        settings: The run's settings.

    Attributes:
        transactions: Sends its transactions; those of other services of the process go the same way.
    """

    def __init__(
        self,
        client: HederaClient,
        guards: Guards,
        mirror: MirrorView | None,
        background: Background,
        settings: RunSettings,
    ) -> None:
        self._client = client
        self._guards = guards
        self._mirror = mirror
        self._background = background
        self._settings = settings
        self.transactions = Transactions(client, settings)

    def collisions(self) -> dict[str, int]:
        """How many transaction ids (`count`) somebody else had used before."""
        return {"count": self.transactions.collisions}

    def perform(self, operation: Operation, work: Callable[[], object]) -> None:
        """Do an operation's work: here and now, or, at the level `queued`, in the background while its user goes on.

        Raises:
            QueueFullError: at the level `queued`, too many are on their way.
            Exception: at any other level, what `work` raises.
        """
        if operation.record.confirm == QUEUED:
            messages = operation.record.messages
            self._background.hand_over(operation, work, after=messages[-1].stream if messages else "")
        else:
            work()

    def submit_message(self, operation: Operation, topic_id: str, message: bytes) -> None:
        """Write one message to a topic; a message over 1,024 bytes goes as chunks, one after another.

        Each chunk is a transaction of its own, so a retry repeats the chunk that failed and no other. Where receipts
        are read, the first chunk's is waited for before the others go: they name its transaction id, which must not
        change any more.

        Raises:
            HederaError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
        """
        chunks = bodies.split_message(message)
        reads_receipts = operation.record.confirm != ACK
        first: TransactionId | None = None
        underway: list[_SentChunk] = []
        receipt: Receipt | None = None
        for chunk in chunks:
            body = _chunk_body(topic_id, chunk, first)
            sent = _SentChunk(body, self.transactions.send(operation, self._guards.hcs, body))
            if reads_receipts and first is None and chunk.total > 1:
                first = self._chunk_receipt(operation, sent).transaction_id
            else:
                first = first or sent.acknowledged.transaction_id
                underway.append(sent)
        operation.all_sent()
        if not reads_receipts:
            return
        for one in underway:
            receipt = self._chunk_receipt(operation, one)
        assert receipt is not None, "a message has at least one chunk"
        operation.seen(receipt.topic_sequence_number)
        if operation.record.confirm == MIRROR and receipt.topic_sequence_number is not None:
            assert self._mirror is not None, "there is a view of the mirror where the run has the level `mirror`"
            self._mirror.await_message(operation, topic_id, receipt.topic_sequence_number)

    def store_file(self, operation: Operation, chunks: list[bytes]) -> str:
        """Create a file of the first chunk, append the others in order, and return its file id.

        Each transaction waits for the receipt of the one before: appends that overtake each other would mix up the
        contents. A file that cannot be completed is deleted, and the record says whether that succeeded.

        Raises:
            HederaError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
        """
        contents = b"".join(chunks)
        stored = StoredFile("", sha256(contents).hexdigest(), len(contents))
        operation.record.stored_files.append(stored)
        begin = time.perf_counter()
        try:
            self._write_file(operation, stored, chunks)
        except (HederaError, RejectedError):
            self._clear_away(stored)
            raise
        except BaseException as cut_off:
            # The caller is being killed and must not wait; the file that it began is deleted in the background.
            if operation.doubts.sent:
                self._background.clear_away(operation, cut_off, lambda: self._clear_away(stored))
            raise
        stored.stored_s = time.perf_counter() - begin
        stored.acknowledged = True
        return stored.file_id

    def fetch_file(self, operation: Operation, file_id: str) -> bytes:
        """Read a file's contents back from a consensus node (a paid query).

        Raises:
            HederaError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
        """

        def attempt(attempt: Attempt) -> bytes:
            with operation.reading(), operation.phase("ack"):
                return self._client.file_contents(file_id, attempt.member, timeout=attempt.timeout)

        begin = time.perf_counter()
        contents = self._guards.hfs_reads.run(attempt, deadline=operation.deadline, on_wait=operation.waited)
        read = ReadFile(file_id, sha256(contents).hexdigest(), len(contents), time.perf_counter() - begin)
        operation.record.read_files.append(read)
        return contents

    def topic_info(self, operation: Operation, topic_id: str) -> TopicInfo:
        """Read what the network knows of a topic from a consensus node (a paid query).

        Raises:
            HederaError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
        """

        def attempt(attempt: Attempt) -> TopicInfo:
            with operation.reading(), operation.phase("ack"):
                return self._client.topic_info(topic_id, attempt.member, timeout=attempt.timeout)

        return self._guards.hcs.run(attempt, deadline=operation.deadline, on_wait=operation.waited)

    def create_topic(self, operation: Operation, memo: str, *, anybody: bool = False) -> str:
        """Create a topic that only the operator may write to, or anybody, and return its id."""
        key = self._client.operator.public_key
        body = bodies.create_topic(memo=memo, admin_key=key, submit_key=None if anybody else key)
        receipt = self.transactions.to_receipt(operation, self._guards.hcs, _always(body))
        assert receipt.topic_id is not None, "the receipt of a ConsensusCreateTopic carries the topic id"
        return receipt.topic_id

    def delete_topic(self, operation: Operation, topic_id: str) -> None:
        """Delete a topic of the operator's; its messages stay readable."""
        self.transactions.to_receipt(operation, self._guards.hcs, _always(bodies.delete_topic(topic_id)))

    def _chunk_receipt(self, operation: Operation, chunk: _SentChunk) -> Receipt:
        """Wait for a chunk's receipt; one that never happened is sent again under a new id."""
        try:
            return self.transactions.receipt(operation, chunk.acknowledged)
        except NeverHappenedError:
            return self.transactions.to_receipt(operation, self._guards.hcs, chunk.body)

    def _write_file(self, operation: Operation, stored: StoredFile, chunks: list[bytes]) -> None:
        """Create and append; `stored` says at any time how far it got."""
        create = bodies.create_file(chunks[0], keys=[self._client.operator.public_key])

        def creating(transaction_id: TransactionId) -> Body:
            stored.transaction_id = str(transaction_id)
            return create

        created = self.transactions.to_receipt(operation, self._guards.hfs, creating)
        assert created.file_id is not None, "the receipt of a FileCreate carries the file id"
        stored.file_id = created.file_id
        for chunk in chunks[1:]:
            append = bodies.append_file(stored.file_id, chunk)
            begin = time.perf_counter()
            self.transactions.to_receipt(operation, self._guards.hfs, _always(append))
            stored.appends += 1
            stored.slowest_append_s = max(stored.slowest_append_s, time.perf_counter() - begin)

    def _clear_away(self, stored: StoredFile) -> None:
        """Delete a file that could not be completed, and note in `stored` what is left of it."""
        with uncounted("clear-away", self._settings.confirm_timeout) as clearing:
            stored.leftover = LEFT if stored.file_id else UNCERTAIN
            if not stored.file_id:
                self._find_file(stored)
            if stored.file_id:
                body = bodies.delete_file(stored.file_id)
                self.transactions.to_receipt(clearing, self._guards.hfs, _always(body))
                stored.leftover = DELETED

    def _find_file(self, stored: StoredFile) -> None:
        """Find out whether the FileCreate of `stored` happened, and what id the file has."""
        if not stored.transaction_id:
            stored.leftover = ""
            return
        settlement = self._client.settle(
            TransactionId.parse(stored.transaction_id),
            timeout=self._settings.rpc_timeout,
            interval=self._settings.receipt_interval,
        )
        if settlement.verdict in (Settled.NEVER_HAPPENED, Settled.FAILED):
            stored.leftover = ""
        elif settlement.receipt is not None and settlement.receipt.file_id is not None:
            stored.file_id, stored.leftover = settlement.receipt.file_id, LEFT


def _always(body: Body) -> BodyOf:
    return lambda _: body


def _chunk_body(topic_id: str, chunk: Chunk, first: TransactionId | None) -> BodyOf:
    """What submits one chunk; the first one names its own id as that of the message."""
    return lambda own: bodies.submit_message(topic_id, chunk.data, chunk.info(first or own))
