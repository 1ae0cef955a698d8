"""Checks of parameters, with the messages of the relay's validators (src/relay/lib/validators)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localnet.relay.errors import invalid_parameter, invalid_parameters, missing_parameter

LATEST: Final = ("latest", "pending", "safe", "finalized")
EARLIEST: Final = "earliest"

_ADDRESS: Final = re.compile(r"0[xX][0-9A-Fa-f]{40}")
_HASH: Final = re.compile(r"0[xX][0-9A-Fa-f]{64}")
_HEX: Final = re.compile(r"0[xX][0-9A-Fa-f]*")
_NUMBER: Final = re.compile(r"0[xX]([1-9A-Fa-f][0-9A-Fa-f]{0,13}|0)")
_MAX_SAFE_INTEGER: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """One form of a parameter: its check, and the error message."""

    matches: Callable[[Any], bool]
    error: str


def _is(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_block_number(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return value in (*LATEST, EARLIEST) or (
        _NUMBER.fullmatch(value) is not None and int(value, 16) <= _MAX_SAFE_INTEGER
    )


ADDRESS: Final = Kind(_is(_ADDRESS), "Expected 0x prefixed string representing the address (20 bytes)")
BLOCK_HASH: Final = Kind(_is(_HASH), "Expected Expected 0x prefixed string representing the hash (32 bytes) of a block")
BLOCK_NUMBER: Final = Kind(
    _is_block_number,
    'Expected 0x prefixed hexadecimal block number, or the string "latest", "earliest" or "pending"',
)
HEX: Final = Kind(_is(_HEX), "Expected 0x prefixed hexadecimal value")
TRANSACTION_HASH: Final = Kind(
    _is(_HASH), "Expected Expected 0x prefixed string representing the hash (32 bytes) of a transaction"
)
TOPIC: Final = Kind(_is(_HASH), "Expected 0x prefixed string representing the hash (32 bytes) of a topic")
FILTER: Final = Kind(lambda value: isinstance(value, dict), "Expected FilterObject")
CALL: Final = Kind(lambda value: isinstance(value, dict), "Expected TransactionObject")
ARRAY: Final = Kind(lambda value: isinstance(value, list), "Expected Array")
BOOLEAN: Final = Kind(lambda value: isinstance(value, bool), "Expected boolean type")


def check_parameters(given: Sequence[Any], expected: Sequence[Sequence[Kind]], *, optional: int = 0) -> None:
    """Check that each parameter has one of the forms expected of it; the last so many are `optional`.

    Raises:
        RpcError: there are too many or too few, or one has another form (-32602).
    """
    if len(given) > len(expected):
        raise invalid_parameters()
    for index, kinds in enumerate(expected):
        if index >= len(given):
            if index >= len(expected) - optional:
                return
            raise missing_parameter(index)
        _check(index, given[index], kinds)


def _check(index: int, value: Any, kinds: Sequence[Kind]) -> None:
    if value is None:
        raise invalid_parameter(index, "The value passed is not valid: null.")
    if any(kind.matches(value) for kind in kinds):
        return
    text = value if isinstance(value, str) else json.dumps(value)
    if len(kinds) > 1:
        errors = " OR ".join(kind.error for kind in kinds)
        raise invalid_parameter(index, f"The value passed is not valid: {text}. {errors}")
    raise invalid_parameter(index, f"{kinds[0].error}, value: {text}")
