"""What reaches a server through either transport, and clients of an embedded network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hedera_client import HederaClient, Operator, bodies
from hedera_client.transports import TRANSPORTS
from localnet_launcher import Localnet
from tests.hedera_client.answering_server import Server, client_of
from tests.hedera_client.mirror_front import MirrorFront, Submit


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    """Start servers that end with the test."""
    started: list[Server] = []

    def make(port: int = 0, **options: Any) -> Server:
        started.append(Server(port, **options))
        return started[-1]

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    return make_server()


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Each of the transports in turn."""
    return str(request.param)


@pytest.fixture
def make_caller(transport: Any) -> Iterator[Callable[..., HederaClient]]:
    """Make clients of one node, by its address or addresses, that end with the test."""
    made: list[HederaClient] = []

    def make(*addresses: str, **options: Any) -> HederaClient:
        made.append(client_of(*addresses, **({"transport": transport} | options)))
        return made[-1]

    yield make
    for caller in made:
        caller.close()


@pytest.fixture
def caller(server: Server, make_caller: Callable[..., HederaClient]) -> HederaClient:
    return make_caller(server.address)


@pytest.fixture
def make_client() -> Iterator[Callable[..., HederaClient]]:
    """Make clients of a localnet's operator that end with the test."""
    made: list[HederaClient] = []

    def make(running: Localnet, **options: Any) -> HederaClient:
        operator = Operator.parse(running.operator_id, running.operator_key)
        settings = {"lane": 100 + len(made), "rpc_timeout": 5.0, "network": running.network} | options
        made.append(HederaClient(settings.pop("network"), operator, **settings))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def front(localnet: Localnet) -> Iterator[MirrorFront]:
    """A gRPC port before the mirror's, which breaks streams as it is told."""
    made = MirrorFront(localnet.network.mirror_grpc)
    yield made
    made.stop()


@pytest.fixture
def topic_id(localnet: Localnet, make_client: Callable[..., HederaClient]) -> str:
    """A new topic."""
    client = make_client(localnet)
    own_id, node = client.new_transaction_id(), client.next_node()
    client.submit(client.prepare(bodies.create_topic(), node, own_id))
    created = client.await_receipt(own_id, node, timeout=10, interval=0.02).topic_id
    assert created is not None
    return created


@pytest.fixture
def submit(localnet: Localnet, make_client: Callable[..., HederaClient], topic_id: str) -> Submit:
    """Write a message and return its sequence number."""
    client = make_client(localnet)

    def write() -> int:
        own_id, node = client.new_transaction_id(), client.next_node()
        client.submit(client.prepare(bodies.submit_message(topic_id, b"hello"), node, own_id))
        number = client.await_receipt(own_id, node, timeout=10, interval=0.02).topic_sequence_number
        assert number is not None
        return number

    return write
