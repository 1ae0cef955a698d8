"""Checks that several kinds of transactions share. Limits from LedgerConfig.java and HederaConfig.java."""

from __future__ import annotations

from typing import Any

from localnet.keys import CompiledKey, UnusableKeyError, compile_key
from localnet.status import Refused, codes

MAX_MEMO_BYTES = 100
MIN_LIFETIME_S = 2_592_000
MAX_LIFETIME_S = 8_000_001
MAX_AMOUNT = 2**63 - 1
"""The nodes read unsigned 64-bit amounts as signed ones, so whatever is above counts as negative."""


def check_memo(memo: str) -> None:
    """Check a memo of a transaction or an entity.

    Raises:
        Refused: it is too long (MEMO_TOO_LONG) or holds a zero byte (INVALID_ZERO_BYTE_IN_STRING).
    """
    if memo:
        if len(memo.encode()) > MAX_MEMO_BYTES:
            raise Refused(codes.MEMO_TOO_LONG)
        if "\0" in memo:
            raise Refused(codes.INVALID_ZERO_BYTE_IN_STRING)


def check_lifetime(seconds: int) -> None:
    """Check an auto-renew period, or the time that is left until an expiry.

    Raises:
        Refused: it is out of range (AUTORENEW_DURATION_NOT_IN_RANGE).
    """
    if not MIN_LIFETIME_S <= seconds <= MAX_LIFETIME_S:
        raise Refused(codes.AUTORENEW_DURATION_NOT_IN_RANGE)


def usable_key(key: Any, otherwise: int = codes.BAD_ENCODING) -> CompiledKey:
    """Compile a protobuf key.

    Raises:
        Refused: nobody could sign with it; the status is `otherwise`.
    """
    try:
        return compile_key(key)
    except UnusableKeyError as error:
        raise Refused(otherwise) from error


def proto_key_count(key: Any) -> int:
    """Number of simple keys in a protobuf `Key`, usable or not; what fees are counted by."""
    kind = key.WhichOneof("key")
    if kind == "keyList":
        return sum(proto_key_count(member) for member in key.keyList.keys)
    if kind == "thresholdKey":
        return sum(proto_key_count(member) for member in key.thresholdKey.keys.keys)
    return 0 if kind is None else 1
