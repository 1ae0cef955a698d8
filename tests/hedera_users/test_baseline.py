"""The operation without Hedera really happens, and its failures are told."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gevent
import pytest

from hedera_users.baseline import BaselineError, SqliteBaseline, make_baseline


def test_sqlite_writes_durably_and_cleans_up(tmp_path: Path) -> None:
    """Each write is one committed row that another connection sees; closing removes the database."""
    baseline = SqliteBaseline(tmp_path / "run" / "b.sqlite")
    baseline.write("audit-event", b"one")
    baseline.write("store-model", b"two")
    with sqlite3.connect(baseline.path) as other:
        assert other.execute("SELECT kind, payload FROM written ORDER BY id").fetchall() == [
            ("audit-event", b"one"),
            ("store-model", b"two"),
        ]
    other.close()
    baseline.close()
    assert list(baseline.path.parent.iterdir()) == []


def test_sqlite_syncs_each_write(tmp_path: Path) -> None:
    """An application that audits does not lose what it acknowledged: synchronous is FULL."""
    baseline = SqliteBaseline(tmp_path / "b.sqlite")
    synchronous = baseline._thread.apply(lambda: baseline._database.execute("PRAGMA synchronous").fetchone())
    baseline.close()
    assert synchronous == (2,)


def test_writes_of_many_users_all_arrive(tmp_path: Path) -> None:
    """Twenty greenlets writing at once lose nothing."""
    baseline = SqliteBaseline(tmp_path / "b.sqlite")
    gevent.joinall([gevent.spawn(baseline.write, "k", bytes([i])) for i in range(20)], raise_error=True)
    with sqlite3.connect(baseline.path) as other:
        rows = {row[0] for row in other.execute("SELECT payload FROM written")}
    other.close()
    baseline.close()
    assert rows == {bytes([i]) for i in range(20)}


class _Recorder(BaseHTTPRequestHandler):
    seen: list[tuple[str, str | None, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append((self.path, self.headers.get("X-Kind"), body))
        self.send_response(503 if self.path == "/busy" else 201)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def application() -> Iterator[str]:
    """A real HTTP application on loopback."""
    _Recorder.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_http_posts_the_payload(application: str, tmp_path: Path) -> None:
    """A 2xx answer is a success and carries the payload and its kind."""
    baseline = make_baseline(f"http:{application}/events", tmp_path / "unused")
    baseline.write("audit-event", b"hello")
    baseline.close()
    assert _Recorder.seen == [("/events", "audit-event", b"hello")]


def test_http_to_this_machine_takes_no_proxy(application: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    make_baseline(f"http:{application}/events", tmp_path / "unused").write("audit-event", b"x")


def test_http_errors_are_failures(application: str, tmp_path: Path) -> None:
    """A 503 and a closed port are failures of the baseline, with the reason."""
    with pytest.raises(BaselineError, match="HTTP 503"):
        make_baseline(f"http:{application}/busy", tmp_path / "unused").write("k", b"")
    with pytest.raises(BaselineError, match="ConnectionError"):
        make_baseline("http:http://127.0.0.1:9/", tmp_path / "unused").write("k", b"")


def test_a_function_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """python:module:callable is called with kind and payload; its exceptions are failures."""
    calls: list[tuple[str, bytes]] = []

    def store(kind: str, payload: bytes) -> None:
        calls.append((kind, payload))
        if payload == b"bad":
            raise OSError("disk full")

    module = types.ModuleType("their_app")
    module.store = store  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "their_app", module)
    baseline = make_baseline("python:their_app:store", tmp_path / "unused")
    baseline.write("k", b"good")
    with pytest.raises(BaselineError, match="OSError: disk full"):
        baseline.write("k", b"bad")
    assert calls == [("k", b"good"), ("k", b"bad")]


@pytest.mark.parametrize("target", ["python:no_such_module:x", "python:json:no_such_function"])
def test_a_function_that_is_not_there_is_refused(target: str, tmp_path: Path) -> None:
    """A function that cannot be imported is named at once, not at the first operation."""
    with pytest.raises(ValueError, match="name a function that can be imported"):
        make_baseline(target, tmp_path / "unused")


def test_fixed_takes_its_time_without_stopping_others(tmp_path: Path) -> None:
    """Ten users with a fixed baseline wait side by side, not one after another."""
    baseline = make_baseline("fixed:100ms", tmp_path / "unused")
    begin = time.perf_counter()
    gevent.joinall([gevent.spawn(baseline.write, "k", b"") for _ in range(10)], raise_error=True)
    assert 0.1 <= time.perf_counter() - begin < 0.9
