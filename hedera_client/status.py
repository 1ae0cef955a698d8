"""The one place where status codes and foreign exceptions are judged.

Four tables say what each word of a node, each code of gRPC, each status of a receipt and each answer of the relay means
for the operation; everything else here applies them, and docs/errors.md shows them (`python -m hedera_client errors`
writes that page).
Precheck codes are checked in the order of hiero-consensus-node's `IngestWorkflowImpl`: a transaction is known to the
network only after the last check, so every refusal but FAIL_INVALID and UNKNOWN happened before anything was accepted.

A refusal speaks for the attempt that met it, and not for earlier ones under the same transaction id: only
DUPLICATE_TRANSACTION says that one of those was accepted, and none says that it was not; `HederaClient.settle` asks.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hiero_sdk_python.hapi.services import response_code_pb2

from grpc_http2.client.no_answer import NoAnswerError
from hedera_client.errors import (
    AlreadySubmittedError,
    Fate,
    HederaError,
    PrecheckError,
    RelayError,
    TransactionExpiredError,
    TransportError,
)
from hedera_client.sanitize import one_line


class Judgement(NamedTuple):
    """What a code means: the operation's fate, why, and whether the other side only asks for a slower pace."""

    fate: Fate
    reason: str
    busy: bool = False


OK: Final = "OK"
SUCCESS: Final = "SUCCESS"
RECEIPT_NOT_FOUND: Final = "RECEIPT_NOT_FOUND"
CLOSED: Final = "CLOSED"
"""Status of a call on a client that was closed."""

PENDING: Final = ("UNKNOWN", "OK")
"""Receipt statuses of a transaction that has not reached consensus (hiero-consensus-node, `RecordCacheImpl`)."""


def _final(reason: str, *names: str) -> dict[str, Judgement]:
    return {name: Judgement(Fate.FINAL, reason) for name in names}


OTHER_PRECHECK: Final = Judgement(Fate.FINAL, "a refusal of what was asked for, which the same bytes meet again")
"""Judges every status of the network that PRECHECK does not list."""

