"""A session on a socket, plain or TLS: opened by a worker of its own, written to by whoever has something to say.

What arrives is read by the worker; under gevent by the event loop itself, which spares a greenlet's wait with its
time-out, and two switches, for every piece (30 µs of processor time against 4).

The socket is never waited for while a lock is held, and writing never waits: what the system does not take at once, a
second worker writes when it does. So a caller's deadline holds whatever the other side does.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import weakref
from collections.abc import Callable
from time import monotonic
from typing import Final

from hedera_client.greenlets import make_lock
from hedera_client.http2.frames import ProtocolError
from hedera_client.http2.session import Session, Stream
from hedera_client.http2.tls import SecureLine
from hedera_client.http2.waiting import make_waiting, start_worker
from hedera_client.status import NoAnswer

CONNECT_TIMEOUT_S: Final = 10.0
"""Longest wait for a connection, with its TLS handshake and the server's settings."""

KEEPALIVE_S: Final = 100.0
KEEPALIVE_TIMEOUT_S: Final = 10.0
"""As hiero-sdk-python 0.3.0 sets them (node.py): they find a connection whose other end has silently gone."""

_READ_BYTES: Final = 65_536


def _nothing() -> None:
    """What there is to stop while nothing is read."""


class Connection:
    """One connection to one node. Making one begins to open it; it is used until it is `closed`.

    Args:
        address: `host:port`.
        tls: Whether to speak TLS.
        certificate_hash: SHA-384, in hex, of the PEM of the only certificate that is accepted; "" accepts any.

    Attributes:
        was_open: Calls could be made on it, now or once.
        closed: It is over.
        closed_at: Monotonic seconds when it ended.
        failure: Why it ended.
    """

    def __init__(self, address: str, *, tls: bool, certificate_hash: str = "") -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._tls = tls
        self._certificate_hash = certificate_hash
        self._pid = os.getpid()
        self._make_waiter, self._loop = make_waiting()
        self._lock = make_lock()  # around the session and `_line`, which reading and writing share
        self._write_lock = make_lock()
        self._flush_planned = False
        self._backlog = b""  # what the system did not take; a worker writes it
        self._session = Session()
        self._line: SecureLine | None = None
        self._socket: socket.socket | None = None
        self._writer: socket.socket | None = None
        self._opened = threading.Event()
        self._over = threading.Event()
        self._heard_at = 0.0
        self._stop_reading: Callable[[], None] = _nothing
        self.was_open = False
        self.closed = False
        self.closed_at = 0.0
        self.failure = ""
        _open_connections.add(self)
        start_worker(self._work, f"http2 {address}")

    @property
    def usable(self) -> bool:
        """Whether a call may be started on it, if need be after it was opened."""
        return not self.closed and not self._session.draining

    @property
    def in_flight(self) -> int:
        """Calls that wait for their answer."""
        return len(self._session.streams)

    def call(self, head: bytes, message: bytes, deadline: float) -> bytes:
        """Make one call and return the answer's bytes.

        Args:
            head: Its header block.
            message: The serialised request.
            deadline: Monotonic seconds.

        Raises:
            NoAnswer: none came.
        """
        if not self._opened.is_set():
            self._opened.wait(max(0.0, deadline - monotonic()))
            if not self._opened.is_set():
                raise NoAnswer("DEADLINE_EXCEEDED", "still connecting", sent=False)
        waiter = self._make_waiter()
        stream = Stream(head, message, waiter.wake)
        with self._lock:
            if self.closed:
                raise NoAnswer("UNAVAILABLE", self.failure, sent=False)
            self._session.start(stream)
        try:
            self._flush_soon()
            if not stream.done:
                waiter.wait(deadline - monotonic())
        finally:
            # Late; or the caller was killed, and nobody waits any more.
            if not stream.done:
                self._cancel(stream)
        if stream.failure is not None:
            raise stream.failure
        return stream.answer

    def close(self, status: str = "CANCELLED", reason: str = "the client was closed") -> None:
        """Close it. Calls in flight end with `status`. May be repeated."""
        with self._lock:
            if self.closed:
                return
            self.closed, self.closed_at = True, monotonic()
            self.failure = reason
            self._session.lost(status, reason)
        self._opened.set()
        self._over.set()
        # Shut down rather than only closed: that also ends the worker's waiting.
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._close_sockets()

    def abandon(self) -> None:
        """Let go of a connection that came over a fork, without a word to the node: it belongs to the parent."""
        self.closed = True
        self.failure = "the connection belongs to another process"
        self._close_sockets()

    def _close_sockets(self) -> None:
        self._stop_reading()
        for one in (self._socket, self._writer):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.close()

    def _cancel(self, stream: Stream) -> None:
        """Give a call up. If it was still waiting it is marked as failed, for the caller to raise."""
        with self._lock:
            if stream.done:
                return
            self._session.cancel(stream)
            stream.failure = NoAnswer("DEADLINE_EXCEEDED", "no answer in time", sent=stream.sent)
        self._flush_soon()

    # The worker.

    def _work(self) -> None:
        """Open the connection and read from it until it ends."""
        try:
            self._open()
            self._read()
        except (OSError, ProtocolError) as error:
            self._end(str(error) or type(error).__name__)
        finally:
            self._end("the connection's worker has ended")  # whatever ended it, nobody waits for nothing

    def _end(self, reason: str) -> None:
        if self._pid == os.getpid():
            self.close("UNAVAILABLE", reason)

    def _open(self) -> None:
        deadline = monotonic() + CONNECT_TIMEOUT_S
        try:
            opened = socket.create_connection((self._host.strip("[]"), self._port), timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            raise ProtocolError(f"failed to connect: {error}") from error
        self._socket = opened
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            self._line = SecureLine(self._host.strip("[]"))
            self._line.handshake(opened)
            self._line.check(self._certificate_hash)
        # A second handle on the same connection, which never waits: reading does, with a time-out.
        self._writer = opened.dup()
        self._writer.setblocking(False)
        self._flush()
        while not self._session.ready:
            opened.settimeout(max(0.001, deadline - monotonic()))
            self._take_in(opened.recv(_READ_BYTES))
        self.was_open = True
        self._opened.set()

    def _read(self) -> None:
        """Take in what arrives until the connection ends, and see to it that something arrives now and then."""
        self._heard_at = monotonic()
        if self._loop is not None and not self.closed:
            assert self._writer is not None
            self._stop_reading = self._loop.watch(self._writer.fileno(), self._on_readable)
        asked = False
        while not self.closed:
            patience = KEEPALIVE_TIMEOUT_S if asked else KEEPALIVE_S
            silent_since = self._heard_at
            self._listen(max(0.001, patience if asked else silent_since + patience - monotonic()))
            if self._heard_at > silent_since:
                asked = False
            elif asked:
                raise ProtocolError(f"no sign of life within {KEEPALIVE_TIMEOUT_S:g} s")
            elif monotonic() >= silent_since + KEEPALIVE_S:
                asked = True
                with self._lock:
                    self._session.ping()
                self._flush()

    def _listen(self, seconds: float) -> None:
        """Let something arrive, for so many seconds: under gevent wait while the loop reads, else read once."""
        if self._loop is not None:
            self._over.wait(seconds)
            return
        assert self._socket is not None
        self._socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self._take_in(self._socket.recv(_READ_BYTES))

    def _on_readable(self) -> None:
        """Read once, in the event loop."""
        assert self._writer is not None
        try:
            self._take_in(self._writer.recv(_READ_BYTES))
        except BlockingIOError:
            return
        except (OSError, ProtocolError) as error:
            self._end(str(error) or type(error).__name__)
        except BaseException:
            self._end("reading from the connection has failed")  # whatever ended it, nobody waits for nothing
            raise

    def _take_in(self, data: bytes) -> None:
        if not data:
            raise ProtocolError("the node closed the connection")
        self._heard_at = monotonic()
        session = self._session
        with self._lock:
            plain = data if self._line is None else self._line.decrypt(data)
            if plain:
                session.receive(plain)
        if session.pending:
            self._flush_soon()
        if session.draining and not session.streams:
            raise ProtocolError("the node closed the connection")

    # Writing.

    def _flush_soon(self) -> None:
        """Write what there is: at once; under gevent with what others add in this turn, where any are under way."""
        if self._loop is None or len(self._session.streams) <= 1:
            self._flush()
        elif not self._flush_planned:
            self._flush_planned = True
            self._loop.soon(self._flush)

    def _flush(self) -> None:
        """Write what the system takes, without waiting. Who comes while another writes leaves its bytes to them."""
        self._flush_planned = False
        while self._session.pending and not self._backlog:
            if not self._write_lock.acquire(False):
                return
            try:
                if not self._backlog:
                    self._write()
            finally:
                self._write_lock.release()

    def _write(self) -> None:
        """Hand the session's bytes to the system; what it does not take goes to the backlog and its worker."""
        with self._lock:
            data = self._session.outgoing()
            if self._line is not None:
                data = self._line.encrypt(data)
        if self._writer is None or not data:
            return
        try:
            taken = self._writer.send(data)
        except BlockingIOError:
            taken = 0
        except OSError:
            return  # reading finds out why, and says so to everybody
        if taken < len(data):
            self._backlog = data[taken:]
            start_worker(self._write_backlog, "http2 backlog")

    def _write_backlog(self) -> None:
        """Write the backlog as the system takes it, then what has gathered behind it."""
        assert self._writer is not None
        while self._backlog and not self.closed:
            try:
                select.select([], [self._writer], [], KEEPALIVE_TIMEOUT_S)
                self._backlog = self._backlog[self._writer.send(self._backlog) :]
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                return
        self._flush()


_open_connections: weakref.WeakSet[Connection] = weakref.WeakSet()


def _abandon_all() -> None:
    for connection in list(_open_connections):
        connection.abandon()


os.register_at_fork(after_in_child=_abandon_all)
