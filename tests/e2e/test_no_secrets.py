"""Nothing that a run leaves holds a password, token or key: neither its folder, nor what it says, nor its children."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.e2e.locust_command import ROOT, OwnNetwork, clean_environment

PASSWORD, TOKEN, API_KEY, BASIC = "swordfish", "marlin-2026", "k0123456789abcdef0123456789", "user:swordfish"
SECRETS = (PASSWORD, TOKEN, API_KEY)


class Front(ThreadingHTTPServer):
    """A provider's front before the embedded mirror, with the key in the path, and an application of the user's own.

    It lets pass only who shows the user's name and password.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = behind
        self.events = 0

    @property
    def place(self) -> str:
        return f"{BASIC}@127.0.0.1:{self.server_address[1]}"


class _Passing(BaseHTTPRequestHandler):
    server: Front

    def do_GET(self) -> None:
        allowed = self.headers.get("Authorization", "").startswith("Basic ") and self.path.startswith(f"/{API_KEY}/")
        if not allowed:
            self._answer(401, b"{}")
            return
        answer = requests.get(self.server.behind + self.path.removeprefix(f"/{API_KEY}"), timeout=20)
        self._answer(answer.status_code, answer.content)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if b'"eth_chainId"' in body:  # a relay as long as it is only looked at
            number = json.loads(body)["id"]
            self._answer(200, json.dumps({"jsonrpc": "2.0", "id": number, "result": "0x12a"}).encode())
            return
        self.server.events += 1
        self._answer(500 if self.server.events % 5 == 0 else 200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def front(own_network: Any) -> Iterator[tuple[Front, OwnNetwork]]:
    network = own_network("--latency", "instant")
    with Front(network.localnet.network.mirror_rest) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, network
        server.shutdown()


def assert_no_secret(text: bytes, where: str, *secrets: str) -> None:
    """None of them is in it."""
    assert [secret for secret in secrets if secret.encode() in text] == [], where


def test_nothing_that_a_run_leaves_holds_a_secret(
    run_locust: Any, front: tuple[Front, OwnNetwork], tmp_path: Path
) -> None:
    """At level DEBUG, with a mirror, a relay and a baseline that need secrets, and failures that could tell of them."""
    server, network = front
    mirror = f"http://{server.place}/{API_KEY}"
    file = tmp_path / "own.json"
    fields = json.loads(network.localnet.network.model_dump_json(exclude={"name"}))
    file.write_text(json.dumps({**fields, "mirror_rest": mirror, "relay": f"http://{server.place}/x?key={TOKEN}"}))
    finished = run_locust(
        *("--headless", "--users", "6", "--spawn-rate", "6", "--run-time", "5s", "--stop-timeout", "10"),
        *("--network", "custom", "--network-file", str(file), "--confirm", "mirror", "--loglevel", "DEBUG"),
        *("--baseline", f"http://{server.place}/events?token={TOKEN}", "--logfile", str(tmp_path / "log.txt")),
        *("--html", str(tmp_path / "locust.html"), "--csv", str(tmp_path / "locust"), "OverheadUser", "RelayReader"),
        **network.environment,
    )
    assert finished.exit_code == 1, finished.output  # the application refused a fifth, the relay all
    assert "Traceback" not in finished.output
    assert finished.report["audit"]["error"] is None, "the audit itself knows the way to the mirror"
    assert finished.report["audit"]["delivered"] > 0
    key = network.environment["OPERATOR_KEY"]
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name not in ("own.json", "network.json")]
    assert {"journal.sqlite", "report.json", "report.html", "log.txt", "locust.html"} <= {path.name for path in left}
    for path in left:
        assert_no_secret(path.read_bytes(), str(path), *SECRETS, key, key[-64:])
    assert_no_secret(finished.output.encode(), "what it said", *SECRETS, key, key[-64:])
    assert b"http://\xe2\x80\xa6@127.0.0.1" in (finished.report_dir / "latest" / "report.json").read_bytes()


def test_an_audit_afterwards_asks_for_the_address_again(
    run_locust: Any, front: tuple[Front, OwnNetwork], tmp_path: Path
) -> None:
    """One line and exit code 2 without it; with it, the same verdict; and it is not kept then either."""
    server, network = front
    mirror = f"http://{server.place}/{API_KEY}"
    file = tmp_path / "own.json"
    fields = json.loads(network.localnet.network.model_dump_json(exclude={"name"}))
    file.write_text(json.dumps({**fields, "mirror_rest": mirror}))
    finished = run_locust(
        *("--headless", "--users", "4", "--spawn-rate", "4", "--run-time", "2s", "--only-summary", "HcsSubmitter"),
        *("--network", "custom", "--network-file", str(file)),
        **network.environment,
    )
    assert finished.exit_code == 0, finished.output
    folder = (finished.report_dir / "latest").resolve()

    def audit(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reports", "audit", str(folder), *more]
        return subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=60)

    refused = audit()
    (line,) = refused.stderr.splitlines()
    assert refused.returncode == 2
    assert line.startswith(
        f"error: the mirror's address 'http://…@127.0.0.1:{server.server_address[1]}/…' held secrets"
    )
    assert line.endswith("--mirror-rest URL")
    wrong = audit("--mirror-rest", f"127.0.0.1/{API_KEY}")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    again = audit("--mirror-rest", mirror)
    assert again.returncode == 0, again.stderr
    assert "arrived exactly once; 0 lost" in again.stdout
    for path in folder.iterdir():
        assert_no_secret(path.read_bytes(), path.name, *SECRETS)


def test_the_embedded_network_is_given_no_credentials(spawn: Any, finish: Any, tmp_path: Path) -> None:
    """Its process has neither the operator's key nor Locust's options nor anybody's tokens in its environment."""
    process = spawn(
        *("--headless", "--users", "1", "--run-time", "3s", "--localnet-latency", "instant", "HcsSubmitter"),
        OPERATOR_ID="0.0.7",
        OPERATOR_KEY="ab" * 32,
        AWS_SECRET_ACCESS_KEY=TOKEN,
        LOCUST_THINK_TIME="0.3",
    )
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 30
    while not children and time.monotonic() < deadline:
        children = [one for one in psutil.Process(process.pid).children() if "localnet" in one.cmdline()]
        time.sleep(0.05)
    environment = children[0].environ()
    finished = finish(process)
    assert finished.exit_code == 0, finished.output
    assert environment["PATH"]
    assert [name for name in environment if name.startswith(("OPERATOR_", "LOCUST_", "AWS_"))] == []
    assert TOKEN not in environment.values()
