"""The errors of the client.

    CredentialError (ValueError)      the operator's account id or key is missing or unreadable; nothing was sent
    HederaError                       status, fate, busy, node, transaction_id
    ├── ClockError                    the system clock was set back too far to issue transaction ids; nothing was sent
    ├── NodeError                     one call to one consensus node
    │   ├── TransportError            no answer: gRPC's status (UNAVAILABLE, DEADLINE_EXCEEDED, …)
    │   └── PrecheckError             the node refused: the network's status (BUSY, INVALID_SIGNATURE, …)
    │       ├── AlreadySubmittedError      DUPLICATE_TRANSACTION: the network has this transaction id already
    │       ├── TransactionExpiredError    TRANSACTION_EXPIRED: it is too late for this transaction id
    │       └── QueryTooExpensiveError     the query costs more than the client may pay; it was not paid
    ├── ReceiptFailedError                 consensus was reached, with a status other than SUCCESS
    ├── ReceiptTimeoutError                no receipt until the deadline
    ├── MirrorError                   the mirror's REST API refused or did not answer
    ├── MirrorTimeoutError                 the mirror did not show a message until the deadline
    └── RelayError                    the JSON-RPC relay refused or did not answer

Where a foreign exception or status code becomes one of these, and which fate it has, is in `hedera_client.status`.
"""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """What is known about the operation after an error."""

    RETRYABLE = "retryable"
    """It was not accepted, and the same may be sent again."""
    UNKNOWN = "unknown"
    """It may have been accepted; only receipt or mirror tell. Sending the same transaction id again is safe."""
    FINAL = "final"
    """It was not accepted, or failed at consensus, and sending the same again cannot change that."""


class CredentialError(ValueError):
    """The operator's account id or key is missing or unreadable. The message is one line and never shows the key."""


class HederaError(Exception):
    """An operation on the network did not succeed.

    Attributes:
        status: One word: the network's status name, gRPC's code, the mirror's HTTP status or the relay's error code,
            e.g. `BUSY`, `UNAVAILABLE`, `HTTP_503`, `RPC_-32602`.
        fate: What is known about the operation now.
        busy: The other side asked for a slower pace; it is not broken.
        node: Account id of the node, e.g. `0.0.3`; "" where no node is concerned.
        transaction_id: E.g. `0.0.2@1700000000.000000001`; "" where none is concerned.
    """

    def __init__(
        self,
        message: str,
        *,
        status: str,
        fate: Fate,
        busy: bool = False,
        node: str = "",
        transaction_id: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.fate = fate
        self.busy = busy
        self.node = node
        self.transaction_id = transaction_id


class ClockError(HederaError):
    """The system clock was set back further than transaction ids are backdated; nothing was sent."""


class NodeError(HederaError):
    """One call to one consensus node did not succeed."""


class TransportError(NodeError):
    """The node gave no answer; `status` is gRPC's code, whichever transport carried the call.

    Attributes:
        incident: The same, and not empty, for all errors of this process that stem from one event: connections to one
            node that were lost within a second, with the calls on them, and attempts to open one that failed meanwhile.
            So a node's health can count the event once. "" where the error concerns one call alone, or the transport
            cannot tell.
    """

    incident: str = ""


class PrecheckError(NodeError):
    """The node answered and refused; `status` is the network's status name.

    Attributes:
        cost: Tinybars that the node would have accepted, where it says so (INSUFFICIENT_TX_FEE); else 0.
    """

    cost: int = 0


class AlreadySubmittedError(PrecheckError):
    """DUPLICATE_TRANSACTION: the network knows this transaction id.

    For a caller that has sent this id before, that earlier attempt was accepted: wait for its receipt. On a first
    attempt, another client of the same payer has used the id, and the caller's transaction has not arrived.
    """


class TransactionExpiredError(PrecheckError):
    """TRANSACTION_EXPIRED: the validity of this transaction id is over, by the clock of the node that was asked.

    After a first attempt the transaction has not arrived, and a new id may be used. For a caller that has sent this id
    before, with an unknown outcome, the outcome stays unknown: that attempt may have been accepted in time.
    `HederaClient.settle` finds out.
    """


class QueryTooExpensiveError(PrecheckError):
    """The query's price is above what the client may pay for one query; nothing was paid. `cost` is the price."""


class ReceiptFailedError(HederaError):
    """Consensus was reached and the transaction failed; `status` is the receipt's."""


class ReceiptTimeoutError(HederaError):
    """No receipt was seen until the deadline; the transaction may still succeed.

    Attributes:
        looks: How often a node was asked.
    """

    looks: int = 0


class MirrorError(HederaError):
    """The mirror's REST API did not answer as asked.

    Attributes:
        http_status: E.g. 404, 429, 503; None where no answer came.
        retry_after_s: Seconds that it asks clients to wait (`Retry-After`); None without that header.
    """

    http_status: int | None = None
    retry_after_s: float | None = None


class MirrorTimeoutError(HederaError):
    """The mirror did not show a message until the deadline; it may still appear."""


class RelayError(HederaError):
    """The JSON-RPC relay did not answer as asked.

    Attributes:
        http_status: E.g. 400, 429, 503; None where no answer came.
    """

    http_status: int | None = None
