"""One call of raw bytes to one consensus node, over the transport that was chosen; every failure becomes one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, Protocol, get_args

from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.pool import MAX_CONNECTIONS
from hedera_client.grpc_transport import GrpcTransport
from hedera_client.http2_transport import open_http2_transport
from hedera_client.status import CLOSED, transport_error

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


class NodeCalls:
    """Makes unary calls to the nodes of one network; safe for threads and greenlets, usable after a fork.

    Args:
        addresses: One `host:port` or several by the node's account id; several are used in turn.
        tls: Whether nodes are spoken to over TLS.
        certificate_hashes: By account id, SHA-384 of the certificate's PEM in hex; a node without one may show any.
        transport: Which of TRANSPORTS carries the calls.
        max_connections: Connections per node that take calls at the same time.

    Raises:
        ValueError: there is no such transport, or no connection is allowed.
    """

    def __init__(
        self,
        addresses: Mapping[str, str | Sequence[str]],
        *,
        tls: bool,
        certificate_hashes: Mapping[str, str] | None = None,
        transport: TransportName = "http2",
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        if transport not in TRANSPORTS:
            raise ValueError(f"transport {transport!r}: choose one of {', '.join(TRANSPORTS)}")
        if max_connections < 1:
            raise ValueError(f"max_connections {max_connections}: choose 1 or more")
        make: Callable[..., Transport] = GrpcTransport if transport == "grpc" else open_http2_transport
        self._transport: Transport = make(
            {account: [several] if isinstance(several, str) else several for account, several in addresses.items()},
            tls=tls,
            certificate_hashes=certificate_hashes or {},
            max_connections=max_connections,
        )
        self._closed = False

    def call(
        self,
        node: str,
        method: str,
        request: bytes,
        timeout: float,
        *,
        action: str,
        transaction_id: object = "",
        reading: bool = False,
        on_wait: Callable[[float], None] | None = None,
    ) -> bytes:
        """Send `request` and return the answer's bytes.

        Args:
            node: Account id of the node.
            method: Full gRPC method name, e.g. `/proto.ConsensusService/submitMessage`.
            request: Serialised request.
            timeout: Seconds until the call is given up.
            action: What to call it in an error.
            transaction_id: For an error; its `str` is taken only then.
            reading: Whether it changes nothing (see `hedera_client.status.transport_error`).
            on_wait: See Transport.

        Raises:
            TransportError: there was no answer.
        """
        try:
            return self._transport.unary(node, method, request, timeout, on_wait)
        except NoAnswerError as failure:
            # A closed transport says that it has no connection.
            told = (
                NoAnswerError(CLOSED, "the client is closed", sent=False)
                if self._closed and not failure.sent
                else failure
            )
            raise transport_error(
                told, node=node, transaction_id=str(transaction_id), action=action, reading=reading
            ) from failure

    def connections(self) -> dict[str, dict[str, float]]:
        """See Transport."""
        return self._transport.connections()

    def close(self) -> None:
        """Close the process's connections. Calls in flight end as CANCELLED, later ones as CLOSED. May be repeated."""
        self._closed = True
        self._transport.close()
