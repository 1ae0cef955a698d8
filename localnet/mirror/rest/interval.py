"""Which values the filters of a parameter leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_ENDLESS: Final = 1 << 63


@dataclass(slots=True)
class Interval:
    """Integers from `low` up to, but not including, `high`, without the `excluded`; if `among` is given, only those."""

    low: int = 0
    high: int = _ENDLESS
    excluded: set[int] = field(default_factory=set)
    among: frozenset[int] | None = None

    def narrow(self, operator: str, value: int | None) -> None:
        """Apply one filter; None is a value that nothing has."""
        if value is None:
            self.high = 0
            return
        if operator in ("eq", "gt", "gte"):
            self.low = max(self.low, value + (operator == "gt"))
        if operator in ("eq", "lt", "lte"):
            self.high = min(self.high, value + (operator != "lt"))
        if operator == "ne":
            self.excluded.add(value)

    def leaves(self, last: int, *, descending: bool) -> bool:
        """Whether anything in it can come after `last`."""
        return self.low < min(last, self.high) if descending else max(last + 1, self.low) < self.high

    def __contains__(self, value: int) -> bool:
        return (
            self.low <= value < self.high and value not in self.excluded and (self.among is None or value in self.among)
        )
