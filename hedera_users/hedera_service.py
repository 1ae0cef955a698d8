"""The business's verbs on Hedera: submit a message, store a file, fetch it. Composed of the guard and the client.

Every transaction keeps its id over all attempts and is signed anew for each node it goes to, so that a retry can never
happen twice; `DUPLICATE_TRANSACTION` on a retry means that an earlier attempt had arrived.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256

from config.settings import RunSettings
from hedera_client import (
    AlreadySubmitted,
    Body,
    Fate,
    HederaClient,
    HederaError,
    MirrorWatcher,
    Receipt,
    TransactionId,
    bodies,
)
from hedera_users.operation import Operation
from reports.records import ReadFile, StoredFile
from resilience import Guard


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A transaction that a node has accepted for consensus."""

    transaction_id: TransactionId
    node: str


class HederaService:
    """Runs operations against one network, each up to its own confirmation level.

    Args:
        client: Makes single attempts.
        hcs: Guards transactions on topics.
        hfs: Guards transactions and queries on files.
        watchers: One mirror subscription per topic; needed only where a level is `mirror`.
        settings: The run's settings.
    """

    def __init__(
        self,
        client: HederaClient,
        hcs: Guard,
        hfs: Guard,
        watchers: dict[str, MirrorWatcher],
        settings: RunSettings,
    ) -> None:
        self._client = client
        self._hcs = hcs
        self._hfs = hfs
        self._watchers = watchers
        self._settings = settings

    def submit_message(self, operation: Operation, topic_id: str, message: bytes) -> int | None:
        """Write one message to a topic; a message over 1,024 bytes goes as chunks, one after another.

        Returns:
            The sequence number of its last chunk, or None where the level needs no receipt.

        Raises:
            HederaError: an attempt failed for good.
            Rejected: the guard let no attempt through.
        """
        sent: list[Acknowledged] = []
        first: TransactionId | None = None
        for chunk in bodies.split_message(message):
            transaction_id = self._client.new_transaction_id()
            first = first or transaction_id
            body = bodies.submit_message(topic_id, chunk.data, chunk.info(first))
            sent.append(self._transact(operation, self._hcs, body, transaction_id))
        level = operation.record.confirm
        if level in ("queued", "ack"):
            return None
        receipts = [self._receipt(operation, one) for one in sent]
        operation.seen()
        last = receipts[-1].topic_sequence_number
        if level == "mirror" and last is not None:
            with operation.phase("mirror"):
                self._watchers[topic_id].wait_for(last, self._settings.confirm_timeout)
        return last

    def store_file(self, operation: Operation, chunks: list[bytes]) -> str:
        """Create a file of the first chunk, append the others in order, and return its file id.

        Each transaction waits for the receipt of the one before: appends that overtake each other would mix up the
        contents.

        Raises:
            HederaError: an attempt failed for good.
            Rejected: the guard let no attempt through.
        """
        contents = b"".join(chunks)
        stored = StoredFile("", sha256(contents).hexdigest(), len(contents))
        operation.record.stored_files.append(stored)
        begin = time.perf_counter()
        create = bodies.create_file(chunks[0], keys=[self._client.operator.public_key])
        sent = self._transact(operation, self._hfs, create)
        stored.transaction_id = str(sent.transaction_id)
        created = self._receipt(operation, sent)
        assert created.file_id is not None, "the receipt of a FileCreate carries the file id"
        stored.file_id = created.file_id
        for chunk in chunks[1:]:
            append_begin = time.perf_counter()
            appended = self._transact(operation, self._hfs, bodies.append_file(created.file_id, chunk))
            self._receipt(operation, appended)
            stored.appends += 1
            stored.slowest_append_s = max(stored.slowest_append_s, time.perf_counter() - append_begin)
        stored.stored_s = time.perf_counter() - begin
        stored.acknowledged = True
        return created.file_id

    def fetch_file(self, operation: Operation, file_id: str) -> bytes:
        """Read a file's contents back from a consensus node (a paid query).

        Raises:
            HederaError: an attempt failed for good.
            Rejected: the guard let no attempt through.
        """

        def attempt(_: int) -> bytes:
            operation.sending("")
            with operation.phase("ack"):
                return self._client.file_contents(file_id, self._client.next_node())

        begin = time.perf_counter()
        contents = self._hfs.run(attempt)
        read = ReadFile(file_id, sha256(contents).hexdigest(), len(contents), time.perf_counter() - begin)
        operation.record.read_files.append(read)
        return contents

    def create_topic(self, operation: Operation, memo: str) -> str:
        """Create a topic that only the operator may write to, and return its id."""
        key = self._client.operator.public_key
        body = bodies.create_topic(memo=memo, admin_key=key, submit_key=key)
        receipt = self._receipt(operation, self._transact(operation, self._hcs, body))
        assert receipt.topic_id is not None, "the receipt of a ConsensusCreateTopic carries the topic id"
        return receipt.topic_id

    def _transact(
        self, operation: Operation, guard: Guard, body: Body, transaction_id: TransactionId | None = None
    ) -> Acknowledged:
        """Send one transaction until a node accepts it: the same id on every attempt, another node after a failure."""
        own_id = transaction_id or self._client.new_transaction_id()
        avoid: set[str] = set()
        failed_at = 0.0

        def attempt(number: int) -> Acknowledged:
            nonlocal failed_at
            if number > 1:  # what lies between two attempts is the guard's back-off
                operation.watch.claim("retry_wait", time.perf_counter() - failed_at)
            try:
                return attempt_once(number)
            except HederaError:
                failed_at = time.perf_counter()
                raise

        def attempt_once(number: int) -> Acknowledged:
            node = self._client.next_node(avoid)
            with operation.phase("prepare"):
                prepared = self._client.prepare(body, node, own_id)
            operation.sending(str(own_id))
            try:
                with operation.phase("ack"):
                    self._client.submit(prepared)
            except AlreadySubmitted:
                if number == 1:
                    raise  # the id is somebody else's: nothing of ours has arrived
            except HederaError as error:
                if error.fate is Fate.UNKNOWN:
                    operation.doubt()
                if not error.busy:
                    avoid.add(node)
                raise
            operation.settled()
            return Acknowledged(own_id, node)

        return guard.run(attempt)

    def _receipt(self, operation: Operation, sent: Acknowledged) -> Receipt:
        with operation.phase("receipt"):
            return self._client.await_receipt(
                sent.transaction_id,
                sent.node,
                timeout=self._settings.confirm_timeout,
                interval=self._settings.receipt_interval,
            )
