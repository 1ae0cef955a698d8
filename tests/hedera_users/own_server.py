"""A real HTTP application on loopback, which does as its path says and keeps what it was given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWERS: dict[str, tuple[int, bytes]] = {
    "/done": (201, b""),
    "/told": (200, b'{"transactionId": "0.0.5@1700000000.000000001", "sequenceNumber": "7"}'),
    "/filed": (200, b'{"file_id": "0.0.77", "transaction_id": "0.0.5-1700000000-000000001"}'),
    "/words": (200, b"thank you"),
    "/moved": (302, b""),
    "/refused": (403, b""),
    "/busy": (503, b""),
    "/broken": (500, b""),
}
"""Status and body by path; `/silent` takes the request and closes the connection without an answer."""


class Served:
    """Where it is, and what it was given: path, headers, body of each POST, in order."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[tuple[str, dict[str, str], bytes]] = []


@contextmanager
def served() -> Iterator[Served]:
    """Serve until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            given.seen.append((self.path, dict(self.headers.items()), body))
            if self.path == "/silent":
                self.close_connection = True
                return
            status, answer = ANSWERS[self.path]
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("Location", "/done")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    given = Served(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield given
    finally:
        server.shutdown()
        server.server_close()
