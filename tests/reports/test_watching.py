"""Processes that are watched: real ones by their id, and others by the metrics that they offer over HTTP."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import pytest

from config.settings import RunSettings
from reports.measure.usage import UsageSeries
from reports.measure.watching import NotSeenError, Watched, Watching, look_of, of_metrics, of_process, to_watch

PYTHON = """# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 5.271552e+07
# HELP process_open_fds Number of open file descriptors.
# TYPE process_open_fds gauge
process_open_fds 17.0
"""
"""What prometheus_client's exporter says of its process."""

GO = "# TYPE go_threads gauge\ngo_threads 9\n" + PYTHON
JAVA = 'jvm_threads_current 31.0\njvm_memory_bytes_used{area="heap"} 1.2e8\n' + PYTHON


@contextmanager
def exporter(text: str) -> Iterator[str]:
    """The URL of a server whose metrics are a text."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("text", "threads"), [(PYTHON, None), (GO, 9.0), (JAVA, 31.0)])
def test_metrics_of_a_container(text: str, threads: float | None) -> None:
    """Memory and handles by the names that Prometheus prescribes; threads as the exporter calls them."""
    with exporter(text) as url:
        assert of_metrics(url)() == (52_715_520.0, None, 17.0, threads)


def test_what_are_no_metrics() -> None:
    """It is told apart: no answer, another page, a page of other metrics."""
    with exporter("<html>") as url:
        with pytest.raises(NotSeenError, match="not in Prometheus' text format"):
            of_metrics(url)()
        with pytest.raises(NotSeenError, match="no metrics"):
            of_metrics(url.replace("/metrics", "/else"))()
    with pytest.raises(NotSeenError, match="no metrics"):
        of_metrics(url)()
    with pytest.raises(NotSeenError, match="have no process_resident_memory_bytes"):
        look_of("up 1\n")


def test_processes_are_looked_at_until_they_end(caplog: pytest.LogCaptureFixture) -> None:
    """One that has ended is named once in the log; the others go on."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    made: dict[tuple[str, str], UsageSeries] = {}
    now = 100.0

    def series(kind: str, name: str) -> UsageSeries:
        return made.setdefault((kind, name), UsageSeries(100.0))

    one = Watched("watched", "python", of_process(process.pid))
    watching = Watching([one], series, clock=lambda: now)
    watching.look(one)
    process.communicate(b"\n")
    for now in (101.0, 102.0):  # noqa: B007 (the clock reads it)
        watching.look(one)
    ((key, seen),) = made.items()
    assert key == ("watched", "python")
    assert len(seen.points) == 1
    assert [record.getMessage() for record in caplog.records] == ["python cannot be watched: it has ended"]


def test_watching_goes_on_by_itself() -> None:
    """Each process is looked at in a greenlet of its own, until it is stopped."""
    looks: list[float] = []

    def series(kind: str, name: str) -> UsageSeries:
        made = UsageSeries(0.0)
        made.add = lambda at, look: looks.append(at)  # type: ignore[method-assign]
        return made

    with exporter(PYTHON) as url:
        watching = Watching([Watched("watched", "x", of_metrics(url), interval_s=0.01)], series)
        watching.start()
        with gevent.Timeout(20):
            while len(looks) < 3:
                gevent.sleep(0.02)
        watching.stop()
        count = len(looks)
        gevent.sleep(0.1)
    assert len(looks) == count


def test_what_a_run_names() -> None:
    """The embedded network, ids and addresses; an address without what it holds of secrets."""
    settings = RunSettings(watch_pid="1", watch_metrics="http://user:secret@host:9090/metrics?token=hush")
    watched = to_watch(settings, {"embedded network": 4711})
    assert [one.kind for one in watched] == ["network", "watched", "watched"]
    assert watched[0].name == "embedded network"
    assert watched[1].name.endswith("(pid 1)")
    assert watched[2].name == "host:9090/metrics"
