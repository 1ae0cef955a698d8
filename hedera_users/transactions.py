"""One transaction on its way: attempts under one id until a node accepts it, and on until its fate is known.

An attempt whose answer was lost leaves its fate open. The same id is then sent again, to another node and signed anew
for it: a network takes an id once, so nothing can happen twice, and DUPLICATE_TRANSACTION says that an earlier attempt
had arrived. What stays open is settled by the receipt. A new id is used only where it is certain that no attempt under
the old one can have happened: all were refused, or its validity is over and no node knows a receipt.

DUPLICATE_TRANSACTION where no attempt of ours is in doubt is somebody else's doing: he pays with the same account and
has issued the same id (a collision of payers). A receipt of that id would be his, so the transaction goes on under a
new id, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from config.settings import RunSettings
from hedera_client import (
    AlreadySubmittedError,
    Body,
    Fate,
    HederaClient,
    HederaError,
    Receipt,
    ReceiptTimeoutError,
    Settled,
    Settlement,
    TransactionId,
)
from hedera_users.doubts import Doubts
from hedera_users.operation import Operation
from records.statuses import NEVER_HAPPENED
from resilience import Attempt, Guard, RejectedError

BodyOf = Callable[[TransactionId], Body]
"""What to send, given the id it will have; a chunk of a message has to name the id of its first chunk."""

SENDINGS: Final = 2
"""Ids that one transaction may be sent under: one, and a new one once it is certain that the first never happened."""

FRESH_S: Final = 10.0
"""A refused id that nodes accept for less than so many seconds more is not sent again: it could expire on the way."""


class NeverHappenedError(HederaError):
    """It is certain that a transaction had no effect and cannot have one any more; it may be sent under a new id."""


class Acknowledged(NamedTuple):
    """A transaction that a node has accepted for consensus, at this moment (seconds of `time.monotonic`)."""

    transaction_id: TransactionId
    node: str
    at: float


class _Transaction:
    """A transaction on its way.

    Attributes:
        body_of: What to send, given its id.
        body: What is sent under `id`.
        id: The id of the latest attempt; None before the first, and where the next needs a new one.
        node: Where the latest attempt went.
        renewed: Whether it has an id in the place of one that somebody else had used.
    """

    __slots__ = ("body", "body_of", "id", "node", "renewed")

    body: Body

    def __init__(self, body_of: BodyOf) -> None:
        self.body_of = body_of
        self.id: TransactionId | None = None
        self.node = ""
        self.renewed = False


class Transactions:
    """Sends transactions of one process.

    Args:
        client: Makes single attempts.
        settings: The run's settings.

    Attributes:
        collisions: Ids that somebody else had used before our first attempt under them.
    """

    def __init__(self, client: HederaClient, settings: RunSettings) -> None:
        self.collisions = 0
        self._client = client
        self._settings = settings

    def send(self, operation: Operation, guard: Guard, body: BodyOf) -> Acknowledged:
        """Send a transaction until a node accepts it.

        Raises:
            NeverHappenedError: it was not accepted before its validity was over.
            HederaError: an attempt failed for good, or the attempts were used up. The operation is in doubt where one
                of them may have been accepted and no receipt could tell.
            RejectedError: nothing of this transaction was sent.
        """
        transaction = _Transaction(body)
        try:
            return guard.run(
                partial(self._attempt, operation, transaction),
                deadline=operation.deadline,
                continuing=operation.doubts.sent,
                on_wait=operation.waited,
            )
        except (HederaError, RejectedError) as error:
            known = transaction.id
            if known is None:
                raise  # no attempt was made
            if operation.doubts.about(str(known)):
                return self._settle(operation, Acknowledged(known, transaction.node, time.monotonic()), error)
            if isinstance(error, HederaError) and error.status == "TRANSACTION_EXPIRED":
                raise _never_happened(known, "every attempt was refused until it expired") from error
            raise

    def _attempt(self, operation: Operation, transaction: _Transaction, attempt: Attempt) -> Acknowledged:
        """Make one attempt at the node that the guard has chosen; a second one there, where the id was taken.

        Raises:
            AlreadySubmittedError: the new id was taken as well; nothing of ours has arrived.
            HederaError: the attempt failed otherwise.
        """
        try:
            return self._submit(operation, transaction, attempt)
        except AlreadySubmittedError:
            if transaction.renewed:
                raise
            transaction.renewed, transaction.id = True, None
            return self._submit(operation, transaction, attempt)

    def _submit(self, operation: Operation, transaction: _Transaction, attempt: Attempt) -> Acknowledged:
        """Prepare the transaction for the node, send it there, and note what becomes of that."""
        client, doubts, node = self._client, operation.doubts, attempt.member
        own_id = self._id(transaction, doubts)
        text = str(own_id)
        transaction.node = node
        with operation.phase("prepare"):
            prepared = client.prepare(transaction.body, node, own_id)
        operation.sending(text)
        try:
            with operation.phase("ack"):
                client.submit(prepared, attempt.timeout, on_wait=operation.connecting)
        except AlreadySubmittedError as error:
            if not doubts.about(text):
                self.collisions += 1
                doubts.refused(error)
                raise  # the id is somebody else's: nothing of ours has arrived
        except HederaError as error:
            if error.fate is Fate.UNKNOWN:
                doubts.add(text)
            else:
                doubts.refused(error)
            raise
        doubts.accepted(text)
        return Acknowledged(own_id, node, time.monotonic())

    def _id(self, transaction: _Transaction, doubts: Doubts) -> TransactionId:
        """The id of an attempt: that of the one before, unless all were refused and it is about to expire.

        An operation may wait long before its first attempt, so an id is issued when that is made.
        """
        known = transaction.id
        if known is None or (not doubts.about(str(known)) and self._expires_soon(known)):
            known = transaction.id = self._client.new_transaction_id()
            transaction.body = transaction.body_of(known)
        return known

    def _expires_soon(self, transaction_id: TransactionId) -> bool:
        return self._client.window_of(transaction_id).accepted_until - time.time() < FRESH_S

    def receipt(self, operation: Operation, sent: Acknowledged) -> Receipt:
        """Wait for the receipt of an accepted transaction.

        Raises:
            ReceiptFailedError: consensus was reached, with a status other than SUCCESS.
            ReceiptTimeoutError: there was none in time.
            NeverHappenedError: there was none, and there cannot be one any more.
        """
        allowed = self._allowed(operation)
        # As long as it can reach consensus there is nothing to do but to wait; after that, no receipt is an answer too.
        possible = self._client.window_of(sent.transaction_id).consensus_until - time.time()
        waited = max(0.0, min(allowed, possible))
        try:
            with operation.phase("receipt"):
                passed = max(0.0, time.monotonic() - sent.at)
                receipt = self._client.await_receipt(sent.transaction_id, sent.node, timeout=waited, waited=passed)
        except ReceiptTimeoutError as error:
            if allowed <= waited:
                raise
            return self._look_again(operation, sent, allowed - waited, error)
        operation.our_patience(receipt.patience_s)
        return receipt

    def to_receipt(self, operation: Operation, guard: Guard, body: BodyOf) -> Receipt:
        """Send a transaction and wait for its receipt; once, under a new id, again where it never happened.

        Raises:
            HederaError, RejectedError: as `send` and `receipt`.
        """
        for sending in range(1, SENDINGS + 1):
            try:
                return self.receipt(operation, self.send(operation, guard, body))
            except NeverHappenedError:
                if sending == SENDINGS:
                    raise
        raise AssertionError("a loop that returns or raises ended")

    def _settle(self, operation: Operation, sent: Acknowledged, error: Exception) -> Acknowledged:
        """Find out what became of a transaction that may have been accepted; where nothing tells, raise `error`."""
        settlement = self._ask(operation, sent, self._allowed(operation))
        if settlement.verdict is Settled.UNKNOWN:
            raise error
        if settlement.verdict is Settled.NEVER_HAPPENED:
            operation.doubts.never_happened(str(sent.transaction_id))
            raise _never_happened(sent.transaction_id, settlement.reason) from error
        operation.doubts.accepted(str(sent.transaction_id))
        return sent

    def _look_again(
        self, operation: Operation, sent: Acknowledged, timeout: float, error: ReceiptTimeoutError
    ) -> Receipt:
        """Go on asking where a transaction can no longer reach consensus: no receipt then means that it never did."""
        settlement = self._ask(operation, sent, timeout)
        if settlement.verdict is Settled.NEVER_HAPPENED:
            raise _never_happened(sent.transaction_id, settlement.reason) from error
        if settlement.receipt is not None and settlement.receipt.succeeded:
            return settlement.receipt
        raise error

    def _ask(self, operation: Operation, sent: Acknowledged, timeout: float) -> Settlement:
        with operation.phase("receipt"):
            return self._client.settle(
                sent.transaction_id, [sent.node], timeout=timeout, interval=self._settings.receipt_interval
            )

    def _allowed(self, operation: Operation) -> float:
        """Seconds to wait for a receipt: the configured time, or what is left of the operation's."""
        allowed = self._settings.confirm_timeout
        if operation.deadline is None:
            return allowed
        return max(0.0, min(allowed, operation.deadline - time.monotonic()))


def _never_happened(transaction_id: TransactionId, why: str) -> NeverHappenedError:
    return NeverHappenedError(
        f"NEVER_HAPPENED: transaction {transaction_id} had no effect: {why}",
        status=NEVER_HAPPENED,
        fate=Fate.RETRYABLE,
        transaction_id=str(transaction_id),
    )
