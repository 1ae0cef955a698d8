"""Unary calls over gRPC's own channels, one per address, opened on first use by the process that uses them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import grpc

from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.pool import MAX_CONNECTIONS
from hedera_client.certificates import WrongCertificateError
from hedera_client.channels import open_node_channel
from hedera_client.status import NEVER_SENT

_TOO_MANY_REQUESTS: Final = "status: 429"
"""How gRPC words HTTP's 429 of a proxy ("Received http2 header with status: 429")."""


@dataclass(slots=True)
class _Address:
    """One address of a node as this process reaches it."""

    address: str
    certificate_hash: str
    # Held while the channel is opened, which with TLS takes a handshake; other nodes are not held up by it.
    lock: threading.Lock = field(default_factory=threading.Lock)
    channel: grpc.Channel | None = None
    methods: dict[str, grpc.UnaryUnaryMultiCallable] = field(default_factory=dict)


@dataclass(slots=True)
class _Node:
    """One node: its addresses, and the one in use."""

    addresses: list[_Address]
    turn: int = 0


class GrpcTransport:
    """See `hedera_client.transports.Transport`; its limitations are in docs/client.md.

    Calls are made in gRPC's `future` form. Under gevent its cost is that of the blocking form, but it needs one thread
    of gevent's pool per channel instead of one per call: with ten 2 s calls in flight, a 10 ms call took 13 ms, against
    1,705 ms in the blocking form on the default pool.

    Args:
        addresses: One or more `host:port` by the node's account id. One is used until it cannot be reached.
        tls: Whether nodes are called over TLS.
        certificate_hashes: By account id, SHA-384 of the certificate's PEM in hex; a node without one may show any.
        max_connections: Per address.
    """

    def __init__(
        self,
        addresses: Mapping[str, Sequence[str]],
        *,
        tls: bool,
        certificate_hashes: Mapping[str, str] | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self._addresses = {account: tuple(several) for account, several in addresses.items()}
        self._hashes = dict(certificate_hashes or {})
        self._tls = tls
        self._max = max_connections
        self._closed = False
        self._adopt()

    def unary(
        self,
        node: str,
        method: str,
        request: bytes,
        timeout: float,
        on_wait: Callable[[float], None] | None = None,  # noqa: ARG002 (gRPC does not tell)
    ) -> bytes:
        """See `hedera_client.transports.Transport`."""
        if self._pid != os.getpid():
            self._adopt()
        here = self._nodes[node]
        for _ in here.addresses[1:]:
            turn = here.turn
            try:
                return self._call(here.addresses[turn], method, request, timeout)
            except NoAnswerError as failure:
                if failure.sent or self._closed:
                    raise
                here.turn = (turn + 1) % len(here.addresses)  # it was never sent: to the next address
        return self._call(here.addresses[here.turn], method, request, timeout)

    def connections(self) -> dict[str, dict[str, float]]:
        """Nothing of any node: gRPC does not tell."""
        return {account: {} for account in self._nodes}

    def close(self) -> None:
        """See `hedera_client.transports.Transport`."""
        self._closed = True
        if self._pid != os.getpid():
            return  # another process's channels are never touched, not even to close them
        for node in self._nodes.values():
            for address in node.addresses:
                with address.lock:
                    if address.channel is not None:
                        address.channel.close()
                    address.channel = None
                    address.methods.clear()

    def _adopt(self) -> None:
        """Start without channels, as the process that runs this."""
        self._pid = os.getpid()
        self._nodes = {
            account: _Node([_Address(address, self._hashes.get(account, "")) for address in several])
            for account, several in self._addresses.items()
        }

    def _call(self, address: _Address, method: str, request: bytes, timeout: float) -> bytes:
        future = None
        try:
            future = self._method(address, method).future(request, timeout=timeout)
            answer: bytes | None = future.result()
        except grpc.RpcError as error:
            raise _no_answer(error) from error
        except (OSError, ValueError, WrongCertificateError) as error:
            # No certificate to be had, or a wrong one; or gRPC's ValueError for a call on a channel that was closed.
            raise NoAnswerError("UNAVAILABLE", str(error), sent=False) from error
        except BaseException:
            # A killed greenlet or a timeout of the caller's: the answer is no longer needed.
            if future is not None:
                future.cancel()
            raise
        if answer is None:  # gRPC gives that for a call that ended well and brought no message
            raise NoAnswerError("INTERNAL", "the call ended well, but there is no message")
        return answer

    def _method(self, address: _Address, method: str) -> grpc.UnaryUnaryMultiCallable:
        bound = address.methods.get(method)
        if bound is None:
            with address.lock:
                if self._closed:
                    raise ValueError("the client is closed")
                if address.channel is None:
                    address.channel = open_node_channel(
                        address.address,
                        tls=self._tls,
                        certificate_hash=address.certificate_hash,
                        max_connections=self._max,
                    )
                # Without serialisers, gRPC passes bytes through.
                bound = address.methods[method] = address.channel.unary_unary(method)
        return bound


def _no_answer(error: grpc.RpcError) -> NoAnswerError:
    """What gRPC's error says; it must carry `code()` and `details()`, as the errors of calls do."""
    status, details = error.code().name, str(error.details() or "")
    never = status == "UNAVAILABLE" and NEVER_SENT.match(details) is not None
    return NoAnswerError(status, details, sent=not never, busy=_TOO_MANY_REQUESTS in details)
