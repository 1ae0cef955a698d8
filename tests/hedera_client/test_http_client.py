"""What is asked over HTTP, and what is made of foreign text."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from hedera_client.http_client import HttpClient, cause
from hedera_client.sanitize import one_line


class Peers(BaseHTTPRequestHandler):
    """Answers with who asked: one connection is one peer."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self.seen.append(self.client_address[1])
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    """Where they answer."""
    Peers.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Peers) as server, ThreadPoolExecutor(1) as thread:
        server.daemon_threads = True
        serving = thread.submit(server.serve_forever)
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        serving.result(10)


def test_a_connection_is_kept_and_nothing_is_retried(url: str) -> None:
    """Three requests on one; an answer is an answer whatever its status."""
    client = HttpClient()
    assert [client.request("GET", url + path, timeout=10).status_code for path in ("/", "/busy", "/")] == [
        200,
        503,
        200,
    ]
    assert len(Peers.seen) == 3
    assert len(set(Peers.seen)) == 1
    client.close()
    client.request("GET", url, timeout=10)
    assert len(set(Peers.seen)) == 2, "a later call opens a new one"
    client.close()


def test_a_fork_uses_connections_of_its_own(url: str) -> None:
    """Answers would go to whoever reads first; and closing in the child leaves the parent's open."""
    client = HttpClient()
    client.request("GET", url, timeout=10)
    child = os.fork()
    if child == 0:
        try:
            client.close()
            client.request("GET", url, timeout=10)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    client.request("GET", url, timeout=10)
    parents, childs, again = Peers.seen
    assert parents == again != childs
    client.close()


def test_the_innermost_reason_is_told_in_a_few_words() -> None:
    """Not urllib3's and requests' wrappings of it."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(requests.RequestException) as raised:
        HttpClient().request("GET", f"http://127.0.0.1:{port}", timeout=10)
    assert cause(raised.value) == "[Errno 111] Connection refused"
    assert cause(requests.Timeout()) == "Timeout"
    assert len(cause(requests.RequestException("x" * 1_000))) == 200


@given(st.text(), st.integers(0, 50))
def test_foreign_text_stays_on_its_line(text: str, most: int) -> None:
    """It moves no cursor, is no longer than it may be, and keeps what can be read."""
    line = one_line(text, most)
    assert len(line) <= most
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in line)
    assert len(line.splitlines()) <= 1
    assert one_line("a\x1b[31m\r\n  b", 50) == "a [31m b"
