"""Secrets in URLs: passwords, tokens and keys. No file that a run leaves contains them.

An option such as `--breaker-storage redis://:secret@host` is used as it is, but shown, logged, recorded and reported
as `redis://…@host`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

MARK: Final = "…"
"""Marks where something was left out."""

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^\s\"]+)")
_VALUE: Final = re.compile(r"(?<==)[^&#;]+")
_KEY: Final = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[A-Za-z0-9_-]{16,}")
"""A piece of a path that is a key, as some providers of relays and mirrors use: long, of letters and digits."""

_SHORTEST: Final = 4
"""Shorter pieces are not searched for in texts: they would be found everywhere."""

_IN_URL: Final = re.compile(r"[\s\"'<>\\^`{|}]")


def without_secrets(text: str) -> str:
    """The same text without user names, passwords, query values, fragments and keys in its URLs."""
    return _URL.sub(lambda found: found[1] + _shown(found[2]), text)


def secrets_of(url: str) -> set[str]:
    """The pieces that `without_secrets` leaves out of a URL, as written and decoded, to search for them elsewhere."""
    found = _URL.fullmatch(url)
    if found is None:
        return set()
    userinfo, host_and_path, query, fragment = _parts(found[2])
    name, _, password = userinfo.partition(":")
    pieces = {userinfo, name, password, fragment, *_VALUE.findall(query), *_keys(host_and_path)}
    pieces |= {query} if "=" not in query else set()
    pieces |= {unquote(piece) for piece in pieces}
    return {piece for piece in pieces if len(piece) >= _SHORTEST}


def fault_of_url(url: str) -> str:
    """Why a URL could not be recognised within other text; "" where it can."""
    odd = _IN_URL.search(url)
    return f"write {odd[0]!r} in it as %{ord(odd[0]):02X}" if odd else ""


def hide_in_logs(secrets: Iterable[str]) -> None:
    """From now on, leave secrets of URLs, and these pieces, out of everything that this process logs.

    The libraries log too: at level DEBUG urllib3 logs the path and query of every request.
    """
    _hidden.update(secrets)
    if logging.getLogRecordFactory() is not _record:
        logging.setLogRecordFactory(_record)


_hidden: Final[set[str]] = set()
_tracebacks: Final = logging.Formatter()


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    try:
        text = record.getMessage()
    except Exception:  # wrong arguments: logging reports them itself, without an error for the caller
        return record
    record.msg, record.args = _clean(text), ()
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = _clean(_tracebacks.formatException(record.exc_info))
    return record


def _clean(text: str) -> str:
    for piece in sorted(_hidden, key=len, reverse=True):
        text = text.replace(piece, MARK)
    return without_secrets(text)


def _shown(rest: str) -> str:
    """The part of a URL after its scheme, without secrets."""
    userinfo, host_and_path, query, fragment = _parts(rest)
    shown = f"{MARK}@" if userinfo else ""
    host, slash, path = host_and_path.partition("/")
    shown += host + slash + "/".join(MARK if _KEY.fullmatch(piece) else piece for piece in path.split("/"))
    if query:
        shown += "?" + (_VALUE.sub(MARK, query) if "=" in query else MARK)
    return shown + (f"#{MARK}" if fragment else "")


def _parts(rest: str) -> tuple[str, str, str, str]:
    """User information, host and path, query, fragment.

    An unencoded password may contain the characters that end an authority, so everything up to the last `@` counts.
    """
    userinfo, _, rest = rest.rpartition("@")
    before_fragment, _, fragment = rest.partition("#")
    host_and_path, _, query = before_fragment.partition("?")
    return userinfo, host_and_path, query, fragment


def _keys(host_and_path: str) -> list[str]:
    return [piece for piece in host_and_path.split("/")[1:] if _KEY.fullmatch(piece)]
