"""What measurements are filed under: an operation, its side of a pair, and the confirmation level it had to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from config.levels import LEVELS
from records.operation import Arm, OperationRecord
from reports.schema.parts import Side

_SIDES: Final[Mapping[str, Side]] = {"baseline": "baseline", "hedera": "hedera"}


class OperationKey(NamedTuple):
    """One line of the report. `arm` is "" where the operation is no part of a pair, `confirm` for a baseline."""

    name: str
    arm: str = ""
    confirm: str = ""

    @property
    def label(self) -> str:
        """How it is called in the report, e.g. `audit-event (hedera)`."""
        return f"{self.name} ({self.arm})" if self.arm else self.name

    @property
    def count_key(self) -> str:
        """Its name in the users' own count."""
        return f"{self.name}|{self.arm}"

    @property
    def order(self) -> tuple[str, str, int]:
        """Sorts lines by name, arm, and the order in which levels are reached."""
        return self.name, self.arm, ["", *LEVELS, self.confirm].index(self.confirm)

    def dump(self) -> str:
        """As the key of a message to the master."""
        return "|".join(self)

    @classmethod
    def load(cls, dumped: str) -> OperationKey:
        """What `dump` wrote; names may hold the separator, arms and levels do not."""
        return cls(*dumped.rsplit("|", 2))

    @classmethod
    def of(cls, record: OperationRecord) -> OperationKey:
        """The line that a record belongs to."""
        return cls(record.name, record.arm or "", record.confirm)


def is_hedera(key: OperationKey) -> bool:
    """Whether an operation went to Hedera, whole or besides the baseline."""
    return key.arm != Arm.BASELINE


def side_of(arm: str) -> Side:
    """An arm as the report has it: None for "", which is no part of a pair."""
    return _SIDES.get(arm)
