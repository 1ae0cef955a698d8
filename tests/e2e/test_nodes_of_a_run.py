"""A run on a hosted network takes its nodes from the mirror's address book, keeps it, says it, and falls back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from config.built_in_nodes import BuiltInList, write_built_in_list
from config.networks import Network
from config.routes import routes
from hedera_client.book_file import read_book
from localnet_launcher import Localnet, start_localnet

BOOK = "/api/v1/network/nodes?limit=25"
FILE = "tests/e2e/hosted_locustfile.py"
LOAD = ("--headless", "--only-summary", "--users", "4", "--spawn-rate", "20", "--run-time", "8s")
SHORT = ("-f", FILE, "--network", "testnet", *LOAD)


class Mirror(ThreadingHTTPServer):
    """Passes on what the embedded mirror answers, notes what is asked, and can keep the address book to itself."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = behind
        self.asked: list[str] = []
        self.refuses = False
        self.change: Callable[[dict[str, Any]], None] = lambda _: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def books(self) -> int:
        """How often somebody asked for the address book."""
        return sum(path.startswith(BOOK) for path in self.asked)


class _Passing(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = requests.get(self.server.behind + self.path, timeout=20)
        status, body = answer.status_code, answer.content
        if self.path.startswith(BOOK):
            book = answer.json()
            self.server.change(book)
            status, body = (503, b"") if self.server.refuses else (200, json.dumps(book).encode())
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def testnet() -> Iterator[Localnet]:
    """The embedded network that plays testnet."""
    running = start_localnet("--consensus-delay", "0.1", "--mirror-lag", "0.1")
    yield running
    running.stop()


@pytest.fixture
def mirror(testnet: Localnet) -> Iterator[Mirror]:
    with Mirror(testnet.network.mirror_rest) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def environment(testnet: Localnet, mirror: Mirror, tmp_path: Path) -> dict[str, str]:
    """What makes the embedded network testnet, with a built-in list of one node."""
    rows = requests.get(f"{testnet.network.mirror_rest}/api/v1/network/nodes", timeout=10).json()
    (tmp_path / "lists").mkdir()
    (tmp_path / "rows.json").write_text(json.dumps({**rows, "nodes": rows["nodes"][:1]}))
    listed = BuiltInList("testnet", "2026-01-31", "a test", read_book(tmp_path / "rows.json").entries)
    write_built_in_list(listed, tmp_path / "lists")
    (way,) = routes(listed.entries, tls=True)
    network = Network(
        name="testnet",
        nodes=dict.fromkeys(way.addresses, "0.0.3"),
        certificate_hashes={"0.0.3": way.certificate_hash},
        mirror_rest=mirror.url,
        mirror_grpc=testnet.network.mirror_grpc,
        tls=True,
    )
    return {
        "OPERATOR_ID": testnet.operator_id,
        "OPERATOR_KEY": testnet.operator_key,
        "HOSTED_NETWORK": network.model_dump_json(),
        "HOSTED_LISTS": str(tmp_path / "lists"),
    }


def test_the_mirrors_address_book_is_called_by_all_workers(
    run_locust: Any, mirror: Mirror, testnet: Localnet, environment: dict[str, str]
) -> None:
    """Fetched once, by the master; over TLS, with a node that is left out told; kept beside the report."""

    def spoil(book: dict[str, Any]) -> None:
        book["nodes"][3]["node_cert_hash"] = "<N/A>"

    mirror.change = spoil
    finished = run_locust(*SHORT, "--processes", "2", "HcsSubmitter", **environment)
    assert finished.exit_code == 0, finished.output
    assert mirror.books == 1, "workers are told, and do not ask"
    assert (
        "Nodes of testnet: address book of the mirror, 3 nodes at 3 addresses, 1 left out, fetched at"
        in finished.output
    )
    left_out = "node 0.0.6: left out: its certificate hash '<N/A>' is not a SHA-384 in hex"
    assert f"Nodes of testnet: {left_out}" in finished.output
    run = finished.report["run"]
    assert sorted(run["network"]["nodes"].values()) == ["0.0.3", "0.0.4", "0.0.5"]
    assert not set(run["network"]["nodes"]) & set(testnet.network.nodes), "by TLS"
    assert run["workers"] == 2
    assert run["network"]["node_source"].startswith("address book of the mirror, 3 nodes")
    assert run["network"]["node_remarks"] == [left_out]
    page = (finished.report_dir / "latest" / "report.html").read_text()
    assert run["network"]["node_source"] in page
    kept = read_book(finished.report_dir / "latest" / "address-book.json")
    assert kept.network == "testnet"
    assert kept.source == run["network"]["node_source"]
    assert [entry.account_id for entry in kept.entries] == ["0.0.3", "0.0.4", "0.0.5", "0.0.6"]


def test_without_an_address_book_the_built_in_list_is_called_and_said(
    run_locust: Any, mirror: Mirror, environment: dict[str, str]
) -> None:
    """With its date and the reason, on the console and in the report; what is kept is that list."""
    mirror.refuses = True
    finished = run_locust(*SHORT, "HcsSubmitter", **environment)
    assert finished.exit_code == 0, finished.output
    assert mirror.books == 3, "a refusal may be gone in a moment"
    source = finished.report["run"]["network"]["node_source"]
    assert source.startswith(
        "built-in list of 2026-01-31, 1 node at 1 address, since the mirror gave no address book: HTTP_503: "
    )
    assert f"Nodes of testnet: {source}" in finished.output
    assert list(finished.report["run"]["network"]["nodes"].values()) == ["0.0.3"]
    kept = read_book(finished.report_dir / "latest" / "address-book.json")
    assert [entry.account_id for entry in kept.entries] == ["0.0.3"]


def test_an_address_book_that_was_asked_for_has_no_substitute(
    run_locust: Any, mirror: Mirror, environment: dict[str, str]
) -> None:
    """`--node-list address-book` ends the run in one line; `configured` asks nobody."""
    mirror.refuses = True
    finished = run_locust(*SHORT, "--node-list", "address-book", "HcsSubmitter", **environment)
    assert finished.exit_code == 1
    assert "locust: error: the run could not be set up: HTTP_503: mirror" in finished.output
    asked = mirror.books
    finished = run_locust(*SHORT, "--node-list", "configured", "HcsSubmitter", **environment)
    assert finished.exit_code == 0, finished.output
    assert mirror.books == asked
    assert "built-in list of 2026-01-31, 1 node at 1 address, as asked for" in finished.output


def test_the_embedded_network_says_its_nodes_itself(run_locust: Any) -> None:
    """No list is fetched, told or kept."""
    finished = run_locust(*LOAD, "HcsSubmitter")
    assert finished.exit_code == 0, finished.output
    assert "Nodes of" not in finished.output
    assert finished.report["run"]["network"]["node_source"] == ""
    assert not (finished.report_dir / "latest" / "address-book.json").exists()
