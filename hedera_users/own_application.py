"""The operation with Hedera as the user's own application does it: what `--with-hedera` names."""

from __future__ import annotations

import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from hedera_client import TransactionId
from hedera_client.bodies import split_message
from hedera_users.application_ways import ApplicationError, Way
from hedera_users.operation import Operation
from records.envelope import Envelope, digest
from records.operation import SentMessage, StoredFile

SEGMENT: Final = "application"
"""Where the time of an operation goes that the application does."""

_CALL: Final = "call"
"""Name of the call among an operation's doubts, where a transaction's id would stand."""


class Answer(NamedTuple):
    """What an application says of what it has done, as far as it says anything; "" and None where it does not.

    Attributes:
        transaction_id: Of its transaction, e.g. `0.0.2@1700000000.000000001`.
        sequence_number: Place of the message in the topic, from the receipt.
        file_id: Of the file that it stored the payload in, in place of a message.
    """

    transaction_id: str = ""
    sequence_number: int | None = None
    file_id: str = ""


class OwnApplication:
    """The user's own application, which does whole operations with Hedera.

    Args:
        way: How it is called.
        topic: The topic that it is told to write to.
        timeout: Seconds that its answer is waited for.
    """

    def __init__(self, way: Way, topic: str, timeout: float) -> None:
        self._way = way
        self._topic = topic
        self._timeout = timeout

    def perform(self, operation: Operation, envelope: Envelope, payload: bytes) -> None:
        """Let it do one operation, and note for the audit what it says it has done.

        It answers for the payload: as a message on the topic, byte for byte, or in a file whose id it names.

        Args:
            operation: Which.
            envelope: Of the payload; its kind is what the application is told.
            payload: What both arms are given.

        Raises:
            ApplicationError: it did not say that it was done.
        """
        sent = operation.message(self._topic, envelope.stream, envelope.number, digest(payload))
        operation.sending("")
        operation.doubts.sending(_CALL)
        begin = time.perf_counter()
        try:
            with operation.watch.segment(SEGMENT):
                told = self._way.call(envelope.kind, payload, self._allowed(operation))
        except ApplicationError as error:
            operation.record.ended_in = SEGMENT
            if error.certain:
                operation.doubts.never_happened(_CALL)
            else:
                operation.doubts.add(_CALL)
            raise
        operation.doubts.accepted(_CALL)
        _note(operation, sent, payload, answer_of(told), time.perf_counter() - begin)

    def close(self) -> None:
        """Release what it holds."""
        self._way.close()

    def _allowed(self, operation: Operation) -> float:
        if operation.deadline is None:
            return self._timeout
        return min(self._timeout, max(0.001, operation.deadline - time.monotonic()))


def answer_of(told: object) -> Answer:
    """Read what an application says: an object with any of `transactionId`, `sequenceNumber` and `fileId`.

    They may be written with underscores (`sequence_number`), and a number as text, as the SDKs for JavaScript do. What
    has not the form of such a value is taken for not said.
    """
    if not isinstance(told, Mapping):
        return Answer()
    said: dict[str, Any] = {str(key).replace("_", "").lower(): value for key, value in told.items()}
    transaction_id, number, file_id = said.get("transactionid"), said.get("sequencenumber"), said.get("fileid")
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number)
    return Answer(
        transaction_id if isinstance(transaction_id, str) and _is_transaction_id(transaction_id) else "",
        number if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**63 else None,
        file_id if isinstance(file_id, str) else "",
    )


def _note(operation: Operation, sent: SentMessage, payload: bytes, answer: Answer, took_s: float) -> None:
    """Note in an operation's record what was answered."""
    record = operation.record
    if answer.transaction_id:
        record.transaction_ids.append(answer.transaction_id)
    if answer.file_id:
        record.messages.remove(sent)
        file = StoredFile(answer.file_id, sha256(payload).hexdigest(), len(payload), acknowledged=True)
        file.transaction_id, file.stored_s = answer.transaction_id, took_s
        record.stored_files.append(file)
        return
    sent.transaction_id = answer.transaction_id
    # Of a message in chunks SDKs give back the first chunk's receipt, and the audit asks where the last one stands.
    if answer.sequence_number is not None and len(split_message(payload)) == 1:
        operation.seen(answer.sequence_number)


def _is_transaction_id(text: str) -> bool:
    try:
        TransactionId.parse(text)
    except ValueError:
        return False
    return True
