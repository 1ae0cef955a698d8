"""Reads a transaction from its bytes: the structural checks of precheck, in the order of TransactionChecker.java."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from localnet import pb
from localnet.interning import Interned
from localnet.protocol.ids import TransactionKey, account_number
from localnet.protocol.status import RefusedError, codes
from localnet.transactions import HANDLERS, TransactionHandler
from localnet.transactions.custom_fees import check_limits
from localnet.transactions.field_checks import MAX_AMOUNT, check_memo
from localnet.transactions.stages import Terms

MAX_TRANSACTION_BYTES = 6_144
MAX_GOVERNANCE_BYTES = 133_120
"""Bytes that accounts 0.0.2 and 0.0.42 to 0.0.799 may send (HIP-1300)."""


class Parsed(NamedTuple):
    """The parsed bytes of a transaction.

    Attributes:
        signed: The bytes that are signed: the serialised body.
        signature_pairs: The protobuf `SignaturePair`s.
        size: Bytes of the `SignedTransaction`, without the `Transaction` around it.
        hash: SHA-384 of the signed transaction.
        body: The `TransactionBody`.
        field: The field of `TransactionBody.data` that is there.
        handler: Of its kind; None where this network does not support that kind.
    """

    signed: bytes
    signature_pairs: Any
    size: int
    hash: bytes
    body: Any
    field: str
    handler: TransactionHandler | None

    @property
    def kind_name(self) -> str:
        """The mirror's name for what it does."""
        return self.handler.name if self.handler else self.field.upper()


def parse_transaction(raw: bytes) -> Parsed:
    """Parse the bytes of a `Transaction`.

    Raises:
        RefusedError: they are invalid, or the transaction has no data.
    """
    if len(raw) > MAX_GOVERNANCE_BYTES:
        raise RefusedError(codes.TRANSACTION_OVERSIZE)
    signed, pairs, size, digest = _signed_part(raw)
    body = _parse(pb.TransactionBody, signed, codes.INVALID_TRANSACTION_BODY)
    field = body.WhichOneof("data")
    if field is None:
        raise RefusedError(codes.INVALID_TRANSACTION_BODY)
    return Parsed(signed, pairs, size, digest, body, field, HANDLERS.get(field))


def read_key(parsed: Parsed, interned: Interned[int]) -> TransactionKey:
    """The transaction id; its payer and its seconds are shared with other transactions.

    Raises:
        RefusedError: there is none, or the transaction's data has unknown fields.
    """
    body = parsed.body
    _refuse_unknown_fields(getattr(body, parsed.field))
    if not body.HasField("transactionID"):
        raise RefusedError(codes.INVALID_TRANSACTION_ID)
    if not body.transactionID.HasField("accountID"):
        raise RefusedError(codes.PAYER_ACCOUNT_NOT_FOUND)
    start = body.transactionID.transactionValidStart
    return TransactionKey(interned[body.transactionID.accountID.accountNum], interned[start.seconds], start.nanos)


def read_terms(parsed: Parsed) -> Terms:
    """The terms of the transaction, after the rest of the structure was checked.

    Raises:
        RefusedError: the transaction is not well-formed.
    """
    body = parsed.body
    _check_prefixes(parsed.signature_pairs)
    _check_header(body, parsed.field)
    _check_size(parsed.size, account_number(body.transactionID.accountID))
    limits = tuple(limit.SerializeToString() for limit in body.max_custom_fees) if body.max_custom_fees else ()
    return Terms(body.memo, body.transactionFee, body.transactionValidDuration.seconds, body.high_volume, limits)


def _signed_part(raw: bytes) -> tuple[bytes, Any, int, bytes]:
    """Signed body bytes, signature pairs, and size and hash of both; of today's form or of the deprecated one."""
    transaction = _parse(pb.Transaction, raw, codes.INVALID_TRANSACTION)
    old_form = bool(transaction.bodyBytes) or transaction.HasField("sigMap")
    whole = transaction.signedTransactionBytes
    if whole:
        if old_form:
            raise RefusedError(codes.INVALID_TRANSACTION)
        signed = _parse(pb.SignedTransaction, whole, codes.INVALID_TRANSACTION)
        if signed.use_serialized_tx_message_hash_algorithm:  # for the nodes' own use
            raise RefusedError(codes.INVALID_SERIALIZED_TX_MESSAGE_HASH_ALGORITHM)
        if not signed.HasField("sigMap"):
            raise RefusedError(codes.INVALID_TRANSACTION_BODY)
        return signed.bodyBytes, signed.sigMap.sigPair, len(whole), hashlib.sha384(whole).digest()
    if not transaction.bodyBytes or not transaction.HasField("sigMap"):
        raise RefusedError(codes.INVALID_TRANSACTION_BODY)
    return transaction.bodyBytes, transaction.sigMap.sigPair, len(raw), hashlib.sha384(raw).digest()


def _parse(message_type: Any, raw: bytes, otherwise: int) -> Any:
    try:
        message = message_type.FromString(raw)
    except DecodeError as error:
        raise RefusedError(otherwise) from error
    _refuse_unknown_fields(message)
    return message


def _refuse_unknown_fields(message: Any) -> None:
    if len(UnknownFieldSet(message)):
        raise RefusedError(codes.TRANSACTION_HAS_UNKNOWN_FIELDS)


def _check_prefixes(pairs: Any) -> None:
    """No public key prefix may equal or start another one: the signature would be ambiguous."""
    if len(pairs) > 1:
        prefixes = sorted(pair.pubKeyPrefix for pair in pairs)
        if any(later.startswith(earlier) for earlier, later in pairwise(prefixes)):
            raise RefusedError(codes.KEY_PREFIX_MISMATCH)


def _check_header(body: Any, field: str) -> None:
    payer = account_number(body.transactionID.accountID)
    if payer <= 0:
        raise RefusedError(codes.PAYER_ACCOUNT_NOT_FOUND)
    if body.transactionID.scheduled or body.transactionID.nonce:
        raise RefusedError(codes.TRANSACTION_ID_FIELD_NOT_ALLOWED)
    if not body.transactionID.HasField("transactionValidStart"):
        raise RefusedError(codes.INVALID_TRANSACTION_START)
    check_memo(body.memo)
    if body.max_custom_fees and field != "consensusSubmitMessage":
        raise RefusedError(codes.MAX_CUSTOM_FEES_IS_NOT_SUPPORTED)
    check_limits(body.max_custom_fees)
    if body.transactionFee > MAX_AMOUNT:
        raise RefusedError(codes.INSUFFICIENT_TX_FEE)
    if not body.HasField("transactionValidDuration"):
        raise RefusedError(codes.INVALID_TRANSACTION_DURATION)


def _check_size(size: int, payer: int) -> None:
    # Of the SignedTransaction, without the Transaction around it (checkTransactionSizeLimitBasedOnPayer).
    if size > MAX_TRANSACTION_BYTES and not (payer == 2 or 42 <= payer <= 799):
        raise RefusedError(codes.TRANSACTION_OVERSIZE)
