"""Who a node is, and the channels and transports that hold it to that, against servers of gRPC's own."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.client.no_answer import NoAnswerError
from hedera_client.certificates import WrongCertificateError, check_certificate
from hedera_client.channels import fetch_certificate, open_mirror_channel, open_node_channel
from hedera_client.grpc_transport import GrpcTransport
from hedera_client.http2_transport import NODE_TIMING, open_http2_transport
from localnet.process.certificate import NodeCertificate, create_certificate
from tests.hedera_client.answering_server import NODE, Server

METHOD = "/test.Test/echo"
WAIT_S = 10.0
OPENERS: dict[str, Callable[..., Any]] = {"http2": open_http2_transport, "grpc": GrpcTransport}


@given(pem=st.binary(max_size=100), other=st.binary(max_size=100), case=st.sampled_from([str.lower, str.upper]))
def test_a_certificate_is_its_hash(pem: bytes, other: bytes, case: Callable[[str], str]) -> None:
    """In either case, with or without 0x; nothing listed accepts any."""
    shown = case(hashlib.sha384(pem).hexdigest())
    for expected in (shown, f"0x{shown}", ""):
        check_certificate(pem, expected)
    if pem != other:
        with pytest.raises(WrongCertificateError, match=hashlib.sha384(other).hexdigest()):
            check_certificate(other, shown)


@pytest.fixture(scope="module")
def certificate() -> NodeCertificate:
    """A node's."""
    return create_certificate("node3", "127.0.0.1", time.time())


@pytest.fixture(scope="module")
def secured(certificate: NodeCertificate) -> Iterator[str]:
    """The address of a TLS server that shows it, and gives back what it is sent."""

    class Echo(grpc.GenericRpcHandler):
        def service(self, _: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(lambda request, _: request)

    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads, handlers=[Echo()])
        pair = [(certificate.private_key, certificate.certificate)]
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair))
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def test_a_certificate_is_fetched_unchecked(secured: str, certificate: NodeCertificate) -> None:
    """Where there is no TLS it is told so."""
    assert check_certificate(fetch_certificate(secured), certificate.hash) is None
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError, match="timed out"):
        fetch_certificate(f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.05)


def test_a_node_channel_trusts_the_nodes_own_certificate(secured: str, certificate: NodeCertificate) -> None:
    """Whoever signed it, and however the node is addressed; a mirror's must be signed by an authority."""
    with open_node_channel(secured, tls=True, certificate_hash=certificate.hash) as channel:
        assert channel.unary_unary(METHOD)(b"x", timeout=WAIT_S) == b"x"
    with pytest.raises(WrongCertificateError):
        open_node_channel(secured, tls=True, certificate_hash="ab" * 48)
    with open_mirror_channel(secured, tls=True) as channel, pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary(METHOD)(b"x", timeout=WAIT_S)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


def test_channels_in_plain_text(server: Server) -> None:
    """To a node and to a mirror."""
    for opened in (open_node_channel(server.address, tls=False), open_mirror_channel(server.address, tls=False)):
        with opened as channel:
            assert channel.unary_unary(METHOD)(b"x", timeout=WAIT_S) == b"x"


@pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS)
def test_a_transport_holds_a_node_to_its_certificate(
    opener: Callable[..., Any], secured: str, certificate: NodeCertificate
) -> None:
    """One with another is sent nothing."""
    transport = opener({NODE: [secured]}, tls=True, certificate_hashes={NODE: certificate.hash})
    assert transport.unary(NODE, METHOD, b"x", WAIT_S) == b"x"
    transport.close()
    transport = opener({NODE: [secured]}, tls=True, certificate_hashes={NODE: "ab" * 48})
    with pytest.raises(NoAnswerError) as raised:
        transport.unary(NODE, METHOD, b"x", 0.5)
    assert not raised.value.sent
    transport.close()


@pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS)
def test_a_transport_goes_on_to_the_next_address_of_a_node(opener: Callable[..., Any], server: Server) -> None:
    """Where the first cannot be reached; the call was never sent there. Once closed it makes no call."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = f"127.0.0.1:{gone.getsockname()[1]}"
    transport = opener({NODE: [nobody, server.address]}, tls=False)
    assert transport.unary(NODE, METHOD, b"x", WAIT_S) == b"x"
    assert set(transport.connections()) == {NODE}
    transport.close()
    transport.close()
    with pytest.raises(NoAnswerError) as raised:
        transport.unary(NODE, METHOD, b"y", WAIT_S)
    assert (raised.value.sent, server.seen) == (False, [b"x"])


def test_connections_are_left_before_real_nodes_close_them() -> None:
    """Nodes close an idle connection after 10 s, and that of who pings more than once a minute."""
    assert NODE_TIMING.idle + NODE_TIMING.tick < 10.0
    assert NODE_TIMING.ping_interval >= 60.0
    assert NODE_TIMING.keepalive >= 60.0
