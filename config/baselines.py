"""The application's operation without Hedera, and with it: the values that `--baseline` and `--with-hedera` take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from config.secrets import fault_of_url

REMEDY: Final = "sqlite, http:URL, python:package.module:callable or fixed:DURATION such as fixed:51ms"

REMEDY_WITH_HEDERA: Final = "http:URL or python:package.module:callable"

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s)")
_UNIT_S: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_CALLABLE: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class BaselineSpec:
    """A parsed `--baseline`.

    `target` is the URL for `http`, `package.module:callable` for `python`, and empty otherwise; `seconds` is the
    duration of `fixed`.
    """

    kind: Literal["sqlite", "http", "python", "fixed"]
    target: str = ""
    seconds: float = 0.0


def parse_baseline(text: str) -> BaselineSpec:
    """Read a `--baseline` value.

    Raises:
        ValueError: the value has none of the four forms; the message lists them.
    """
    kind, _, rest = text.partition(":")
    if text == "sqlite":
        return BaselineSpec("sqlite")
    # `http:URL` is written with the scheme twice (http:http://…) or, as is often typed, once.
    url = rest if kind == "http" and rest.startswith(("http://", "https://")) else text
    if url.startswith(("http://", "https://")) and _is_url(url):
        return BaselineSpec("http", target=url)
    if kind == "python" and _CALLABLE.fullmatch(rest):
        return BaselineSpec("python", target=rest)
    if kind == "fixed" and (match := _DURATION.fullmatch(rest)):
        return BaselineSpec("fixed", seconds=float(match[1]) * _UNIT_S[match[2]])
    raise ValueError(f"use {REMEDY}")


def parse_with_hedera(text: str) -> BaselineSpec | None:
    """Read a `--with-hedera` value; None for "", where this project's own client writes to Hedera.

    Raises:
        ValueError: the value has neither of the two forms; the message lists them.
    """
    if not text:
        return None
    try:
        spec = parse_baseline(text)
    except ValueError as error:
        # What it says of a URL's characters holds here too.
        raise ValueError(str(error).replace(REMEDY, REMEDY_WITH_HEDERA)) from None
    if spec.kind not in ("http", "python"):
        raise ValueError(f"use {REMEDY_WITH_HEDERA}")
    return spec


def _is_url(url: str) -> bool:
    """Whether a URL names a host that can be called.

    Raises:
        ValueError: it contains characters that must be escaped in a URL.
    """
    if fault_of_url(url):
        raise ValueError(fault_of_url(url))
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # e.g. a port that is not a number
        return False