PRECHECK: Final[dict[str, Judgement]] = {
    "BUSY": Judgement(Fate.RETRYABLE, "throttled: the id is not kept, nothing is charged", busy=True),
    "PLATFORM_NOT_ACTIVE": Judgement(Fate.RETRYABLE, "the node is not ready"),
    "PLATFORM_TRANSACTION_NOT_CREATED": Judgement(Fate.RETRYABLE, "the node's platform did not take it"),
    "CREATING_SYSTEM_ENTITIES": Judgement(Fate.RETRYABLE, "the network is starting"),
    "WAITING_FOR_LEDGER_ID": Judgement(Fate.RETRYABLE, "the network is starting"),
    "INVALID_NODE_ACCOUNT": Judgement(
        Fate.RETRYABLE, "the address belongs to another node now: prepare for another one, with the same id"
    ),
    "INVALID_TRANSACTION_START": Judgement(
        Fate.RETRYABLE, "the node's clock is behind: the id is valid a moment later, or on another node"
    ),
    "RECEIPT_NOT_FOUND": Judgement(Fate.RETRYABLE, "answer to a query: this node has not heard of the transaction"),
    "RECORD_NOT_FOUND": Judgement(Fate.RETRYABLE, "answer to a query: not there yet, or not heard of by this node"),
    "FAIL_INVALID": Judgement(Fate.UNKNOWN, "an exception inside the node: at which step is not said"),
    "UNKNOWN": Judgement(Fate.UNKNOWN, "no status at all: at which step is not said"),
    "SUCCESS": Judgement(Fate.UNKNOWN, "a receipt's word, which no node says here"),
    "DUPLICATE_TRANSACTION": Judgement(
        Fate.FINAL, "the id is known: on a resubmission, the earlier attempt was accepted; a receipt tells the rest"
    ),
    "TRANSACTION_EXPIRED": Judgement(
        Fate.FINAL,
        "too late for this id: on a first attempt, nothing has happened; on a resubmission, the earlier one decides",
    ),
    **_final(
        "its bytes are no transaction that this network understands",
        *("INVALID_TRANSACTION", "INVALID_TRANSACTION_BODY", "TRANSACTION_HAS_UNKNOWN_FIELDS", "TRANSACTION_OVERSIZE"),
        *("BAD_ENCODING", "INVALID_ZERO_BYTE_IN_STRING", "MEMO_TOO_LONG", "KEY_PREFIX_MISMATCH"),
    ),
    **_final(
        "its id or its duration can never be valid",
        *("INVALID_TRANSACTION_ID", "INVALID_TRANSACTION_DURATION", "TRANSACTION_ID_FIELD_NOT_ALLOWED"),
    ),
    **_final(
        "the payer does not exist, or did not sign",
        *("PAYER_ACCOUNT_NOT_FOUND", "PAYER_ACCOUNT_DELETED", "INVALID_SIGNATURE", "UNAUTHORIZED"),
    ),
    **_final(
        "the payer does not offer or does not have enough",
        *("INSUFFICIENT_TX_FEE", "INSUFFICIENT_PAYER_BALANCE", "INVALID_RECEIVING_NODE_ACCOUNT"),
        *("INVALID_ACCOUNT_AMOUNTS", "ACCOUNT_ID_DOES_NOT_EXIST"),
    ),
    **_final(
        "the network does not do this, or not for this payer",
        *("NOT_SUPPORTED", "MAX_CUSTOM_FEES_IS_NOT_SUPPORTED", "AUTHORIZATION_FAILED", "ENTITY_NOT_ALLOWED_TO_DELETE"),
    ),
    **_final(
        "the topic or the message is not as it has to be",
        *("INVALID_TOPIC_ID", "INVALID_TOPIC_MESSAGE", "MESSAGE_SIZE_TOO_LARGE", "TOPIC_EXPIRED"),
        *("INVALID_CHUNK_NUMBER", "INVALID_CHUNK_TRANSACTION_ID", "INVALID_SUBMIT_KEY", "INVALID_ADMIN_KEY"),
        *("INVALID_AUTORENEW_ACCOUNT", "AUTORENEW_ACCOUNT_NOT_ALLOWED", "AUTORENEW_DURATION_NOT_IN_RANGE"),
        *("INVALID_RENEWAL_PERIOD", "NO_VALID_MAX_CUSTOM_FEE", "MAX_CUSTOM_FEE_LIMIT_EXCEEDED"),
    ),
    **_final(
        "the file, the account or a key is not as it has to be",
        *("INVALID_FILE_ID", "FILE_DELETED", "FILE_CONTENT_EMPTY", "MAX_FILE_SIZE_EXCEEDED"),
        *("INVALID_EXPIRATION_TIME", "INVALID_ACCOUNT_ID", "KEY_REQUIRED"),
    ),
}
"""What a node's answer means for the attempt that met it: to a transaction, or in the header of a query's answer."""

