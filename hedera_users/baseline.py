"""The operation without Hedera: what the application would do if it did not write to the network."""

from __future__ import annotations

import functools
import importlib
import inspect
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import gevent
import requests
from gevent.threadpool import ThreadPool

from config.baselines import parse_baseline
from config.proxies import requests_session

HTTP_TIMEOUT_S = 10.0


class BaselineError(Exception):
    """The operation without Hedera did not succeed."""


class Baseline(Protocol):
    """One way to do the operation without Hedera. Raises `BaselineError` when it did not succeed."""

    def write(self, kind: str, payload: bytes) -> None:
        """Do it once: `kind` is `audit-event` or `store-model`."""

    def close(self) -> None:
        """Release what it holds; it is not used again."""


class SqliteBaseline:
    """Writes each payload durably to a local SQLite database: one row, one transaction, synced to disk.

    Attributes:
        path: The database, removed again by `close`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # SQLite blocks its thread while it syncs. One thread of its own keeps it from stopping every other user, and
        # keeps it out of the hub's pool, where gRPC calls wait.
        self._thread = ThreadPool(1)
        self._database: sqlite3.Connection = self._thread.apply(self._open)

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS written (id INTEGER PRIMARY KEY, at REAL, kind TEXT, payload BLOB)"
        )
        return database

    def _insert(self, kind: str, payload: bytes) -> None:
        self._database.execute("INSERT INTO written (at, kind, payload) VALUES (?, ?, ?)", (time.time(), kind, payload))

    def write(self, kind: str, payload: bytes) -> None:
        """Insert one row and return when it is on disk."""
        try:
            self._thread.apply(self._insert, (kind, payload))
        except sqlite3.Error as error:
            raise BaselineError(f"SQLite: {error}") from error

    def close(self) -> None:
        """Close and remove the database: it stood in for the application's own."""
        self._thread.apply(self._database.close)
        self._thread.kill()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


class HttpBaseline:
    """Posts each payload to a URL, with the kind in the header `X-Kind`; any 2xx answer is a success."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests_session(url)
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=1000)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def write(self, kind: str, payload: bytes) -> None:
        """Post once."""
        try:
            answer = self._session.post(self._url, data=payload, headers={"X-Kind": kind}, timeout=HTTP_TIMEOUT_S)
        except requests.RequestException as error:
            raise BaselineError(f"HTTP: {type(error).__name__}") from error
        if not answer.ok:
            raise BaselineError(f"HTTP {answer.status_code}")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class CallableBaseline:
    """Calls a Python function of the user's own with (kind, payload); an exception is a failure."""

    def __init__(self, function: Callable[[str, bytes], object]) -> None:
        self._function = function

    def write(self, kind: str, payload: bytes) -> None:
        """Call once."""
        try:
            answer = self._function(kind, payload)
        except Exception as error:
            raise BaselineError(f"{type(error).__name__}: {error}") from error
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()  # else Python warns of every one
            raise BaselineError("it returned something to be awaited, and nothing awaits it")

    def close(self) -> None:
        """Nothing is held."""


class FixedBaseline:
    """Takes a fixed time and does nothing: for calibration, and for an application whose own time is known."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def write(self, kind: str, payload: bytes) -> None:  # noqa: ARG002 (the interface's arguments)
        """Wait for the fixed time."""
        gevent.sleep(self._seconds)

    def close(self) -> None:
        """Nothing is held."""


def find_function(text: str) -> Callable[[str, bytes], object] | None:
    """Return the function that a `python:` baseline names, or None for any other baseline.

    Raises:
        ValueError: it cannot be imported, or would do nothing when called; one line that names the option, its value
            and the remedy.
    """
    spec = parse_baseline(text)
    if spec.kind != "python":
        return None
    module, _, name = spec.target.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:  # importing runs the module, which may raise anything
        why = str(error) if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: {error}"
        why = " ".join(why.split())[:300]
        raise ValueError(f"--baseline {text!r}: {why}; name a function that can be imported from here") from error
    why = _why_not_called(found)
    if why:
        raise ValueError(f"--baseline {text!r}: {why}; name a function that does it when called with (kind, payload)")
    return cast(Callable[[str, bytes], object], found)


def _why_not_called(found: Any) -> str:
    """Why calling an object with a kind and a payload would not do what it is for; "" where nothing speaks against it.

    A function of which only a coroutine or generator is made when it is called would be measured as doing nothing.
    """
    if not callable(found):
        return f"it is {type(found).__name__}, no function"
    body = inspect.unwrap(found.func if isinstance(found, functools.partial) else found)
    for one in (body, type(body).__call__):
        if inspect.iscoroutinefunction(one):
            return "it is async, and nobody would await it"
        if inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one):
            return "it is a generator, and nobody would run through it"
    try:
        inspect.signature(found).bind("audit-event", b"")
    except TypeError as error:
        return f"it does not take two arguments ({error})"
    except ValueError:  # a function of C, which does not say what it takes
        return ""
    return ""


def make_baseline(text: str, scratch: Path) -> Baseline:
    """Return the baseline that a `--baseline` value names; `scratch` is a file path it may use.

    Raises:
        ValueError: the value is not one of the known forms, or its function cannot be imported.
    """
    function = find_function(text)
    if function is not None:
        return CallableBaseline(function)
    spec = parse_baseline(text)
    if spec.kind == "http":
        return HttpBaseline(spec.target)
    if spec.kind == "fixed":
        return FixedBaseline(spec.seconds)
    return SqliteBaseline(scratch)
