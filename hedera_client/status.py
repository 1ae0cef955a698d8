"""The one place where status codes and foreign exceptions are judged.

Two tables say what each word of a node and each code of gRPC means for the operation; everything else here applies
them. Precheck codes are checked in the order of hiero-consensus-node's `IngestWorkflowImpl`: a transaction is known
to the network only after the last check, so every refusal but FAIL_INVALID and UNKNOWN happened before anything was
accepted.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import grpc
from hiero_sdk_python.hapi.services import response_code_pb2

from hedera_client.errors import (
    AlreadySubmitted,
    Fate,
    HederaError,
    PrecheckError,
    TransportError,
)


class Judgement(NamedTuple):
    """What a code means: the operation's fate, and whether the other side only asks for a slower pace."""

    fate: Fate
    busy: bool = False


OK: Final = "OK"
SUCCESS: Final = "SUCCESS"
RECEIPT_NOT_FOUND: Final = "RECEIPT_NOT_FOUND"
CLOSED: Final = "CLOSED"
"""Status of a call on a client that was closed."""

PRECHECK: Final[dict[str, Judgement]] = {
    # Throttled; the id is not kept, nothing is charged.
    "BUSY": Judgement(Fate.RETRYABLE, busy=True),
    # The node is not ready, or its platform did not take the transaction.
    "PLATFORM_NOT_ACTIVE": Judgement(Fate.RETRYABLE),
    "PLATFORM_TRANSACTION_NOT_CREATED": Judgement(Fate.RETRYABLE),
    "CREATING_SYSTEM_ENTITIES": Judgement(Fate.RETRYABLE),
    "WAITING_FOR_LEDGER_ID": Judgement(Fate.RETRYABLE),
    # The address belongs to another node now: prepare for another node, with the same id.
    "INVALID_NODE_ACCOUNT": Judgement(Fate.RETRYABLE),
    # This node's clock is behind: the same id is valid a moment later, or on another node.
    "INVALID_TRANSACTION_START": Judgement(Fate.RETRYABLE),
    # Answers to queries about a transaction: not there yet, or not heard of by this node.
    "RECEIPT_NOT_FOUND": Judgement(Fate.RETRYABLE),
    "RECORD_NOT_FOUND": Judgement(Fate.RETRYABLE),
    # An exception inside the node: at which step is not said.
    "FAIL_INVALID": Judgement(Fate.UNKNOWN),
    "UNKNOWN": Judgement(Fate.UNKNOWN),
    # Known already; see AlreadySubmitted.
    "DUPLICATE_TRANSACTION": Judgement(Fate.FINAL),
}
"""Precheck codes that are not simply FINAL (wrong signature, wrong id, no balance, …)."""

TRANSPORT: Final[dict[str, Judgement]] = {
    # The call had left, or may have: the answer was lost, late, or broken off.
    "UNAVAILABLE": Judgement(Fate.UNKNOWN),
    "DEADLINE_EXCEEDED": Judgement(Fate.UNKNOWN),
    "CANCELLED": Judgement(Fate.UNKNOWN),
    "INTERNAL": Judgement(Fate.UNKNOWN),
    "UNKNOWN": Judgement(Fate.UNKNOWN),
    "ABORTED": Judgement(Fate.UNKNOWN),
    "DATA_LOSS": Judgement(Fate.UNKNOWN),
    # A limiter before the node, or an answer too large for us: the code is the same for both.
    "RESOURCE_EXHAUSTED": Judgement(Fate.UNKNOWN, busy=True),
    # Refused before any transaction was looked at: no such method, no access, not parsable.
    "UNIMPLEMENTED": Judgement(Fate.FINAL),
    "UNAUTHENTICATED": Judgement(Fate.FINAL),
    "PERMISSION_DENIED": Judgement(Fate.FINAL),
    "INVALID_ARGUMENT": Judgement(Fate.FINAL),
    CLOSED: Judgement(Fate.FINAL),
}
"""gRPC codes of a call that may have reached the node. A code that is not listed is UNKNOWN."""

NEVER_SENT: Final = ("failed to connect to all addresses", "DNS resolution failed")
"""How gRPC's details of UNAVAILABLE begin when there was no connection to send on (grpc core, `pick_first.cc` and the
DNS resolvers). Any other UNAVAILABLE may be a connection that broke after the request had left."""


def status_name(code: int) -> str:
    """The network's name of a status code; the number itself where the SDK's protobufs do not know it yet."""
    try:
        return str(response_code_pb2.ResponseCodeEnum.Name(code))
    except ValueError:
        return f"STATUS_{code}"


def precheck_error(
    code: int, *, node: str, transaction_id: str = "", action: str = "transaction", cost: int = 0
) -> PrecheckError:
    """The error for a node's refusal `code` (not OK). `action` is what was refused, e.g. `FileGetContents`."""
    status = status_name(code)
    fate, busy = PRECHECK.get(status, Judgement(Fate.FINAL))
    kind = AlreadySubmitted if status == "DUPLICATE_TRANSACTION" else PrecheckError
    error = kind(
        f"{status}: node {node} refused {_what(action, transaction_id)}",
        status=status,
        fate=fate,
        busy=busy,
        node=node,
        transaction_id=transaction_id,
    )
    error.cost = cost
    return error


def transport_error(
    error: grpc.RpcError, *, node: str, transaction_id: str = "", action: str = "transaction", reading: bool = False
) -> TransportError:
    """The error for a call that brought no answer.

    Args:
        error: gRPC's own; it must carry `code()` and `details()`, as the errors of calls do.
        node: Who was called.
        transaction_id: Of the transaction that was sent, if any.
        action: What was asked for.
        reading: It was a query. Asking again is harmless, so an unknown fate does not arise (a paid query pays again).
    """
    status, details = error.code().name, str(error.details() or "")
    fate, busy = TRANSPORT.get(status, Judgement(Fate.UNKNOWN))
    if status == "UNAVAILABLE" and details.startswith(NEVER_SENT):
        fate = Fate.RETRYABLE
    return _transport(status, details, fate, busy, node, transaction_id, action, reading)


def not_connected(
    reason: str, *, node: str, transaction_id: str = "", action: str = "transaction", status: str = "UNAVAILABLE"
) -> TransportError:
    """The error for a call that could not leave: no certificate to be had, or a closed client."""
    fate = Fate.FINAL if status == CLOSED else Fate.RETRYABLE
    return _transport(status, reason, fate, False, node, transaction_id, action, False)


def status_of(error: BaseException) -> str:
    """The word to count an error under: a HederaError's status, else the name of its type."""
    return error.status if isinstance(error, HederaError) else type(error).__name__


def _transport(
    status: str, details: str, fate: Fate, busy: bool, node: str, transaction_id: str, action: str, reading: bool
) -> TransportError:
    if reading and fate is Fate.UNKNOWN:
        fate = Fate.RETRYABLE
    return TransportError(
        f"{status}: node {node} did not answer {_what(action, transaction_id)} ({_one_line(details)})",
        status=status,
        fate=fate,
        busy=busy,
        node=node,
        transaction_id=transaction_id,
    )


def _what(action: str, transaction_id: str) -> str:
    return f"{action} {transaction_id}".rstrip()


def _one_line(details: str) -> str:
    return " ".join(details.split())[:300]
