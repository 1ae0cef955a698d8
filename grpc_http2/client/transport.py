"""Unary calls to the nodes of one network over connections of our own, as many per node as the calls need."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Final

from grpc_http2.client.headers import request_head, timeout_value
from grpc_http2.client.no_answer import NoAnswer
from grpc_http2.client.pool import MAX_CONNECTIONS, Pool
from grpc_http2.client.timing import Timing

USER_AGENT: Final = "hedera-load"
NODE_NAME: Final = "127.0.0.1"
"""What nodes are called in a TLS call, wherever they are, as hiero-sdk-python's node.py does."""

_forks = 0
"""How often this process was forked off another one; asking for the process id would be a system call per call."""


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 (a fact of the process)
    _forks += 1


os.register_at_fork(after_in_child=_count_fork)


class _Node:
    """One node as this process reaches it: its connections, and the header blocks of its calls but their time-outs."""

    __slots__ = ("authority", "heads", "pool", "tls")

    def __init__(self, pool: Pool, authority: str, *, tls: bool) -> None:
        self.pool = pool
        self.authority = authority
        self.tls = tls
        self.heads: dict[str, bytes] = {}

    def head(self, method: str) -> bytes:
        """The header block of a call but its time-out; it is kept in `heads`."""
        head = self.heads[method] = request_head(method, authority=self.authority, tls=self.tls, user_agent=USER_AGENT)
        return head


class Http2Transport:
    """See `hedera_client.calls.Transport`.

    Args:
        addresses: One or more `host:port` by the node's account id.
        tls: Whether nodes are spoken to over TLS.
        certificate_hashes: By account id, SHA-384 of the certificate's PEM in hex; a node without one may show any.
        max_connections: Per node; see `grpc_http2.client.pool.Pool`.
        timing: How long things may take.
    """

    def __init__(
        self,
        addresses: Mapping[str, Sequence[str]],
        *,
        tls: bool,
        certificate_hashes: Mapping[str, str] | None = None,
        max_connections: int = MAX_CONNECTIONS,
        timing: Timing | None = None,
    ) -> None:
        self._addresses = {account: tuple(several) for account, several in addresses.items()}
        self._tls = tls
        self._hashes = dict(certificate_hashes or {})
        self._max = max_connections
        self._timing = timing or Timing()
        self._timeouts: dict[float, bytes] = {}
        self._closed = False
        self._adopt()

    def unary(
        self,
        node: str,
        method: str,
        request: bytes,
        timeout: float,
        on_wait: Callable[[float], None] | None = None,
    ) -> bytes:
        """See `hedera_client.calls.Transport`."""
        if self._closed:
            raise NoAnswer("CANCELLED", "the client is closed", sent=False)
        if self._forks != _forks:
            self._adopt()
        entered = monotonic()
        here = self._nodes[node]
        value = self._timeouts.get(timeout)
        if value is None:
            value = timeout_value(timeout)
            if len(self._timeouts) < 64:  # most calls share a few; the rest of a deadline is different every time
                self._timeouts[timeout] = value
        head = here.heads.get(method) or here.head(method)
        return here.pool.call(head, value, request, entered, timeout, on_wait)

    def connections(self) -> dict[str, dict[str, float]]:
        """See `hedera_client.calls.Transport`."""
        return {account: node.pool.counts.as_dict() for account, node in self._nodes.items()}

    def close(self) -> None:
        """See `hedera_client.calls.Transport`."""
        self._closed = True
        if self._forks != _forks:
            return  # another process's connections are never touched
        for node in self._nodes.values():
            node.pool.close()

    def _adopt(self) -> None:
        """Start without connections, as the process that runs this."""
        self._forks = _forks
        self._nodes = {
            account: _Node(
                Pool(
                    several,
                    tls=self._tls,
                    certificate_hash=self._hashes.get(account, ""),
                    max_connections=self._max,
                    timing=self._timing,
                ),
                NODE_NAME if self._tls else several[0],
                tls=self._tls,
            )
            for account, several in self._addresses.items()
        }
