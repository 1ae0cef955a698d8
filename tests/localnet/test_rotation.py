"""Which limits a network has, and that gRPC's own clients do not notice when connections end all the time."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from grpc_http2.server import Limits
from grpc_http2.server.limits import ours
from grpc_http2.wire import frames
from localnet import pb
from localnet.node.limits import OFF, REAL

if TYPE_CHECKING:
    from localnet_launcher import Localnet

CALLERS = 200
LOAD_S = 4.0
WAIT_S = 20.0


@pytest.mark.parametrize("nodes", ["nodes", "nodes_tls"])
def test_grpcio_under_load(hurried: dict[str, Any], nodes: str) -> None:
    """200 calls at once on one channel, ten per connection, and connections that are asked to leave after half a
    second: no call fails (NettyConfig prod.maxConcurrentCalls, prod.maxConnectionAge)."""
    outcomes: Counter[str] = Counter()
    query = pb.Query(cryptogetAccountBalance={"accountID": {"accountNum": 3}}).SerializeToString()

    async def caller(channel: grpc.aio.Channel, until: float) -> None:
        while time.monotonic() < until:
            try:
                await channel.unary_unary("/proto.CryptoService/cryptoGetBalance")(query, timeout=WAIT_S)
                outcomes["ok"] += 1
            except grpc.aio.AioRpcError as error:
                outcomes[f"{error.code()} {error.details()}"] += 1

    def open_channel() -> grpc.aio.Channel:
        address = next(iter(hurried[nodes]))
        if nodes == "nodes":
            return grpc.aio.insecure_channel(address)
        host, _, port = address.rpartition(":")
        certificate = ssl.get_server_certificate((host, int(port)), timeout=WAIT_S)
        return grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(certificate.encode()))

    async def main() -> None:
        until = time.monotonic() + LOAD_S
        async with open_channel() as channel:
            await asyncio.gather(*(caller(channel, until) for _ in range(CALLERS)))

    asyncio.run(main())
    assert list(outcomes) == ["ok"], outcomes
    assert outcomes["ok"] >= CALLERS


@pytest.mark.parametrize(
    ("arguments", "limits"), [((), REAL), (("--limits", "real"), REAL), (("--limits", "off"), OFF)]
)
def test_which_limits_a_network_has(start: Callable[..., Localnet], arguments: tuple[str, ...], limits: Limits) -> None:
    """By default those of real nodes, on every port of every node."""
    running = start(*arguments)
    greeting = frames.settings(ours(limits))
    for address in running.network.nodes:
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=WAIT_S) as connection:
            assert connection.recv(len(greeting), socket.MSG_WAITALL) == greeting
