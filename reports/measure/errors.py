"""Operations that did not succeed, grouped by what was said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from config.secrets import without_secrets
from records.operation import OperationRecord
from reports.measure.keys import OperationKey

MAX_GROUPS: Final = 200
"""Groups kept apart; what comes after is counted under OTHER, so that a server that says something new every time
cannot fill the memory."""

OTHER: Final = "(other messages)"
MAX_LENGTH: Final = 300

_TRANSACTION_ID: Final = re.compile(r"\d+\.\d+\.\d+[@-]\d{9,}[.-]\d+")
_LONG_NUMBER: Final = re.compile(r"\d{6,}(\.\d+)?")


GroupKey = tuple[OperationKey, str, str, str, str]
"""Operation, outcome, status, message, and the phase or layer that ended it."""


@dataclass(slots=True)
class ErrorGroup:
    """How often one thing went wrong, and when (Unix time in seconds) it did first and last."""

    count: int
    first_at: float
    last_at: float

    def add(self, count: int, first_at: float, last_at: float) -> None:
        """Add another group of the same kind."""
        self.count += count
        self.first_at = min(self.first_at, first_at)
        self.last_at = max(self.last_at, last_at)


class Errors:
    """Groups by operation, outcome, status, message and the phase that ended it.

    Ids and long numbers in messages do not tell groups apart.
    """

    def __init__(self) -> None:
        self.groups: dict[GroupKey, ErrorGroup] = {}

    def record(self, key: OperationKey, record: OperationRecord) -> None:
        """Add an operation that did not succeed."""
        ended_at = record.started_at + record.latency_s
        told = (record.outcome or "", record.status, normalised(record.error), record.ended_in)
        self._add((key, *told), 1, ended_at, ended_at)

    def dump(self) -> list[list[Any]]:
        """Return it in a form that msgpack can carry."""
        return [
            [key.dump(), *told, group.count, group.first_at, group.last_at]
            for (key, *told), group in self.groups.items()
        ]

    def merge_dump(self, dumped: list[list[Any]]) -> None:
        """Add what `dump` returned elsewhere."""
        for name, outcome, status, message, phase, *rest in dumped:
            self._add((OperationKey.load(name), outcome, status, message, phase), *rest)

    def _add(self, group_key: GroupKey, count: int, first_at: float, last_at: float) -> None:
        if group_key not in self.groups and len(self.groups) >= MAX_GROUPS:
            group_key = (group_key[0], group_key[1], "", OTHER, "")
        group = self.groups.get(group_key)
        if group is None:
            self.groups[group_key] = ErrorGroup(count, first_at, last_at)
        else:
            group.add(count, first_at, last_at)


def normalised(message: str) -> str:
    """The message in one line of bounded length, without what is different every time."""
    text = without_secrets(" ".join(message[: 4 * MAX_LENGTH].split()))
    text = _LONG_NUMBER.sub("…", _TRANSACTION_ID.sub("<transaction id>", text))
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
