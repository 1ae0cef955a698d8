"""TLS on the node ports, as the unmodified SDK checks it: by the certificate's hash in the address book."""

from __future__ import annotations

import hashlib
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import requests
from hiero_sdk_python import AccountId, Client, PrivateKey, TopicCreateTransaction
from hiero_sdk_python.address_book.node_address import NodeAddress
from hiero_sdk_python.client.network import Network as SdkNetwork
from hiero_sdk_python.node import _Node

from localnet import pb
from localnet_launcher import start_localnet

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

PLAIN, TLS = 50211, 50212
"""The SDK takes these two ports for the plain and the TLS port of one node, and no others."""


@pytest.fixture
def loopback() -> str:
    """A loopback address of its own, so that nothing else is in the way on the fixed ports."""
    return own_loopback()


def own_loopback() -> str:
    """Pick one by chance; where there is but one loopback address the test is skipped."""
    host = "127.77.{}.{}".format(*secrets.token_bytes(2))
    try:
        socket.create_server((host, 0)).close()
    except OSError:
        pytest.skip("this system has one loopback address only")
    return host


@pytest.fixture(scope="module")
def solo() -> Iterator[Localnet]:
    """A network on the fixed ports."""
    host = own_loopback()
    running = start_localnet("--ports", "solo", "--host", host, "--consensus-delay", "0", "--mirror-lag", "0")
    yield running
    running.stop()


def host_of(running: Localnet) -> str:
    return next(iter(running.network.nodes)).rpartition(":")[0]


def from_rest(running: Localnet) -> NodeAddress:
    """The first node's entry as the SDK reads it from the mirror's REST API."""
    from tests.localnet.clients import Rest

    return NodeAddress._from_dict(Rest(running.network.mirror_rest)("/api/v1/network/nodes")[1]["nodes"][0])


def from_stream(running: Localnet) -> NodeAddress:
    """The same from the mirror's gRPC API."""
    with grpc.insecure_channel(running.network.mirror_grpc) as channel:
        get_nodes = channel.unary_stream(
            "/com.hedera.mirror.api.proto.NetworkService/getNodes",
            request_serializer=pb.AddressBookQuery.SerializeToString,
            response_deserializer=pb.NodeAddress.FromString,
        )
        return NodeAddress._from_proto(next(iter(get_nodes(pb.AddressBookQuery(limit=1), timeout=10))))


def from_file(running: Localnet) -> NodeAddress:
    """The same from file 0.0.102, which a node serves in plain text."""
    from tests.localnet.clients import Wire

    wire = Wire(running)
    try:
        header = {"payment": wire.payment(100_000_000)}
        reply = wire.query(fileGetContents={"header": header, "fileID": {"fileNum": 102}})
    finally:
        wire.close()
    book = pb.NodeAddressBook.FromString(reply.fileGetContents.fileContents.contents)
    return NodeAddress._from_proto(book.nodeAddress[0])


@pytest.fixture
def tls_client(solo: Localnet) -> Iterator[Callable[[NodeAddress], Client]]:
    """Opens the SDK's client by TLS, with certificates verified against a given entry of the address book."""
    opened: list[Client] = []

    def open_one(entry: NodeAddress) -> Client:
        node = _Node(AccountId.from_string("0.0.3"), f"{host_of(solo)}:{PLAIN}", entry)
        client = Client(SdkNetwork("embedded", nodes=[node], mirror_address=solo.network.mirror_grpc))
        client.set_transport_security(True)
        assert client.is_verify_certificates()
        client.set_operator(AccountId.from_string(solo.operator_id), PrivateKey.from_string(solo.operator_key))
        opened.append(client)
        return client

    yield open_one
    for client in opened:
        client.close()


