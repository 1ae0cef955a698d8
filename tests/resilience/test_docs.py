"""The example of the documentation runs, as it stands there."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "resilience.md"


def test_the_example_survives_two_errors() -> None:
    """A server that says 503 and 429 before it answers: the guard of the example gets the answer."""
    answers = [503, 429, 200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.pop(0))
            self.end_headers()
            self.wfile.write(b"ordered")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        names: dict[str, Any] = {"url": f"http://127.0.0.1:{server.server_port}"}
        exec(example, names)
    finally:
        server.shutdown()
        server.server_close()
    assert (names["text"], answers) == ("ordered", [])
