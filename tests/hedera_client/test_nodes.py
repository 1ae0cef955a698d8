"""Which nodes are called, over TLS, and how a node is told from somebody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.networks import Network
from hedera_client import Fate, HederaClient, MirrorError, TransportError, bodies, network_from_address_book
from localnet_launcher import Localnet

ROOT = Path(__file__).resolve().parents[2]
WRONG = "ab" * 48
SHORT_HASH: dict[str, Any] = {"certificate_hashes": {"0.0.3": "ab"}}


def over_tls(running: Localnet) -> Network:
    """The embedded network as its address book lists it, by TLS."""
    return network_from_address_book(running.network.model_copy(update={"tls": True}))


def create_topic(client: HederaClient, node: str) -> str | None:
    own_id = client.new_transaction_id()
    client.submit(client.prepare(bodies.create_topic(), node, own_id))
    return client.await_receipt(own_id, node, timeout=5, interval=0.02).topic_id


def test_plain_nodes_come_from_the_address_book(localnet: Localnet) -> None:
    """The same nodes as in the ready line, and no hashes, which plain text has no use for."""
    network = network_from_address_book(localnet.network)
    assert network.nodes == localnet.network.nodes
    assert network.certificate_hashes == {}
    assert network == localnet.network


def test_tls_with_the_hashes_of_the_address_book(
    localnet: Localnet, make_client: Callable[..., HederaClient], transport: str
) -> None:
    """Every node is reached by TLS and shows the certificate that the address book names."""
    network = over_tls(localnet)
    assert set(network.nodes.values()) == set(localnet.network.nodes.values()) == set(network.certificate_hashes)
    assert not set(network.nodes) & set(localnet.network.nodes)
    client = make_client(localnet, network=network, transport=transport)
    assert all(create_topic(client, node) for node in client.nodes)


def test_another_certificate_is_refused(
    localnet: Localnet, make_client: Callable[..., HederaClient], transport: str
) -> None:
    """One clear error, nothing sent, and other nodes serve."""
    network = over_tls(localnet)
    network = network.model_copy(update={"certificate_hashes": {**network.certificate_hashes, "0.0.3": WRONG}})
    client = make_client(localnet, network=network, transport=transport)
    for _ in range(2):
        with pytest.raises(TransportError) as caught:
            create_topic(client, "0.0.3")
        assert (caught.value.status, caught.value.fate) == ("UNAVAILABLE", Fate.RETRYABLE)
        assert f"the address book says {WRONG}" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert create_topic(client, "0.0.4")


def test_without_a_hash_any_certificate_will_do(
    localnet: Localnet, make_client: Callable[..., HederaClient], transport: str
) -> None:
    """A network that is given by hand need not know hashes."""
    network = over_tls(localnet).model_copy(update={"certificate_hashes": {}})
    client = make_client(localnet, network=network, transport=transport)
    assert create_topic(client, "0.0.3")


def test_tls_to_a_node_that_speaks_plain_text(
    localnet: Localnet, make_client: Callable[..., HederaClient], transport: str
) -> None:
    """And the other way round: no answer, nothing sent."""
    client = make_client(localnet, network=localnet.network.model_copy(update={"tls": True}), transport=transport)
    with pytest.raises(TransportError) as caught:
        create_topic(client, "0.0.3")
    assert (caught.value.status, caught.value.fate) == ("UNAVAILABLE", Fate.RETRYABLE)


def test_hashes_are_checked_when_they_are_given() -> None:
    """48 bytes in hex."""
    with pytest.raises(ValidationError):
        Network(
            name="custom", nodes={"h:1": "0.0.3"}, mirror_rest="", mirror_grpc="", certificate_hashes={"0.0.3": "ab"}
        )


class Mirror(BaseHTTPRequestHandler):
    """A mirror with an address book like a public network's: several addresses a node, several pages.

    It refuses more than 25 nodes a page, as mirrors do (MN:rest/controllers/networkController.js, networkNodesMaxSize).
    """

    book: list[dict[str, Any]] = []  # noqa: RUF012 (set by the test)

    def do_GET(self) -> None:
        page = 1 if "node.id" in self.path else 0
        links = {"next": None if page else "/api/v1/network/nodes?limit=25&order=asc&node.id=gt:1"}
        body = json.dumps({"nodes": self.book[2 * page : 2 * page + 2], "links": links}).encode()
        self.send_response(200 if "limit=25&" in self.path else 400)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def mirror() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def row(number: int, *endpoints: tuple[str, int], cert: str = "0x" + WRONG) -> dict[str, Any]:
    points = [{"ip_address_v4": host, "domain_name": "", "port": port} for host, port in endpoints]
    return {"node_account_id": f"0.0.{number}", "node_id": number, "node_cert_hash": cert, "service_endpoints": points}


def test_a_public_networks_address_book(mirror: str) -> None:
    """All pages; every address of each node, by the well-known ports, in the book's order."""
    Mirror.book = [
        row(3, ("10.0.0.1", 50212), ("10.0.0.1", 50211), ("10.0.0.2", 50211), ("10.0.0.2", 50212)),
        row(4, ("10.0.0.3", 50211)),
        row(5, ("10.0.0.4", 50211), ("10.0.0.4", 50212), cert="0x"),
    ]
    network = Network(name="custom", nodes={"h:1": "0.0.9"}, mirror_rest=mirror, mirror_grpc="h:1", tls=True)
    secure = network_from_address_book(network)
    assert secure.nodes == {
        "10.0.0.1:50212": "0.0.3",
        "10.0.0.2:50212": "0.0.3",
        "10.0.0.3:50212": "0.0.4",
        "10.0.0.4:50212": "0.0.5",
    }
    assert secure.certificate_hashes == {"0.0.3": WRONG, "0.0.4": WRONG}
    plain = network_from_address_book(network.model_copy(update={"tls": False}))
    assert plain.nodes == {
        "10.0.0.1:50211": "0.0.3",
        "10.0.0.2:50211": "0.0.3",
        "10.0.0.3:50211": "0.0.4",
        "10.0.0.4:50211": "0.0.5",
    }


def test_an_address_book_without_nodes(mirror: str) -> None:
    """Is an error that says so, and not an empty network."""
    Mirror.book = [row(3, ("10.0.0.1", 50211), cert="<N/A>")]
    network = Network(name="custom", nodes={"h:1": "0.0.9"}, mirror_rest=mirror, mirror_grpc="h:1", tls=True)
    with pytest.raises(MirrorError, match="lists 1 nodes, and none with a TLS address"):
        network_from_address_book(network)


@pytest.mark.parametrize("tls", [[], ["--tls"]])
def test_the_command_checks_the_address_books_nodes(localnet: Localnet, tmp_path: Path, tls: list[str]) -> None:
    """`check --address-book` looks at the nodes that the mirror lists, by TLS if asked to."""
    ready = tmp_path / "ready.json"
    fields = localnet.network.model_dump()
    ready.write_text(
        json.dumps({**fields, "operator_id": localnet.operator_id, "operator_key": localnet.operator_key}) + "\n"
    )
    command = [sys.executable, "-m", "hedera_client", "check", "--ready-file", str(ready), "--address-book", *tls]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    addresses = over_tls(localnet).nodes if tls else localnet.network.nodes
    assert all(
        f"node {account} {address}: takes the operator's transactions" in done.stdout
        for address, account in addresses.items()
    )