TRANSPORT: Final[dict[str, Judgement]] = {
    "OK": Judgement(Fate.UNKNOWN, "the call ended well and brought no answer"),
    "UNAVAILABLE": Judgement(
        Fate.UNKNOWN, "the connection broke, or the call was refused; a proxy says so also of calls that it passed on"
    ),
    "DEADLINE_EXCEEDED": Judgement(Fate.UNKNOWN, "the answer is late or lost"),
    "CANCELLED": Judgement(Fate.UNKNOWN, "the call was broken off, here or there"),
    "INTERNAL": Judgement(Fate.UNKNOWN, "the stream was reset, or the answer cannot be read"),
    "UNKNOWN": Judgement(Fate.UNKNOWN, "an exception in the node, at a step that is not said"),
    "ABORTED": Judgement(Fate.UNKNOWN, "the node or something before it broke the call off"),
    "DATA_LOSS": Judgement(Fate.UNKNOWN, "the answer was damaged"),
    "NOT_FOUND": Judgement(Fate.UNKNOWN, "no node says this; something between may have passed the call on"),
    "ALREADY_EXISTS": Judgement(Fate.UNKNOWN, "no node says this; something between may have passed the call on"),
    "FAILED_PRECONDITION": Judgement(Fate.UNKNOWN, "no node says this; something between may have passed the call on"),
    "OUT_OF_RANGE": Judgement(Fate.UNKNOWN, "no node says this; something between may have passed the call on"),
    "RESOURCE_EXHAUSTED": Judgement(
        Fate.UNKNOWN, "a limiter before the node, or an answer that is too large for us: one code for both", busy=True
    ),
    "UNIMPLEMENTED": Judgement(Fate.FINAL, "there is no such method, so nothing was looked at"),
    "UNAUTHENTICATED": Judgement(Fate.FINAL, "no access, so nothing was looked at"),
    "PERMISSION_DENIED": Judgement(Fate.FINAL, "no access, so nothing was looked at"),
    "INVALID_ARGUMENT": Judgement(Fate.FINAL, "the bytes cannot be parsed, so nothing was looked at"),
    CLOSED: Judgement(Fate.FINAL, "this client was closed before"),
}
"""What it means that a call which had left, or may have, brought no answer. What had surely not left is RETRYABLE
whatever the code (but for CLOSED); so is everything of UNKNOWN fate that only asks and changes nothing."""

OTHER_RECEIPT: Final = Judgement(Fate.FINAL, "consensus was reached, and it failed; node and network fees were paid")
"""Judges every receipt's status that RECEIPT does not list."""

RECEIPT: Final[dict[str, Judgement]] = {
    "THROTTLED_AT_CONSENSUS": Judgement(
        Fate.FINAL, "consensus was reached, and the network was too busy; a new transaction may succeed", busy=True
    ),
}
"""What a receipt's status means, other than SUCCESS and those that say that it is PENDING."""

RELAY_RATE_LIMITED: Final = "RELAY_RATE_LIMITED"
RELAY_TIMEOUT: Final = "RELAY_TIMEOUT"
RELAY_UNREACHABLE: Final = "RELAY_UNREACHABLE"
RELAY_UNREADABLE: Final = "RELAY_UNREADABLE"

RPC_TIMED_OUT: Final = "RPC_-32010"
RPC_RATE_LIMITED: Final = -32605
"""The relay's error code for an address that calls too often (hiero-json-rpc-relay, `JsonRpcError.ts`). Its HTTP status
was 409 in earlier versions, so the code decides too."""

RELAY_BROKEN: Final = Judgement(Fate.UNKNOWN, "the relay, its mirror, or a gateway before it is broken")
"""Judges every answer of the relay with an HTTP status of 500 and above, whatever its error code."""
RELAY_REFUSED: Final = Judgement(Fate.FINAL, "a refusal of what was asked for, which the same request meets again")
"""Judges every other answer of the relay that is no result: `RPC_<code>` where it names an error code, else
`HTTP_<status>`."""

RELAY: Final[dict[str, Judgement]] = {
    RELAY_RATE_LIMITED: Judgement(
        Fate.RETRYABLE, "HTTP 429, or the error code -32605: this address has called too often, and waits", busy=True
    ),
    RELAY_TIMEOUT: Judgement(Fate.UNKNOWN, "the answer is late or lost"),
    RELAY_UNREACHABLE: Judgement(Fate.UNKNOWN, "no connection, or it broke, maybe after the request had left"),
    RPC_TIMED_OUT: Judgement(Fate.UNKNOWN, "the relay has waited too long for the network (error code -32010)"),
    RELAY_UNREADABLE: Judgement(Fate.UNKNOWN, "HTTP says that it went well, and the answer is not of JSON-RPC 2.0"),
}
"""What it means that the relay gave no result, beside RELAY_BROKEN and RELAY_REFUSED. A method that only reads may
always be called again: what is UNKNOWN here is RETRYABLE for it."""

