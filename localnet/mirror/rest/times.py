"""Timestamps of lists of transactions: which filters go together, and how far back one page looks.

Sources: MN:rest/utils.js (`parseTimestampFilters`) and MN:rest/timestampRange.js.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from localnet.clock import NANOS
from localnet.mirror.rest.errors import ApiError
from localnet.mirror.rest.filters import Filter, parse_timestamp
from localnet.mirror.rest.interval import Interval

DAY_NS: Final = 86_400 * NANOS
WINDOW_NS: Final = 60 * DAY_NS
"""How much time one page of transactions looks at (`query.maxTransactionsTimestampRange`)."""

HISTORY_NS: Final = 90 * DAY_NS
"""How long before this network's genesis the mirror says its first transaction was."""


@dataclass(frozen=True, slots=True)
class Times:
    """The `timestamp` filters of a list, Unix nanoseconds.

    Attributes:
        first, last: Both inclusive; None where the filters do not say.
        equal: What it must be equal to, of which only one makes sense.
        excluded: What it must not be.
    """

    first: int | None = None
    last: int | None = None
    equal: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()

    @classmethod
    def of(cls, filters: list[Filter]) -> Times:
        """Read the filters.

        Raises:
            ApiError: they do not go together (400).
        """
        values: dict[str, list[int]] = {}
        for one in filters:
            values.setdefault(one.operator, []).append(parse_timestamp(one.value) or 0)
        equal, excluded = frozenset(values.pop("eq", ())), frozenset(values.pop("ne", ()))
        firsts = [*values.get("gte", ()), *(value + 1 for value in values.get("gt", ()))]
        lasts = [*values.get("lte", ()), *(value - 1 for value in values.get("lt", ()))]
        for bounds, operators in ((firsts, "gt or gte"), (lasts, "lt or lte")):
            if len(bounds) > 1:
                raise ApiError(400, f"Multiple {operators} operators not permitted for timestamp param")
        if equal and (firsts or lasts or excluded):
            raise ApiError(400, "Cannot combine eq with ne, gt, gte, lt, or lte for timestamp param")
        return cls(firsts[0] if firsts else None, lasts[0] if lasts else None, equal, excluded)

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be at that time."""
        return len(self.equal) > 1 or (self.first is not None and self.last is not None and self.last < self.first)

    @property
    def is_given(self) -> bool:
        """Whether there is any filter."""
        return self != Times()

    @property
    def interval(self) -> Interval:
        """The same as an interval."""
        interval = Interval(excluded=set(self.excluded))
        for operator, values in (("gte", [self.first]), ("lte", [self.last]), ("eq", self.equal)):
            for value in values:
                if value is not None:
                    interval.narrow(operator, value)
        return interval


@dataclass(frozen=True, slots=True)
class Window:
    """Binds lists of transactions to 60 days, as public mirrors do; without a first transaction it binds nothing.

    Args:
        now_ns: Returns the current time.
        first_ns: When the mirror's first transaction was; None to look at everything at once.
    """

    now_ns: Callable[[], int]
    first_ns: int | None

    def bind(self, times: Times, *, descending: bool) -> tuple[Times, int | None]:
        """What one page looks at; and where the next page goes on if there is time before or after it."""
        if self.first_ns is None or times.equal:
            return times, None
        first = self.first_ns if times.first is None else times.first
        last = self.now_ns() if times.last is None else times.last
        if last - first + 1 <= WINDOW_NS:
            return replace(times, first=first, last=last), None
        if descending:
            first = last - WINDOW_NS + 1
            return replace(times, first=first, last=last), first
        last = first + WINDOW_NS - 1
        return replace(times, first=first, last=last), last
