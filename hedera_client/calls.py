"""One call of raw bytes to one consensus node. Channels are opened on first use, by the process that uses them."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc

from hedera_client.channels import open_node_channel
from hedera_client.status import CLOSED, not_connected, transport_error


@dataclass(slots=True)
class _Node:
    """One node as this process reaches it."""

    address: str
    # Held while the channel is opened, which with TLS takes a handshake; other nodes are not held up by it.
    lock: threading.Lock = field(default_factory=threading.Lock)
    channel: grpc.Channel | None = None
    methods: dict[str, grpc.UnaryUnaryMultiCallable] = field(default_factory=dict)


class NodeCalls:
    """Makes unary calls to the nodes of one network; safe for threads and greenlets, usable after a fork.

    Calls are made in gRPC's `future` form. Under gevent its cost is that of the blocking form (280-390 us CPU each,
    20 to 200 greenlets, both forms within the noise of each other), but it needs one thread of gevent's pool per
    channel instead of one per call: with ten 2 s calls in flight, a 10 ms call took 13 ms, against 1,705 ms in the
    blocking form on the default pool.

    Args:
        addresses: `host:port` by the node's account id.
        tls: Whether nodes are spoken to over TLS.
    """

    def __init__(self, addresses: Mapping[str, str], *, tls: bool) -> None:
        self._addresses = dict(addresses)
        self._tls = tls
        self._closed = False
        self._adopt()

    def call(
        self,
        node: str,
        method: str,
        request: bytes,
        timeout: float,
        *,
        action: str,
        transaction_id: str = "",
        reading: bool = False,
    ) -> bytes:
        """Send `request` and return the answer's bytes.

        Args:
            node: Account id of the node.
            method: Full gRPC method name, e.g. `/proto.ConsensusService/submitMessage`.
            request: Serialised request.
            timeout: Seconds until the call is given up.
            action: What to call it in an error.
            transaction_id: For an error.
            reading: Whether it changes nothing (see `hedera_client.status.transport_error`).

        Raises:
            TransportError: there was no answer.
        """
        future = None
        try:
            future = self._method(node, method).future(request, timeout=timeout)
            answer: bytes = future.result()
        except grpc.RpcError as error:
            raise transport_error(
                error, node=node, transaction_id=transaction_id, action=action, reading=reading
            ) from error
        except (OSError, ValueError) as error:
            # No certificate to be had; or gRPC's ValueError for a call on a channel that was closed.
            status = CLOSED if self._closed else "UNAVAILABLE"
            raise not_connected(
                str(error), node=node, transaction_id=transaction_id, action=action, status=status
            ) from error
        except BaseException:
            # A killed greenlet or a timeout of the caller's: nobody waits for the answer any more.
            if future is not None:
                future.cancel()
            raise
        return answer

    def close(self) -> None:
        """Close the process's channels. Calls in flight end as CANCELLED, later ones as CLOSED. May be repeated."""
        self._closed = True
        if self._pid != os.getpid():
            return  # another process's channels are never touched, not even to close them
        for node in self._nodes.values():
            with node.lock:
                if node.channel is not None:
                    node.channel.close()
                node.channel = None
                node.methods.clear()

    def _adopt(self) -> None:
        """Start without channels, as the process that runs this."""
        self._pid = os.getpid()
        self._nodes = {account: _Node(address) for account, address in self._addresses.items()}

    def _method(self, account: str, method: str) -> grpc.UnaryUnaryMultiCallable:
        if self._pid != os.getpid():
            self._adopt()
        node = self._nodes[account]
        bound = node.methods.get(method)
        if bound is None:
            with node.lock:
                if self._closed:
                    raise ValueError("the client is closed")
                if node.channel is None:
                    node.channel = open_node_channel(node.address, tls=self._tls)
                # Without serialisers, gRPC passes bytes through.
                bound = node.methods[method] = node.channel.unary_unary(method)
        return bound