NEVER_SENT: Final = re.compile(
    r"failed to connect to all addresses|DNS resolution failed|\S+: subchannel lost all connections$"
)
"""How gRPC's details of UNAVAILABLE begin when there was no connection to send on (grpc core: `pick_first.cc`, the DNS
resolvers, and `Subchannel::FailAllQueuedRpcsLocked` for calls that waited for a stream). Any other UNAVAILABLE may be a
connection that broke after the request had left, or a call that something between has passed on."""


def judge_precheck(status: str) -> Judgement:
    """What a node's refusal means."""
    return PRECHECK.get(status, OTHER_PRECHECK)


def judge_receipt(status: str) -> Judgement:
    """What a failed receipt means."""
    return RECEIPT.get(status, OTHER_RECEIPT)


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
    judgement = judge_precheck(status)
    error = _PRECHECK_TYPES.get(status, PrecheckError)(
        f"{status}: node {node} refused {_what(action, transaction_id)}",
        status=status,
        fate=judgement.fate,
        busy=judgement.busy,
        node=node,
        transaction_id=transaction_id,
    )
    error.cost = cost
    return error


def transport_error(
    failure: NoAnswerError, *, node: str, transaction_id: str = "", action: str = "transaction", reading: bool = False
) -> TransportError:
    """The error for a call that brought no answer.

    Args:
        failure: What the transport says.
        node: Who was called.
        transaction_id: Of the transaction that was sent, if any.
        action: What was asked for.
        reading: It was a query. Asking again is harmless, so an unknown fate does not arise (a paid query pays again).
    """
    status = failure.status
    judgement = TRANSPORT.get(status, TRANSPORT["UNKNOWN"])
    fate = judgement.fate
    if status != CLOSED and (not failure.sent or (reading and fate is Fate.UNKNOWN)):
        fate = Fate.RETRYABLE
    why = one_line(failure.details, _SHOWN_CHARACTERS)
    error = TransportError(
        f"{status}: node {node} did not answer {_what(action, transaction_id)} ({why})",
        status=status,
        fate=fate,
        busy=judgement.busy or failure.busy,
        node=node,
        transaction_id=transaction_id,
    )
    error.incident = failure.incident
    return error


def judge_relay(status: str, http_status: int | None) -> Judgement:
    """What it means that the relay gave no result. `http_status` is None where no answer came."""
    if status in RELAY:
        return RELAY[status]
    return RELAY_BROKEN if http_status is not None and http_status >= _SERVER_ERROR else RELAY_REFUSED


def relay_error(
    status: str, details: str, *, url: str, action: str, http_status: int | None = None, reading: bool = True
) -> RelayError:
    """The error for a call on the relay that brought no result.

    Args:
        status: One of RELAY, `RPC_<code>` or `HTTP_<status>`.
        details: What more is known.
        url: Who was called.
        action: The method.
        http_status: Of the answer; None where no answer came.
        reading: It changes nothing, so calling again is harmless and an unknown fate does not arise.
    """
    judgement = judge_relay(status, http_status)
    error = RelayError(
        f"{status}: relay {url} gave no result for {action} ({one_line(details, _SHOWN_CHARACTERS)})",
        status=status,
        fate=Fate.RETRYABLE if reading and judgement.fate is Fate.UNKNOWN else judgement.fate,
        busy=judgement.busy,
    )
    error.http_status = http_status
    return error


def status_of(error: BaseException) -> str:
    """The word to count an error under: a HederaError's status, else the name of its type."""
    return error.status if isinstance(error, HederaError) else type(error).__name__


_SERVER_ERROR: Final = 500
_SHOWN_CHARACTERS: Final = 300
"""Of what a node, a relay, or something before them says."""


def _what(action: str, transaction_id: str) -> str:
    return f"{action} {transaction_id}".rstrip()


_PRECHECK_TYPES: Final[dict[str, type[PrecheckError]]] = {
    "DUPLICATE_TRANSACTION": AlreadySubmittedError,
    "TRANSACTION_EXPIRED": TransactionExpiredError,
}
