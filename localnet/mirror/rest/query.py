"""Reads query strings: limits, orders and filters, each checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final

from aiohttp import web

from localnet.mirror.rest.errors import ApiError
from localnet.mirror.rest.filters import OPERATORS, Filter
from localnet.mirror.rest.interval import Interval

DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 100
MAX_VALUES: Final = 100
"""Values of one parameter (`query.maxRepeatedQueryParameters`)."""
_MAX_PARAMETERS: Final = 1_000

_BRACKETS: Final = re.compile(r"([^\[]*)(\[[^\]]*\])(\[.*)?")
_CASELESS_VALUES: Final = frozenset({"order", "result"})


class QueryString:
    """The query string of one request, checked parameter by parameter; all errors are reported at once.

    Names are taken in any case, and of some parameters the values too (MN:rest/middleware/requestHandler.js).

    Args:
        request: The request.
        known: The parameters that the page takes.
        in_order: Whether the errors stand in the order of the parameters (`validateReq` of MN:rest/utils.js); else the
            malformed come before the unknown (`buildAndValidateFilters`).
        unchecked: Parameters whose values the page itself checks.

    Raises:
        ApiError: a parameter is malformed, unknown, or given too often (400).
    """

    def __init__(
        self,
        request: web.Request,
        known: Collection[str],
        *,
        in_order: bool = False,
        unchecked: Collection[str] = (),
    ) -> None:
        self._request = request
        self._in_order = in_order
        self.values = _read(request)
        mistakes: list[tuple[bool, str]] = []  # with whether the parameter is unknown
        for name, values in self.values.items():
            texts = [f"Unknown query parameter: {name}"] * (1 if in_order else len(values))
            if name in known:
                texts = _mistakes(name, values, unchecked=name in unchecked, strict=in_order)
            mistakes += [(name not in known, text) for text in texts]
        if not in_order:
            mistakes.sort(key=lambda mistake: mistake[0])
        if mistakes:
            raise ApiError(400, *(text for _, text in mistakes))

    @property
    def path(self) -> str:
        """The path that was asked for, without a slash at its end."""
        return self._request.path.rstrip("/")

    @property
    def limit(self) -> int:
        """Rows on a page: 1 to 100, default 25; more than 100 are taken for 100."""
        return self.limit_up_to(MAX_LIMIT, DEFAULT_LIMIT)

    def limit_up_to(self, most: int, default: int) -> int:
        """Rows on a page whose own limits are other than the usual ones."""
        text = self.last("limit")
        return default if text is None else min(int(text), most)

    def descending(self, default: str) -> bool:
        """Whether the newest rows come first."""
        given = self.every("order")
        if self._in_order and self.values.get("order", []) not in (["asc"], ["desc"]):
            given = []  # `parseLimitAndOrderParams` of MN:rest/utils.js takes one plain word and passes over the rest
        return (given[-1] if given else default) == "desc"

    def filters(self, name: str) -> list[Filter]:
        """All values of a parameter with their operators."""
        return [Filter.of(name, text) for text in self.values.get(name, ())]

    def every(self, name: str) -> list[str]:
        """All values of a parameter without their operators."""
        return [one.value for one in self.filters(name)]

    def last(self, name: str) -> str | None:
        """The last value of a parameter, or None."""
        values = self.every(name)
        return values[-1] if values else None

    def flag(self, name: str, *, default: bool) -> bool:
        """The last value of a parameter that is `true` or `false`."""
        value = self.last(name)
        return default if value is None else value.lower() == "true"

    def interval(self, name: str, parse: Callable[[str], int | None]) -> Interval:
        """The values that all filters of a parameter allow together."""
        interval = Interval()
        for one in self.filters(name):
            interval.narrow(one.operator, parse(one.value))
        return interval

    def choice(self, name: str, parse: Callable[[str], int | None]) -> Interval:
        """The same for a parameter that may have several `eq` filters, of which one must match."""
        interval, among = Interval(), set()
        for one in self.filters(name):
            if one.operator == "eq":
                among.add(parse(one.value))
            else:
                interval.narrow(one.operator, parse(one.value))
        if among:
            interval.among = frozenset(value for value in among if value is not None)
        return interval


def _read(request: web.Request) -> dict[str, list[str]]:
    """The values of each parameter by its name in lower case. A value that cannot be one is ":".

    Limits and messages are those of `qs` with the options of MN:rest/middleware/requestHandler.js.
    """
    if len(request.query) > _MAX_PARAMETERS:
        raise ApiError(400, f"Parameter limit exceeded. Only {_MAX_PARAMETERS} parameters allowed.")
    read: dict[str, list[str]] = {}
    for key in dict.fromkeys(request.query):
        name, nested = key, False
        if brackets := _BRACKETS.fullmatch(key):
            if brackets[3]:
                raise ApiError(400, "Input depth exceeded depth option of 1 and strictDepth is true")
            name, nested = brackets[1], not (brackets[2] == "[]" or brackets[2][1:-1].isdigit())
        name, values = name.lower(), request.query.getall(key)
        if len(values) > MAX_VALUES:
            raise ApiError(400, f"Array limit exceeded. Only {MAX_VALUES} elements allowed in an array.")
        if name in _CASELESS_VALUES:
            values = [value.lower() for value in values]
        read.setdefault(name, []).extend([":"] * len(values) if nested else values)
    return read


def _mistakes(name: str, values: list[str], *, unchecked: bool, strict: bool) -> list[str]:
    """What is wrong with a parameter, one message for each value that is; if `strict`, a second colon is wrong."""
    if len(values) > MAX_VALUES:
        count = f"{name} count: {len(values)} max: {MAX_VALUES}"
        return [f"Parameter values count exceeds maximum number allowed: {count}"]

    def is_right(text: str) -> bool:
        one = Filter.of(name, text)
        right = one.operator in OPERATORS and one.value != "" if unchecked else one.is_valid
        return right and not (strict and text.count(":") > 1)

    return [f"Invalid parameter: {name}" for text in values if not is_right(text)]
