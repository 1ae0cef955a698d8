"""Unary calls to several servers, over as many connections per server as the calls need."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from grpc_http2.client.connection import CheckCertificate
from grpc_http2.client.headers import request_head, timeout_value
from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.pool import MAX_CONNECTIONS, Pool
from grpc_http2.client.timing import Timing
from grpc_http2.wire.trace import Write, trace_from_environment

_forks = 0
"""How often this process was forked off another one; asking for the process id would be a system call per call."""


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 (a fact of the process)
    _forks += 1


os.register_at_fork(after_in_child=_count_fork)


class _Server:
    """One server: its connections, and the header blocks of its calls without time-outs."""

    __slots__ = ("authority", "heads", "pool", "tls", "user_agent")

    def __init__(self, pool: Pool, authority: str, user_agent: str, *, tls: bool) -> None:
        self.pool = pool
        self.authority = authority
        self.user_agent = user_agent
        self.tls = tls
        self.heads: dict[str, bytes] = {}

    def head(self, method: str) -> bytes:
        """The header block of a call without its time-out; it is kept in `heads`."""
        head = request_head(method, authority=self.authority, tls=self.tls, user_agent=self.user_agent)
        self.heads[method] = head
        return head


class Http2Transport:
    """Makes unary calls to servers by their names. Safe for threads and greenlets, usable after a fork.

    Connections are opened on first use, by the process that uses them.

    Args:
        addresses: One or more `host:port` by the server's name; several are used in turn.
        timing: How long things may take.
        user_agent: The user-agent header of calls.
        tls: Whether to use TLS.
        authority: The :authority header of calls; "" for the server's first address.
        check_certificates: By the server's name, TLS only: see `Connection`. A server without one may show any.
        max_connections: Per server; see `grpc_http2.client.pool.Pool`.
        trace: Takes all frames as lines of text; None: as the environment says (`grpc_http2.wire.trace`).
    """

    def __init__(
        self,
        addresses: Mapping[str, Sequence[str]],
        timing: Timing,
        *,
        user_agent: str,
        tls: bool = False,
        authority: str = "",
        check_certificates: Mapping[str, CheckCertificate] | None = None,
        max_connections: int = MAX_CONNECTIONS,
        trace: Write | None = None,
    ) -> None:
        self._addresses = {name: tuple(several) for name, several in addresses.items()}
        self._timing = timing
        self._user_agent = user_agent
        self._tls = tls
        self._authority = authority
        self._checks = dict(check_certificates or {})
        self._max = max_connections
        self._trace = trace or trace_from_environment()
        self._timeouts: dict[float, bytes] = {}
        self._closed = False
        self._adopt()

    def __repr__(self) -> str:
        return f"<Http2Transport {', '.join(f'{name}: {one.pool!r}' for name, one in self._servers.items())}>"

    def unary(
        self,
        server: str,
        method: str,
        request: bytes,
        timeout: float,
        on_wait: Callable[[float], None] | None = None,
    ) -> bytes:
        """Send `request` to a server and return the answer's bytes.

        Args:
            server: Its name.
            method: Full name, `/package.Service/method`.
            request: The serialised request.
            timeout: Seconds.
            on_wait: Called once, when the call has ended, well or not, with the seconds that it waited for a connection
                or for a free stream before it was sent; only if it had to.

        Raises:
            NoAnswerError: there was none within `timeout` seconds.
        """
        if self._closed:
            raise NoAnswerError("CANCELLED", "the client is closed", sent=False)
        if self._forks != _forks:
            self._adopt()
        entered = monotonic()
        here = self._servers[server]
        value = self._timeouts.get(timeout)
        if value is None:
            value = timeout_value(timeout)
            if len(self._timeouts) < 64:  # most calls share a few; the rest of a deadline is different every time
                self._timeouts[timeout] = value
        head = here.heads.get(method) or here.head(method)
        return here.pool.call(head, value, request, entered, timeout, on_wait)

    def connections(self) -> dict[str, dict[str, float]]:
        """Statistics of this process's connections, by the server's name (see `Counts`)."""
        return {name: server.pool.counts.as_dict() for name, server in self._servers.items()}

    def close(self) -> None:
        """Close the process's connections. Calls in flight end as CANCELLED, as later ones do. May be repeated."""
        self._closed = True
        if self._forks != _forks:
            return  # another process's connections are never touched
        for server in self._servers.values():
            server.pool.close()

    def _adopt(self) -> None:
        """Start without connections, as the process that runs this."""
        self._forks = _forks
        self._servers = {
            name: _Server(
                Pool(
                    several,
                    tls=self._tls,
                    check_certificate=self._checks.get(name),
                    max_connections=self._max,
                    timing=self._timing,
                    trace=self._trace,
                ),
                self._authority or several[0],
                self._user_agent,
                tls=self._tls,
            )
            for name, several in self._addresses.items()
        }
