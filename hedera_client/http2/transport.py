"""Unary calls to the nodes of one network over connections of our own; one per node, opened anew when it is lost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import monotonic
from typing import Final

from hedera_client.greenlets import make_lock
from hedera_client.http2.connection import Connection
from hedera_client.http2.headers import request_head, timeout_value
from hedera_client.status import NoAnswer

USER_AGENT: Final = "hedera-load"
NODE_NAME: Final = "127.0.0.1"
"""What nodes are called in a TLS call, wherever they are, as hiero-sdk-python's node.py does."""

FIRST_BACKOFF_S: Final = 0.2
LONGEST_BACKOFF_S: Final = 1.0
"""A node that could not be reached is not tried again for so long; calls fail meanwhile, at once. Doubled each time."""

_forks = 0
"""How often this process was forked off another one; asking for the process id would be a system call per call."""


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 (a fact of the process)
    _forks += 1


os.register_at_fork(after_in_child=_count_fork)


class _Node:
    """One node as this process reaches it."""

    def __init__(self, address: str, tls: bool, certificate_hash: str) -> None:
        self.address = address
        self.tls = tls
        self.certificate_hash = certificate_hash
        self.connection: Connection | None = None
        self.lock = make_lock()
        self.heads: dict[str, bytes] = {}
        self._backoff = FIRST_BACKOFF_S
        self._not_before = 0.0
        self._failure = ""

    def ready(self) -> Connection:
        """The connection to make the next call on; a new one where there is none that can be used.

        Raises:
            NoAnswer: the last try has failed, and the next one is not due yet.
        """
        connection = self.connection
        if connection is not None and connection.usable:
            return connection
        with self.lock:
            connection = self.connection
            if connection is not None and connection.usable:
                return connection
            if connection is not None and not connection.was_open:
                self._failed(connection)
            elif connection is not None:
                self._backoff, self._not_before = FIRST_BACKOFF_S, 0.0
            self.connection = None
            if monotonic() < self._not_before:
                raise NoAnswer("UNAVAILABLE", self._failure, sent=False)
            connection = self.connection = Connection(
                self.address, tls=self.tls, certificate_hash=self.certificate_hash
            )
            return connection

    def head(self, method: str) -> bytes:
        """The header block of a call but its time-out; it is kept in `heads`."""
        authority = NODE_NAME if self.tls else self.address
        head = self.heads[method] = request_head(method, authority=authority, tls=self.tls, user_agent=USER_AGENT)
        return head

    def _failed(self, connection: Connection) -> None:
        """Note that a connection could not be opened: from then on the node is left alone for a while."""
        self._failure = connection.failure
        self._not_before = connection.closed_at + self._backoff
        self._backoff = min(2 * self._backoff, LONGEST_BACKOFF_S)


class Http2Transport:
    """See `hedera_client.calls.Transport`.

    Args:
        addresses: `host:port` by the node's account id.
        tls: Whether nodes are spoken to over TLS.
        certificate_hashes: By account id, SHA-384 of the certificate's PEM in hex; a node without one may show any.
    """

    def __init__(
        self, addresses: Mapping[str, str], *, tls: bool, certificate_hashes: Mapping[str, str] | None = None
    ) -> None:
        self._addresses = dict(addresses)
        self._tls = tls
        self._hashes = dict(certificate_hashes or {})
        self._timeouts: dict[float, bytes] = {}
        self._closed = False
        self._adopt()

    def unary(self, node: str, method: str, request: bytes, timeout: float) -> bytes:
        """See `hedera_client.calls.Transport`."""
        if self._closed:
            raise NoAnswer("CANCELLED", "the client is closed", sent=False)
        if self._forks != _forks:
            self._adopt()
        deadline = monotonic() + timeout
        here = self._nodes[node]
        connection = here.connection
        if connection is None or not connection.usable:
            connection = here.ready()
        value = self._timeouts.get(timeout)
        if value is None:
            value = timeout_value(timeout)
            if len(self._timeouts) < 64:  # most calls share a few; the rest of a deadline is different every time
                self._timeouts[timeout] = value
        head = here.heads.get(method) or here.head(method)
        return connection.call(head + value, request, deadline)

    def close(self) -> None:
        """See `hedera_client.calls.Transport`."""
        self._closed = True
        if self._forks != _forks:
            return  # another process's connections are never touched
        for node in self._nodes.values():
            if node.connection is not None:
                node.connection.close()

    def _adopt(self) -> None:
        """Start without connections, as the process that runs this."""
        self._forks = _forks
        self._nodes = {
            account: _Node(address, self._tls, self._hashes.get(account, ""))
            for account, address in self._addresses.items()
        }
