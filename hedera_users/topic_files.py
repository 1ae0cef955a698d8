"""Files on topics, by HCS-1: each on a topic of its own, whose messages are its pieces."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from hashlib import sha256

import gevent

from hedera_client import Body, HederaClient, MirrorRest, TransactionId, bodies, hcs1
from hedera_users.guards import Guards
from hedera_users.mirror_reads import MirrorReads
from hedera_users.operation import Operation
from hedera_users.outcomes import HashMismatchError
from hedera_users.transactions import Transactions
from records.operation import LEFT, UNCERTAIN, ReadFile, StoredFile


class TopicFiles:
    """Writes and reads files by HCS-1.

    Args:
        client: Names the operator, whose key is every topic's submit key: a message of anybody else would make the file
            unreadable for @hiero-did-sdk/hcs.
        guards: Retry and protect the transactions.
        transactions: Sends them; a piece keeps its transaction id over all attempts, so it cannot land twice.
        mirror: Reads the pieces back.
    """

    def __init__(self, client: HederaClient, guards: Guards, transactions: Transactions, mirror: MirrorReads) -> None:
        self._client = client
        self._guards = guards
        self._transactions = transactions
        self._mirror = mirror

    def store(self, operation: Operation, contents: bytes, parallel: int = 1) -> tuple[str, int]:
        """Create a topic for a file, and write its pieces to it, each up to its receipt.

        A topic of a file that could not be completed stays: without an admin key nobody can delete it, and with one
        @hiero-did-sdk/hcs would refuse to read it. The record says so.

        Args:
            operation: Whose work it is.
            contents: The file.
            parallel: How many pieces are on their way at once. With one, a piece goes when the receipt of the one
                before is there, so that no two have the same millisecond, of which @hiero-did-sdk/hcs reads one only.

        Returns:
            The topic's id, and the highest sequence number on it: a reader that asks before the mirror shows that one
            gets a broken file.

        Raises:
            HederaError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
        """
        written = hcs1.to_messages(contents)
        stored = StoredFile("", sha256(contents).hexdigest(), len(contents))
        operation.record.stored_files.append(stored)
        begin = time.perf_counter()
        try:
            topic_id = self._create_topic(operation, stored, written.memo)
            pieces = (bodies.submit_message(topic_id, message) for message in written.messages)
            last = self._send(operation, pieces, min(parallel, len(written.messages)))
        except BaseException:
            if stored.file_id or operation.doubts.may_have_happened:
                stored.leftover = LEFT if stored.file_id else UNCERTAIN
            raise
        stored.stored_s = time.perf_counter() - begin
        stored.acknowledged = True
        return topic_id, last

    def fetch(self, operation: Operation, topic_id: str, last: int, largest: int = hcs1.LARGEST) -> bytes:
        """Read a file of ours back from the mirror, when it shows the last of its messages.

        Args:
            operation: Whose work it is.
            topic_id: The file's topic.
            last: The highest sequence number on it, from `store`.
            largest: Bytes that it may have.

        Raises:
            HederaError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
            HashMismatchError: the topic holds another file than its memo says, or not only the file.
        """
        begin = time.perf_counter()
        shown = self._mirror.await_messages(operation, topic_id, 1, last)
        memo = self._mirror.ask(operation, lambda rest: str(rest.topic(topic_id)["memo"]))
        read = ReadFile(topic_id, "", 0)
        operation.record.read_files.append(read)
        try:
            found = hcs1.from_messages(memo, (row.message for row in shown), largest)
        except hcs1.Hcs1Error as error:
            raise HashMismatchError(f"topic {topic_id}: {error}") from error
        finally:
            read.read_s = time.perf_counter() - begin
        if found.repeated or found.foreign:
            raise HashMismatchError(
                f"topic {topic_id} holds {found.repeated} repeated and {found.foreign} foreign messages beside its file"
            )
        read.sha256, read.size_bytes = sha256(found.contents).hexdigest(), len(found.contents)
        return found.contents

    def read(self, operation: Operation, topic_id: str, largest: int = hcs1.LARGEST) -> hcs1.Found:
        """Read whosever file from the mirror, as far as it shows it.

        Raises:
            HederaError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
            Hcs1Error: the topic holds no whole HCS-1 file.
        """
        memo = self._mirror.ask(operation, lambda rest: str(rest.topic(topic_id)["memo"]))
        reader = hcs1.Reader(memo, largest)
        taken = 0  # what a retry need not read again

        def take_what_follows(rest: MirrorRest) -> None:
            nonlocal taken
            for row in rest.topic_messages(topic_id, after=taken):
                reader.add(row.message)
                taken = row.sequence_number

        self._mirror.ask(operation, take_what_follows)
        return reader.file()

    def _create_topic(self, operation: Operation, stored: StoredFile, memo: str) -> str:
        """Create the file's topic; `stored` says at any time how far that got."""
        body = bodies.create_topic(memo=memo, submit_key=self._client.operator.public_key)

        def creating(transaction_id: TransactionId) -> Body:
            stored.transaction_id = str(transaction_id)
            return body

        receipt = self._transactions.to_receipt(operation, self._guards.hcs, creating)
        assert receipt.topic_id is not None, "the receipt of a ConsensusCreateTopic carries the topic id"
        stored.file_id = receipt.topic_id
        return receipt.topic_id

    def _send(self, operation: Operation, pieces: Iterator[Body], count: int) -> int:
        """Send so many of the pieces at once, and return the highest sequence number."""
        if count == 1:
            return max(self._send_one(operation, piece) for piece in pieces)
        branches = [operation.branch() for _ in range(count)]
        with operation.phase("receipt"):
            try:
                ways = [gevent.spawn(self._send_some, branch, pieces) for branch in branches]
                gevent.joinall(ways)
            finally:
                gevent.killall(ways)
                operation.merge(branches)
        for way in ways:
            if isinstance(way.value, BaseException):
                raise way.value
        return max(int(way.value) for way in ways)

    def _send_some(self, branch: Operation, pieces: Iterator[Body]) -> int | BaseException:
        """Send one piece after another while there are any; an error in one branch ends all, after their pieces."""
        last = 0
        try:
            for piece in pieces:
                last = max(last, self._send_one(branch, piece))
        except Exception as error:  # gevent prints a traceback for what leaves a greenlet
            deque(pieces, maxlen=0)
            return error
        return last

    def _send_one(self, operation: Operation, piece: Body) -> int:
        """Send a piece up to its receipt, and return its sequence number."""
        receipt = self._transactions.to_receipt(operation, self._guards.hcs, lambda _: piece)
        assert receipt.topic_sequence_number is not None, "the receipt of a message carries its sequence number"
        return receipt.topic_sequence_number
