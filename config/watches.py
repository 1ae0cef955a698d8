"""What a run watches besides its own processes: ids of processes, and addresses of Prometheus metrics."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

from config.network_file import url_fault

_SEPARATOR: Final = re.compile(r"[,\s]+")


def parse_list(value: Any) -> Any:
    """Read a list: its parts with commas or blanks between them, each taken once."""
    parts = [part for part in _SEPARATOR.split(value) if part] if isinstance(value, str) else list(value)
    return tuple(dict.fromkeys(parts))


def _text(parts: tuple[object, ...]) -> str:
    return ",".join(map(str, parts))


def _pids(parts: tuple[str, ...]) -> tuple[int, ...]:
    if not all(str(part).isascii() and str(part).isdigit() and 1 <= int(part) <= _MOST for part in parts):
        raise ValueError("give ids of processes, with commas between them, such as 4711,4712")
    return tuple(int(part) for part in parts)


def _urls(parts: tuple[str, ...]) -> tuple[str, ...]:
    if any(url_fault("relay", part) for part in parts):  # judged as a relay's, which may have a query
        raise ValueError("give URLs of Prometheus metrics, with commas between them, such as http://host:9090/metrics")
    return parts


_MOST: Final = 2**31 - 1

Pids = Annotated[
    tuple[int, ...],
    BeforeValidator(lambda value: _pids(parse_list(value))),
    PlainSerializer(_text, return_type=str),
]
"""A field that is parsed from text to ids of processes, and serialised as text."""

Urls = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: _urls(parse_list(value))),
    PlainSerializer(_text, return_type=str),
]
"""A field that is parsed from text to URLs, and serialised as text."""
