"""Parameters of pages of MN:rest-java other than lists: each is read by itself, unknown ones are ignored.

Messages are those of GenericControllerAdvice.java, TimestampParameter.java and Bound.java.
"""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from localnet.clock import NANOS
from localnet.mirror.rest.errors import ApiError, java_error

_TIMESTAMP: Final = re.compile(r"(?:(eq|gt|gte|lt|lte):)?([0-9]{1,17})(?:\.([0-9]{1,9}))?", re.IGNORECASE)
_MAX_TIMESTAMPS: Final = 2


def check_timestamps(request: web.Request) -> None:
    """Check the `timestamp` parameters of a page that shows the same at any time.

    Raises:
        ApiError: one is malformed, there are more than two, or they leave no time (400).
    """
    low, high = 0, 1 << 63
    values = request.query.getall("timestamp", [])
    for value in values:
        parts = _TIMESTAMP.fullmatch(value)
        if parts is None:
            raise unreadable("timestamp")
        moment = int(parts[2]) * NANOS + int((parts[3] or "").ljust(9, "0"))
        operator = (parts[1] or "eq").lower()
        if operator in ("gt", "gte"):
            low = max(low, moment + (operator == "gt"))
        if operator in ("lt", "lte"):
            high = min(high, moment - (operator == "lt"))
    if len(values) > _MAX_TIMESTAMPS:
        raise ApiError(400, f"timestamp size must be between 0 and {_MAX_TIMESTAMPS}")
    if low > high:
        raise java_error(400, "Invalid range provided for timestamp")


def unreadable(parameter: str) -> ApiError:
    """A parameter cannot be read."""
    return java_error(400, f"Failed to convert '{parameter}'")


def word(request: web.Request, parameter: str, allowed: tuple[str, ...]) -> str | None:
    """The value of a parameter that has one of a few, in the case of `allowed`; None if it is not given.

    Raises:
        ApiError: it has another value (400).
    """
    text = request.query.get(parameter)
    if not text:
        return None
    for known in allowed:
        if known.lower() == text.lower():
            return known
    raise unreadable(parameter)
