"""Reads query strings: limits, orders, `op:value` filters; and writes `links.next`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from localnet.clock import NANOS
from localnet.ids import TransactionKey, parse_entity
from localnet.mirror.rest.errors import ApiError, invalid

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
        text = self.last("limit")
        if text is None:
            return DEFAULT_LIMIT
        if not _is_number(text) or int(text) == 0:
            raise invalid("limit")
        return min(int(text), MAX_LIMIT)

    def descending(self, default: str) -> bool:
        """Whether the newest rows come first."""
        order = self.last("order") or default
        if order not in ("asc", "desc"):
            raise invalid("order")
        return order == "desc"

    def last(self, name: str) -> str | None:
        """The last value of a parameter, or None."""
        values = self._request.query.getall(name, [])
        return values[-1] if values else None

    def interval(self, name: str, parse: Callable[[str], int | None]) -> Interval:
        """What all `op:value` filters of a parameter leave."""
        interval = Interval()
        for text in self._request.query.getall(name, []):
            operator, _, value = text.rpartition(":")
            operator = operator or "eq"
            number = parse(value)
            if number is None or operator not in ("eq", "gt", "gte", "lt", "lte"):
                raise invalid(name)
            interval.narrow(operator, number)
        return interval

    def next_link(self, last: str, *, name: str = "timestamp", descending: bool) -> str:
        """The path of the page after the row whose `name` is `last`."""
        operator = "lt" if descending else "gt"
        kept = [
            (key, value)
            for key, value in self._request.query.items()
            if not (key == name and value.split(":")[0] in (operator, operator + "e"))
        ]
        pairs = [*kept, (name, f"{operator}:{last}")]
        return self._request.path + "?" + "&".join(f"{key}={quote(value, safe=':.')}" for key, value in pairs)


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
