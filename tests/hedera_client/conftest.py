"""A gRPC server that answers as its request says, and what reaches it through either transport."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from config.networks import Network
from hedera_client import HederaClient, Operator
from hedera_client.transports import TRANSPORTS
from localnet_launcher import Localnet

NODE = "0.0.3"
KEY = "302e020100300506032b657004220420" + "ab" * 32


class Server(grpc.GenericRpcHandler):
    """A gRPC server on loopback: the method's name says what it does with a request.

    `echo` gives it back; `slow` after 2 s; `size` gives as many bytes as it says; `code` ends with the gRPC code of
    that name; `hold` waits until the caller gives up, and notes that; `nothing` ends well without a message.
    """

    def __init__(self, port: int = 0, **options: Any) -> None:
        self.seen: list[bytes] = []
        self.given_up = threading.Event()
        self.entered = threading.Event()
        limits = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
        ]
        self._server = grpc.server(
            ThreadPoolExecutor(64), handlers=[self], options=[*limits, *((f"grpc.{k}", v) for k, v in options.items())]
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self._server.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def service(self, details: Any) -> Any:
        method = details.method.rpartition("/")[2]
        if method == "nothing":
            return grpc.unary_stream_rpc_method_handler(lambda *_: iter(()))
        return grpc.unary_unary_rpc_method_handler(getattr(self, method, None))

    def echo(self, request: bytes, _: Any) -> bytes:
        self.seen.append(request)
        return request

    def slow(self, request: bytes, _: Any) -> bytes:
        time.sleep(2)
        return request

    def size(self, request: bytes, _: Any) -> bytes:
        return bytes(int(request))

    def code(self, request: bytes, context: Any) -> bytes:
        context.abort(grpc.StatusCode[request.decode()], "as é asked %")
        raise AssertionError("abort raises")

    def hold(self, _: bytes, context: Any) -> bytes:
        self.entered.set()
        over = threading.Event()
        context.add_callback(over.set)
        over.wait(20)
        self.given_up.set()
        return b""

    def stop(self) -> None:
        self._server.stop(None).wait()


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


def client_of(*addresses: str, **options: Any) -> HederaClient:
    """A client of one node, which need not be one of Hedera's."""
    nodes = dict.fromkeys(addresses, NODE)
    network = Network(name="custom", nodes=nodes, mirror_rest="http://127.0.0.1:1", mirror_grpc="127.0.0.1:1")
    return HederaClient(network, Operator.parse("0.0.1001", KEY), **({"lane": 0, "rpc_timeout": 60.0} | options))


def send(
    caller: HederaClient, method: str, request: bytes = b"", timeout: float = 10.0, *, reading: bool = False
) -> bytes:
    """One call of the server's method."""
    return caller.call(NODE, f"/test.Test/{method}", request, timeout, action=method, reading=reading)
