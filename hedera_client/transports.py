"""What carries the client's calls to the nodes: what is asked of a transport, and which there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol, get_args

from config.networks import Network
from hedera_client.grpc_transport import GrpcTransport
from hedera_client.http2_transport import open_http2_transport

TransportName = Literal["http2", "grpc"]

TRANSPORTS: Final[tuple[TransportName, ...]] = get_args(TransportName)
"""`http2` is this project's own and much cheaper; `grpc` is gRPC's own (docs/client.md, benchmarks/README.md)."""


class Transport(Protocol):
    """Makes unary calls to the nodes of one network.

    Connections are opened on first use, by the process that uses them. Safe for threads and greenlets, usable after a
    fork.
    """

    def unary(
        self,
        node: str,
        method: str,
        request: bytes,
        timeout: float,
        on_wait: Callable[[float], None] | None = None,
        /,
    ) -> bytes:
        """Send `request` to a node and return the answer's bytes.

        Args:
            node: Account id.
            method: Full gRPC method name.
            request: The bytes.
            timeout: Seconds.
            on_wait: Called once, when the call has ended, well or not, with the seconds that it waited for a connection
                or for a free stream before it was sent; only if it had to, and only where the transport can tell.

        Raises:
            NoAnswerError: there was none within `timeout` seconds.
        """

    def connections(self) -> dict[str, dict[str, float]]:
        """What this process's connections have been through, by the node's account id (`grpc_http2.client.counts`)."""

    def close(self) -> None:
        """Close the process's connections. Calls in flight end as CANCELLED. May be repeated."""


def open_transport(network: Network, name: TransportName, max_connections: int) -> Transport:
    """Make a transport to the nodes of a network; it opens nothing yet.

    Args:
        network: Where the nodes are; several addresses of one account are used in turn.
        name: Which of TRANSPORTS.
        max_connections: Connections per node that take calls at the same time.

    Raises:
        ValueError: there is no such transport, or no connection is allowed.
    """
    if name not in TRANSPORTS:
        raise ValueError(f"transport {name!r}: choose one of {', '.join(TRANSPORTS)}")
    if max_connections < 1:
        raise ValueError(f"max_connections {max_connections}: choose 1 or more")
    addresses: dict[str, list[str]] = {}
    for address, account_id in network.nodes.items():
        addresses.setdefault(account_id, []).append(address)
    make: Callable[..., Transport] = GrpcTransport if name == "grpc" else open_http2_transport
    return make(
        addresses, tls=network.tls, certificate_hashes=network.certificate_hashes, max_connections=max_connections
    )
