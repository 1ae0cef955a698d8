"""Reads query strings: limits, orders, `op:value` filters; and writes `links.next`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from aiohttp import web

from localnet.clock import NANOS, format_timestamp
from localnet.ids import TransactionKey, parse_entity
from localnet.mirror.rest.errors import ApiError, invalid

T = TypeVar("T")

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
_ENDLESS = 1 << 63


@dataclass(slots=True)
class Interval:
    """Integers from `low` up to, but not including, `high`."""

    low: int = 0
    high: int = _ENDLESS

    def narrow(self, operator: str, value: int) -> None:
        """Apply one filter."""
        if operator in ("eq", "gt", "gte"):
            self.low = max(self.low, value + (operator == "gt"))
        if operator in ("eq", "lt", "lte"):
            self.high = min(self.high, value + (operator != "lt"))

    def leaves(self, last: int, *, descending: bool) -> bool:
        """Whether anything in it can come after `last`."""
        return self.low < min(last, self.high) if descending else max(last + 1, self.low) < self.high

    def __contains__(self, value: int) -> bool:
        return self.low <= value < self.high


class QueryString:
    """The query string of one request, checked parameter by parameter; unknown parameters are refused."""

    def __init__(self, request: web.Request, known: set[str]) -> None:
        unknown = [name for name in request.query if name not in known]
        if unknown:
            raise ApiError(400, *(f"Unknown query parameter: {name}" for name in unknown))
        self._request = request

    @property
    def limit(self) -> int:
        """Rows on a page: 1 to 100, default 25; more than 100 are taken for 100."""
        return self.limit_up_to(MAX_LIMIT, DEFAULT_LIMIT)

    def limit_up_to(self, most: int, default: int) -> int:
        """Rows on a page whose own limits are other than the usual ones.

        Raises:
            ApiError: it is no number above 0 (400).
        """
        text = self.last("limit")
        if text is None:
            return default
        if not _is_number(text) or int(text) == 0:
            raise invalid("limit")
        return min(int(text), most)

    def descending(self, default: str) -> bool:
        """Whether the newest rows come first."""
        order = self.last("order") or default
        if order not in ("asc", "desc"):
            raise invalid("order")
        return order == "desc"

    def last(self, name: str) -> str | None:
        """The last value of a parameter, or None."""
        values = self.every(name)
        return values[-1] if values else None

    def every(self, name: str) -> list[str]:
        """All values of a parameter."""
        return list(self._request.query.getall(name, []))

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """The last value of a parameter that has one of a few, in lower case; None if it is not given.

        Raises:
            ApiError: it is none of them (400).
        """
        values = self.choices(name, allowed)
        return values[-1] if values else None

    def choices(self, name: str, allowed: Sequence[str]) -> list[str]:
        """All values of a parameter that has some of a few, in lower case.

        Raises:
            ApiError: one is none of them (400).
        """
        values = [value.lower() for value in self.every(name)]
        if any(value not in allowed for value in values):
            raise invalid(name)
        return values

    def split(self, name: str, parse: Callable[[str], int | None]) -> tuple[frozenset[int], Interval]:
        """The values a parameter may be equal to, of which any will do, and what its other filters leave.

        Raises:
            ApiError: one is malformed (400).
        """
        equal, interval = set(), Interval()
        for operator, number in self._filters(name, parse):
            if operator == "eq":
                equal.add(number)
            else:
                interval.narrow(operator, number)
        return frozenset(equal), interval

    def interval(self, name: str, parse: Callable[[str], int | None]) -> Interval:
        """What all `op:value` filters of a parameter leave.

        Raises:
            ApiError: one is malformed (400).
        """
        interval = Interval()
        for operator, number in self._filters(name, parse):
            interval.narrow(operator, number)
        return interval

    def _filters(self, name: str, parse: Callable[[str], int | None]) -> Iterator[tuple[str, int]]:
        for text in self.every(name):
            operator, _, value = text.rpartition(":")
            operator = operator or "eq"
            if operator == "ne":
                raise ApiError(400, f"Not equals (ne) operator is not supported for {name}")
            number = parse(value)
            if number is None or operator not in ("eq", "gt", "gte", "lt", "lte"):
                raise invalid(name)
            yield operator, number

    def next_link(
        self,
        page: Sequence[T],
        key: Callable[[T], int],
        within: Interval,
        *,
        limit: int,
        descending: bool,
        name: str = "timestamp",
        write: Callable[[int], str] = format_timestamp,
    ) -> str | None:
        """The path of the page after this one; None where the filters or a page that is not full say it is the last.

        Args:
            page: The rows of this page.
            key: The value of a row that the next page goes on from.
            within: What the query's own filters leave of these values.
            limit: Rows of a full page.
            descending: The order.
            name: The parameter that filters by `key`.
            write: Writes a value as the parameter wants it.
        """
        if len(page) < limit or not within.leaves(key(page[-1]), descending=descending):
            return None
        operator = "lt" if descending else "gt"
        kept = [
            (given, value)
            for given, value in self._request.query.items()
            if not (given == name and value.split(":")[0] in (operator, operator + "e"))
        ]
        pairs = [*kept, (name, f"{operator}:{write(key(page[-1]))}")]
        return self._request.path + "?" + "&".join(f"{given}={quote(value, safe=':.')}" for given, value in pairs)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19


def parse_number(text: str) -> int | None:
    """A non-negative integer, or None."""
    return int(text) if _is_number(text) else None


def parse_timestamp(text: str) -> int | None:
    """`seconds` or `seconds.fraction` in nanoseconds, or None."""
    seconds, dot, fraction = text.partition(".")
    if not _is_number(seconds) or len(seconds) > 11 or (dot and not (_is_number(fraction) and len(fraction) <= 9)):
        return None
    return int(seconds) * NANOS + int(fraction.ljust(9, "0") or 0)


def parse_transaction_id(text: str) -> TransactionKey | None:
    """`0.0.N-seconds-nanos`, or None."""
    payer, *start = text.split("-")
    number = parse_entity(payer)
    if number is None or len(start) != 2 or not all(_is_number(part) for part in start):
        return None
    return TransactionKey(number, int(start[0]), int(start[1]))


def path_entity(request: web.Request, parameter: str) -> int:
    """The entity number in the path.

    Raises:
        ApiError: it is malformed (400).
    """
    number = parse_entity(request.match_info["id"])
    if number is None:
        raise invalid(parameter)
    return number
