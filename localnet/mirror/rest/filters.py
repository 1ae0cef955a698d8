"""The parameters of query strings, their operators, and their valid values.

A parameter is `value` or `operator:value`. Which values are taken depends on the name alone, not on the page
(MN:rest/utils.js, `filterValidityChecks`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from localnet import pb
from localnet.clock import NANOS
from localnet.mirror.rest.entity import is_entity_id

OPERATORS: Final = ("eq", "ne", "gt", "gte", "lt", "lte")
KINDS: Final = frozenset(field.name.upper() for field in pb.TransactionBody.DESCRIPTOR.oneofs_by_name["data"].fields)
"""The mirror's names of all types of transactions, also of those that this network does not know."""

_LONG: Final = re.compile(r"[0-9]{1,19}")
_MAX_LONG: Final = 2**63 - 1
_MAX_INT: Final = 2**31 - 1
_HEX: Final = re.compile(r"0x[0-9A-Fa-f]{1,15}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?")
_PUBLIC_KEY: Final = re.compile(r"(0x)?([0-9A-Fa-f]{64}|[0-9A-Fa-f]{66}|[0-9A-Fa-f]{88})")


@dataclass(frozen=True, slots=True)
class Filter:
    """One value of a parameter with its operator."""

    name: str
    operator: str
    value: str

    @classmethod
    def of(cls, name: str, text: str) -> Filter:
        """Read `value` or `operator:value`; without an operator it is `eq`."""
        head, _, value = text.rpartition(":")
        return cls(name, head.rpartition(":")[2] or "eq", value)

    @property
    def is_valid(self) -> bool:
        """Whether the parameter takes this operator and value."""
        check = _CHECKS.get(self.name)
        return check is not None and self.operator in OPERATORS and check(self.operator, self.value)


Check = Callable[[str, str], bool]
"""Whether a parameter takes an operator and a value."""


def parse_number(text: str) -> int | None:
    """A non-negative integer of 63 bits, or None."""
    return int(text) if _LONG.fullmatch(text) and int(text) <= _MAX_LONG else None


def parse_block_number(text: str) -> int | None:
    """A block's number, in decimal or with 0x in hex, or None."""
    return int(text, 16) if _HEX.fullmatch(text) else parse_number(text)


def parse_timestamp(text: str) -> int | None:
    """`seconds` or `seconds.fraction` in nanoseconds, or None."""
    if not _TIMESTAMP.fullmatch(text):
        return None
    seconds, _, fraction = text.partition(".")
    return int(seconds) * NANOS + int(fraction.ljust(9, "0"))


def _number(least: int) -> Check:
    def check(operator: str, value: str) -> bool:  # noqa: ARG001 (every operator will do)
        number = parse_number(value)
        return number is not None and number >= least

    return check


def _nonce(operator: str, value: str) -> bool:
    number = parse_number(value)
    return operator == "eq" and number is not None and number <= _MAX_INT


def _one_of(*words: str) -> Check:
    return lambda _, value: value.lower() in words


def _flag(operator: str, value: str) -> bool:
    return operator == "eq" and value.lower() in ("true", "false")


_CHECKS: Final[dict[str, Check]] = {
    "account.balance": _number(0),
    "account.id": lambda _, value: is_entity_id(value),
    "account.publickey": lambda _, value: _PUBLIC_KEY.fullmatch(value) is not None,
    "balance": _flag,
    "block.number": lambda operator, value: operator != "ne" and parse_block_number(value) is not None,
    "encoding": _one_of("base64", "utf-8", "utf8"),
    "file.id": lambda operator, value: operator == "eq" and is_entity_id(value, addresses=False),
    "limit": _number(1),
    "node.id": _number(0),
    "nonce": _nonce,
    "order": _one_of("asc", "desc"),
    "result": _one_of("success", "fail"),
    "scheduled": _flag,
    "sequencenumber": _number(1),
    "timestamp": lambda _, value: parse_timestamp(value) is not None,
    "transactions": _flag,
    "transactiontype": lambda _, value: value.upper() in KINDS,
    "type": _one_of("credit", "debit"),
}
