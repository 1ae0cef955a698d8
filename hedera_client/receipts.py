"""What the network said about a transaction after consensus, and the wait for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from hiero_sdk_python.hapi.services import transaction_receipt_pb2

from hedera_client.errors import Fate, HederaError, ReceiptFailedError, ReceiptTimeoutError
from hedera_client.ids import TransactionId, account_text, file_text, topic_text
from hedera_client.receipt_pace import ReceiptPace
from hedera_client.status import PENDING, SUCCESS, judge_receipt, status_name


@dataclass(frozen=True, slots=True)
class Receipt:
    """Outcome of a transaction at consensus.

    Attributes:
        transaction_id: Whose receipt it is.
        status: The network's status name, e.g. `SUCCESS`, `INVALID_SIGNATURE`.
        account_id: Of a created account, or None.
        file_id: Of a created file, or None.
        topic_id: Of a created topic, or None.
        topic_sequence_number: Of a submitted message, from 1, or None.
        topic_running_hash: The topic's, 48 bytes, after a submitted message; else empty.
        looks: How often a node was asked until it was there.
        patience_s: By so many seconds at most it may have been there before it was found.
    """

    transaction_id: TransactionId
    status: str
    account_id: str | None = None
    file_id: str | None = None
    topic_id: str | None = None
    topic_sequence_number: int | None = None
    topic_running_hash: bytes = b""
    looks: int = 1
    patience_s: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether the transaction did what it was for."""
        return self.status == SUCCESS


def read_receipt(proto: transaction_receipt_pb2.TransactionReceipt, transaction_id: TransactionId) -> Receipt | None:
    """A protobuf receipt, or None where it says that the transaction is pending."""
    status = status_name(proto.status)
    if status in PENDING:
        return None
    return Receipt(
        transaction_id,
        status,
        account_id=account_text(proto.accountID) if proto.HasField("accountID") else None,
        file_id=file_text(proto.fileID) if proto.HasField("fileID") else None,
        topic_id=topic_text(proto.topicID) if proto.HasField("topicID") else None,
        topic_sequence_number=proto.topicSequenceNumber or None,
        topic_running_hash=proto.topicRunningHash,
    )


def await_receipt(
    look: Callable[[str, float], Receipt | None],
    transaction_id: TransactionId,
    nodes: Sequence[str],
    *,
    timeout: float,
    pace: ReceiptPace,
    waited: float = 0.0,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> Receipt:
    """Look for a receipt, as often as `pace` says, until it is there.

    This is one logical wait, not a call that is retried. Looks are one after another; one that is due while another is
    under way follows at once. Where `timeout` is short, the first is after half of it, so that there is always a look.

    A look that fails tells nothing about the transaction: the next look asks the next of `nodes`, in a circle, since
    any node that has heard of the transaction can answer. (RECEIPT_NOT_FOUND is such a failure: the node has
    restarted, or is another one that has not heard of it yet.) A failure that no repetition can change, such as a
    closed client, ends the wait; the transaction's fate is then still unknown.

    Args:
        look: Asks one node once, within so many seconds; None while pending.
        transaction_id: Whose receipt.
        nodes: Account ids; the one that acknowledged comes first.
        timeout: Seconds from now after which no look starts; a look in progress is cut off there.
        pace: Says when to look, and learns when receipts come.
        waited: Seconds that have passed since the acknowledgement.
        sleep: Waits so many seconds.
        clock: Monotonic seconds.

    Raises:
        ReceiptFailedError: consensus was reached, with a status other than SUCCESS.
        ReceiptTimeoutError: none of the looks found a receipt.
    """
    entered = clock()
    begin, deadline = entered - waited, entered + timeout
    schedule = pace.begin(timeout, waited)
    circle = itertools.cycle(nodes)
    node = next(circle)
    last: HederaError | None = None
    for looks in itertools.count(1):
        sleep(max(0.0, min(begin + schedule.next_at, deadline) - clock()))
        now = clock()
        if now >= deadline:
            schedule.given_up(now - begin)
            _give_up(transaction_id, node, looks - 1, f"within {timeout:g} s", last)
        try:
            receipt = look(node, deadline - now)
        except HederaError as error:
            if error.fate is Fate.FINAL:
                _give_up(transaction_id, node, looks, "because nodes cannot be asked", error)
            last, node = error, next(circle)
            schedule.failed(now - begin)
            continue
        if receipt is not None:
            patience_s = min(schedule.found(now - begin), now - entered)
            return _checked(replace(receipt, looks=looks, patience_s=patience_s), node)
        schedule.pending(now - begin)
    raise AssertionError("an endless loop ended")


def _checked(receipt: Receipt, node: str) -> Receipt:
    if receipt.succeeded:
        return receipt
    raise ReceiptFailedError(
        f"{receipt.status}: transaction {receipt.transaction_id} failed at consensus",
        status=receipt.status,
        fate=judge_receipt(receipt.status).fate,
        busy=judge_receipt(receipt.status).busy,
        node=node,
        transaction_id=str(receipt.transaction_id),
    )


def _give_up(
    transaction_id: TransactionId, node: str, looks: int, circumstance: str, last: HederaError | None
) -> NoReturn:
    told = f"; the last look failed: {last}" if last is not None else ""
    error = ReceiptTimeoutError(
        f"RECEIPT_TIMEOUT: no receipt of {transaction_id} {circumstance} ({looks} looks{told})",
        status="RECEIPT_TIMEOUT",
        fate=Fate.UNKNOWN,
        node=node,
        transaction_id=str(transaction_id),
    )
    error.looks = looks
    raise error from last