@pytest.mark.parametrize("source", [from_rest, from_stream, from_file])
def test_the_sdk_connects_by_tls_and_verifies(
    solo: Localnet, tls_client: Callable[[NodeAddress], Client], source: Callable[[Localnet], NodeAddress]
) -> None:
    """Wherever the SDK reads the address book, the hash in it is that of the certificate the node shows."""
    entry = source(solo)
    assert entry._cert_hash
    client = tls_client(entry)
    receipt = TopicCreateTransaction().execute(client)
    assert receipt.topic_id.num > 1001
    assert str(client.network.nodes[0]._address).endswith(f":{TLS}")


def test_the_sdk_refuses_another_hash(solo: Localnet, tls_client: Callable[[NodeAddress], Client]) -> None:
    """A node that shows a certificate which is not in the address book is not spoken to."""
    entry = from_rest(solo)
    entry._cert_hash = hashlib.sha384(b"somebody else").digest()
    client = tls_client(entry)
    with pytest.raises(ValueError, match="Failed to confirm the server's certificate"):
        client.network.nodes[0]._get_channel()


@pytest.mark.parametrize(("ports", "node", "rest"), [("solo", 35211, 38081), ("local-node", 50211, 5551)])
def test_the_fixed_ports(start: Callable[..., Localnet], loopback: str, ports: str, node: int, rest: int) -> None:
    """Everything is where the official SDKs and the relay's clients look for it, whichever network they believe in
    (@hiero-ledger/sdk 2.87.0: ClientConstants.js, MirrorNode.js, FeeEstimateQuery.js, ManagedNodeAddress.js;
    hiero-sdk-python 0.3.0: client/network.py, fee_estimate_query.py, managed_node_address.py)."""
    running = start("--ports", ports, "--host", loopback, "--latency", "instant", "--throttles", "off")
    assert running.network.nodes[f"{loopback}:{node}"] == "0.0.3"
    assert len(running.network.nodes) == 4
    assert running.network.mirror_rest == f"http://{loopback}:{rest}"
    assert (running.network.mirror_grpc, running.network.relay) == (f"{loopback}:5600", f"http://{loopback}:7546")
    for port in (5551, 38081, 8084):
        assert requests.get(f"http://{loopback}:{port}/api/v1/network/fees", timeout=10).ok
    query = pb.Query(cryptogetAccountBalance={"accountID": {"accountNum": 3}}).SerializeToString()
    for port in (50211, 35211):
        with grpc.insecure_channel(f"{loopback}:{port}") as channel:
            reply = channel.unary_unary("/proto.CryptoService/cryptoGetBalance")(query, timeout=10)
        assert pb.Response.FromString(reply).cryptogetAccountBalance.accountID.accountNum == 3
    assert ssl.get_server_certificate((loopback, 50212), timeout=10)


def test_every_node_has_a_certificate_of_its_own(rest: Rest, localnet: Localnet) -> None:
    """The TLS ports of the address book show certificates with the hashes of the address book, all different."""
    rows = rest("/api/v1/network/nodes")[1]["nodes"]
    hashes = set()
    for row in rows:
        plain, secure = row["service_endpoints"]
        assert f"{plain['ip_address_v4']}:{plain['port']}" in localnet.network.nodes
        pem = ssl.get_server_certificate((secure["ip_address_v4"], secure["port"]), timeout=10)
        assert row["node_cert_hash"] == "0x" + hashlib.sha384(pem.encode()).hexdigest()
        hashes.add(row["node_cert_hash"])
    assert len(hashes) == len(rows) == 4


def test_without_tls_the_address_book_promises_none(
    start: Callable[..., Localnet], open_rest: Callable[[Localnet], Rest], open_wire: Callable[[Localnet], Wire]
) -> None:
    """With --tls off a node has one endpoint and no hash, and is reached in plain text as ever."""
    running = start("--tls", "off", "--consensus-delay", "0")
    row: dict[str, Any] = open_rest(running)("/api/v1/network/nodes")[1]["nodes"][0]
    assert (len(row["service_endpoints"]), row["node_cert_hash"]) == (1, "0x")
    assert open_wire(running).create_topic() > 1001
