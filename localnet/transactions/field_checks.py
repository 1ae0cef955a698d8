"""Checks that several kinds of transactions share. Limits from LedgerConfig.java and HederaConfig.java."""

from __future__ import annotations

from typing import Any

from localnet.protocol.keys import CompiledKey, UnusableKeyError, compile_key
from localnet.protocol.status import RefusedError, codes

MAX_MEMO_BYTES = 100
MIN_LIFETIME_S = 2_592_000
MAX_LIFETIME_S = 8_000_001
MAX_AMOUNT = 2**63 - 1
"""The nodes read unsigned 64-bit amounts as signed ones, so whatever is above counts as negative."""


def check_memo(memo: str) -> None:
    """Check a memo of a transaction or an entity.

    Raises:
        RefusedError: it is too long (MEMO_TOO_LONG) or holds a zero byte (INVALID_ZERO_BYTE_IN_STRING).
    """
    if memo:
        if len(memo.encode()) > MAX_MEMO_BYTES:
            raise RefusedError(codes.MEMO_TOO_LONG)
        if "\0" in memo:
            raise RefusedError(codes.INVALID_ZERO_BYTE_IN_STRING)


def check_lifetime(seconds: int) -> None:
    """Check the auto-renew period of a topic, or the time that is left until a file's new expiry.

    Raises:
        RefusedError: it is out of range (AUTORENEW_DURATION_NOT_IN_RANGE).
    """
    if not MIN_LIFETIME_S <= seconds <= MAX_LIFETIME_S:
        raise RefusedError(codes.AUTORENEW_DURATION_NOT_IN_RANGE)


def check_renewal_period(seconds: int) -> None:
    """Check the auto-renew period of an account (AttributeValidatorImpl.validateAutoRenewPeriod).

    Raises:
        RefusedError: it is not above 0 (INVALID_RENEWAL_PERIOD), or else out of range
            (AUTORENEW_DURATION_NOT_IN_RANGE).
    """
    if seconds <= 0:
        raise RefusedError(codes.INVALID_RENEWAL_PERIOD)
    check_lifetime(seconds)


def is_possible_expiry(expiration_s: int, now_s: int) -> bool:
    """Whether an entity may expire then: after consensus, not too late (AttributeValidatorImpl.validateExpiry)."""
    return now_s < expiration_s <= now_s + MAX_LIFETIME_S


def check_new_expiry(expiration_s: int, present_s: int, now_s: int) -> None:
    """Check the new expiration time of an account or topic (ExpiryValidatorImpl.resolveUpdateAttempt).

    The present one is fine.

    Raises:
        RefusedError: it is invalid (INVALID_EXPIRATION_TIME), or earlier than the present one
            (EXPIRATION_REDUCTION_NOT_ALLOWED).
    """
    if not is_possible_expiry(expiration_s, now_s):
        raise RefusedError(codes.INVALID_EXPIRATION_TIME)
    if expiration_s < present_s:
        raise RefusedError(codes.EXPIRATION_REDUCTION_NOT_ALLOWED)


def usable_key(key: Any, otherwise: int = codes.BAD_ENCODING) -> CompiledKey:
    """Compile a protobuf key.

    Raises:
        RefusedError: it is unusable; the status is `otherwise`.
    """
    try:
        return compile_key(key)
    except UnusableKeyError as error:
        raise RefusedError(otherwise) from error


def proto_key_count(key: Any) -> int:
    """Number of simple keys in a protobuf `Key`, usable or not; what fees are counted by."""
    kind = key.WhichOneof("key")
    if kind == "keyList":
        return sum(proto_key_count(member) for member in key.keyList.keys)
    if kind == "thresholdKey":
        return sum(proto_key_count(member) for member in key.thresholdKey.keys.keys)
    return 0 if kind is None else 1
