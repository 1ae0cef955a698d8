"""A whole network behind fronts: one process before every node, and one before the mirror."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from config.networks import Network
from tests.fronts.front import Front, route
from tests.fronts.proxies import HaproxyHttp, HaproxyTcp, Nginx
from tests.fronts.servers import GrpcGoFront, GrpcJsFront, NettyFront

FRONTS: Final[dict[str, Callable[..., Front]]] = {
    "haproxy-http": HaproxyHttp,
    "haproxy-tcp": HaproxyTcp,
    "nginx": Nginx,
    "netty": NettyFront,
    "grpc-js": GrpcJsFront,
    "grpc-go": GrpcGoFront,
}


class Row:
    """Fronts of one kind before all nodes of a network and before its mirror.

    Args:
        name: Which of FRONTS.
        folder: For their configurations.
        network: What stands behind.
        options: Of the fronts before the nodes.

    Attributes:
        network: The same network as it is reached through the fronts.
        nodes: The fronts before the nodes.
        mirror: The front before the mirror's stream, and before its REST API where it knows HTTP/1.1.
    """

    def __init__(self, name: str, folder: Path, network: Network, **options: Any) -> None:
        make = partial(FRONTS[name], **options)
        routes = {address: route(address) for address in network.nodes}
        self.nodes = [make(folder / f"node{one.port}", [one]) for one in routes.values()]
        stream, rest = route(network.mirror_grpc), route(network.mirror_rest.removeprefix("http://"), "http")
        knows_http = "http" in self.nodes[0].protocols
        self.mirror = make(folder / "mirror", [stream, rest] if knows_http else [stream])
        self.network = network.model_copy(
            update={
                "nodes": {routes[address].address: account for address, account in network.nodes.items()},
                "mirror_grpc": stream.address,
                "mirror_rest": f"http://{rest.address}" if knows_http else network.mirror_rest,
            }
        )

    @property
    def all(self) -> list[Front]:
        """Every one of them."""
        return [*self.nodes, self.mirror]

    def start(self) -> None:
        """Start all, and wait until all listen."""
        try:
            for one in self.all:
                one.launch()
            for one in self.all:
                one.await_ready()
        except BaseException:
            self.stop()
            raise

    def rolling(self, how: Literal["reload", "kill"], pause_s: float) -> None:
        """Do something to one node's front after the other, as an operator would."""
        for one in self.nodes:
            one.reload() if how == "reload" else one.kill()
            time.sleep(pause_s)

    def stop(self) -> None:
        """End all; may be called again."""
        for one in self.all:
            one.stop()
