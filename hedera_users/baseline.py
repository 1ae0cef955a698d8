"""The operation without Hedera: what the application would do if it did not write to the network."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import gevent
import requests
from gevent.threadpool import ThreadPool

from config.baselines import parse_baseline
from hedera_users.http_posts import HttpPosts, is_done
from hedera_users.own_functions import WRITES, find_function, left_unawaited

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

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._posts = HttpPosts(url, headers)

    def write(self, kind: str, payload: bytes) -> None:
        """Post once."""
        try:
            answer = self._posts.post(kind, payload, HTTP_TIMEOUT_S)
        except requests.RequestException as error:
            raise BaselineError(f"HTTP: {type(error).__name__}") from error
        if not is_done(answer):
            raise BaselineError(f"HTTP {answer.status_code}")

    def close(self) -> None:
        """Close the connections."""
        self._posts.close()


class CallableBaseline:
    """Calls a Python function of the user's own with (kind, payload); an exception is a failure."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def write(self, kind: str, payload: bytes) -> None:
        """Call once."""
        try:
            answer = self._function(kind, payload)
        except Exception as error:
            raise BaselineError(f"{type(error).__name__}: {error}") from error
        if left_unawaited(answer):
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


def baseline_function(text: str) -> Callable[..., object] | None:
    """Return the function that a `python:` baseline names, or None for any other baseline.

    Raises:
        ValueError: as `find_function`.
    """
    spec = parse_baseline(text)
    return find_function(f"--baseline {text!r}", spec.target, WRITES) if spec.kind == "python" else None


def make_baseline(text: str, scratch: Path, headers: Mapping[str, str] = MappingProxyType({})) -> Baseline:
    """Return the baseline that a `--baseline` value names.

    Args:
        text: The value.
        scratch: A file path that it may use.
        headers: What an application is told with every request, besides the kind.

    Raises:
        ValueError: the value is not one of the known forms, or its function cannot be imported.
    """
    function = baseline_function(text)
    if function is not None:
        return CallableBaseline(function)
    spec = parse_baseline(text)
    if spec.kind == "http":
        return HttpBaseline(spec.target, headers)
    if spec.kind == "fixed":
        return FixedBaseline(spec.seconds)
    return SqliteBaseline(scratch)
