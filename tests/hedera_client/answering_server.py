"""A gRPC server that answers as its request says."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from config.networks import Network
from hedera_client import HederaClient, Operator

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
