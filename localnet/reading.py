"""Reads a transaction from its bytes: the structural checks of precheck, in the order of TransactionChecker.java."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from localnet import pb
from localnet.ids import account_number, transaction_key
from localnet.keys import Signatures
from localnet.status import Refused, codes
from localnet.submission import Submission
from localnet.transactions import OPERATIONS
from localnet.transactions.custom_fees import check_limits
from localnet.transactions.fields import MAX_AMOUNT, check_memo

MAX_TRANSACTION_BYTES = 6_144
MAX_GOVERNANCE_BYTES = 133_120
"""What accounts 0.0.2 and 0.0.42 to 0.0.799 may send (HIP-1300)."""


def read_transaction(raw: bytes, into: Submission) -> None:
    """Fill `into` from the bytes of a `Transaction`, as far as they can be read.

    Raises:
        Refused: the bytes are no well-formed transaction.
    """
    if len(raw) > MAX_GOVERNANCE_BYTES:
        raise Refused(codes.TRANSACTION_OVERSIZE)
    signed, signature_map, size = _signed_part(raw, into)
    body = _parse(pb.TransactionBody, signed, codes.INVALID_TRANSACTION_BODY)
    into.body = body
    into.memo = body.memo
    into.max_fee = body.transactionFee
    into.high_volume = body.high_volume
    into.valid_duration = body.transactionValidDuration.seconds
    into.signatures = Signatures(signature_map.sigPair, signed)
    field = body.WhichOneof("data")
    if field is None:
        raise Refused(codes.INVALID_TRANSACTION_BODY)
    into.operation = OPERATIONS.get(field)
    into.kind = into.operation.name if into.operation else field.upper()
    _refuse_unknown_fields(getattr(body, field))
    _check_id(body, into)
    _check_prefixes(signature_map.sigPair)
    _check_header(body, into, field)
    _check_size(size, account_number(body.transactionID.accountID))


def _signed_part(raw: bytes, into: Submission) -> tuple[bytes, Any, int]:
    """The signed body bytes, the signature map, and the bytes of both; of today's form or of the deprecated one."""
    transaction = _parse(pb.Transaction, raw, codes.INVALID_TRANSACTION)
    old_form = bool(transaction.bodyBytes) or transaction.HasField("sigMap")
    if transaction.signedTransactionBytes:
        if old_form:
            raise Refused(codes.INVALID_TRANSACTION)
        signed = _parse(pb.SignedTransaction, transaction.signedTransactionBytes, codes.INVALID_TRANSACTION)
        if signed.use_serialized_tx_message_hash_algorithm:  # for the nodes' own use
            raise Refused(codes.INVALID_SERIALIZED_TX_MESSAGE_HASH_ALGORITHM)
        into.hash = hashlib.sha384(transaction.signedTransactionBytes).digest()
        if not signed.HasField("sigMap"):
            raise Refused(codes.INVALID_TRANSACTION_BODY)
        return signed.bodyBytes, signed.sigMap, len(transaction.signedTransactionBytes)
    if not transaction.bodyBytes or not transaction.HasField("sigMap"):
        raise Refused(codes.INVALID_TRANSACTION_BODY)
    into.hash = hashlib.sha384(raw).digest()
    return transaction.bodyBytes, transaction.sigMap, len(raw)


def _parse(message_type: Any, raw: bytes, otherwise: int) -> Any:
    try:
        message = message_type.FromString(raw)
    except DecodeError as error:
        raise Refused(otherwise) from error
    _refuse_unknown_fields(message)
    return message


def _refuse_unknown_fields(message: Any) -> None:
    if len(UnknownFieldSet(message)):
        raise Refused(codes.TRANSACTION_HAS_UNKNOWN_FIELDS)


def _check_id(body: Any, into: Submission) -> None:
    if not body.HasField("transactionID"):
        raise Refused(codes.INVALID_TRANSACTION_ID)
    if not body.transactionID.HasField("accountID"):
        raise Refused(codes.PAYER_ACCOUNT_NOT_FOUND)
    into.key = transaction_key(body.transactionID)


def _check_prefixes(pairs: Any) -> None:
    """No public key prefix may equal or start another one: it would be unclear whose signature it is."""
    if len(pairs) > 1:
        prefixes = sorted(pair.pubKeyPrefix for pair in pairs)
        if any(later.startswith(earlier) for earlier, later in pairwise(prefixes)):
            raise Refused(codes.KEY_PREFIX_MISMATCH)


def _check_header(body: Any, into: Submission, field: str) -> None:
    payer = account_number(body.transactionID.accountID)
    if payer <= 0:
        raise Refused(codes.PAYER_ACCOUNT_NOT_FOUND)
    if body.transactionID.scheduled or body.transactionID.nonce:
        raise Refused(codes.TRANSACTION_ID_FIELD_NOT_ALLOWED)
    if not body.transactionID.HasField("transactionValidStart"):
        raise Refused(codes.INVALID_TRANSACTION_START)
    check_memo(body.memo)
    if body.max_custom_fees and field != "consensusSubmitMessage":
        raise Refused(codes.MAX_CUSTOM_FEES_IS_NOT_SUPPORTED)
    check_limits(body.max_custom_fees)
    into.limits = tuple(limit.SerializeToString() for limit in body.max_custom_fees)
    if body.transactionFee > MAX_AMOUNT:
        raise Refused(codes.INSUFFICIENT_TX_FEE)
    if not body.HasField("transactionValidDuration"):
        raise Refused(codes.INVALID_TRANSACTION_DURATION)


def _check_size(size: int, payer: int) -> None:
    # Of the SignedTransaction, without the Transaction around it (checkTransactionSizeLimitBasedOnPayer).
    if size > MAX_TRANSACTION_BYTES and not (payer == 2 or 42 <= payer <= 799):
        raise Refused(codes.TRANSACTION_OVERSIZE)
