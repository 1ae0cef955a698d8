"""A client's connection: a protocol on a socket, plain or TLS. A worker opens it; any caller may write to it.

What arrives is read by the worker; under gevent by the event loop itself, which spares a greenlet's wait with its
time-out, and two switches, for every piece (30 µs of processor time against 4).

No lock is held while waiting for the socket, and writing never waits: what the socket does not take at once, a second
worker writes later. So a caller's deadline holds whatever the server does.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import threading
import weakref
from collections.abc import Callable, Collection, Sequence
from enum import Enum
from time import monotonic
from typing import Final, Protocol

from grpc_http2.client.errors import ConnectionLostError
from grpc_http2.client.greenlets import make_lock
from grpc_http2.client.liveness import Liveness
from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.protocol import DRAINING, OPENING
from grpc_http2.client.sockets import connect, is_unheard
from grpc_http2.client.stream import DONE, SENT, Stream
from grpc_http2.client.timing import Timing
from grpc_http2.client.tls import SecureLine
from grpc_http2.client.traced import make_protocol
from grpc_http2.client.waiting import EventLoop, start_worker
from grpc_http2.wire.errors import Http2ConnectionError
from grpc_http2.wire.trace import Write

_READ_BYTES: Final = 65_536

CheckCertificate = Callable[[bytes], None]


class Owner(Protocol):
    """The pool of a connection, as the connection calls it; never, except `incident`, with a lock of it held."""

    @property
    def line(self) -> Collection[Stream]:
        """Calls that wait for a free place; while there are any, `serve` is called when there may be one."""

    def incident(self, now: float) -> str:
        """The name of the incident to which the end of a connection now belongs."""

    def serve(self) -> None:
        """There may be a free place."""

    def opened(self, connection: Connection) -> None:
        """It takes calls."""

    def drained(self, connection: Connection, moved: Sequence[Stream]) -> None:
        """It takes no more calls, as the server has said; `moved` are to be started elsewhere."""

    def ended(self, connection: Connection, unsent: Sequence[Stream], lost: int) -> None:
        """It has ended: `unsent` calls may be started elsewhere; `lost` calls have ended with it."""

    def ticked(self, connection: Connection, now: float) -> None:
        """Called every `Timing.tick` seconds."""


class ConnectionState(Enum):
    """How far a connection has come. Whether calls can be started on an open one, its protocol says."""

    OPENING = "there are no settings of the server yet"
    OPEN = "there are"
    CLOSED = "it is over"


# Module's own name: looking one up in an Enum costs more than the comparison.
CLOSED: Final = ConnectionState.CLOSED


class Connection:
    """One connection to one server. Making one begins to open it; it is used until it is CLOSED.

    Args:
        address: `host:port`.
        owner: Is called when something happens.
        loop: The event loop, under gevent.
        timing: How long things may take.
        tls: Whether to speak TLS.
        check_certificate: Takes the server's certificate (DER), and raises ConnectionLostError to refuse it. None:
            any is accepted.
        trace: Takes its frames as lines of text (`grpc_http2.wire.trace`); None: no trace.

    Attributes:
        address: As given.
        state: How far it has come.
        protocol: Its HTTP/2 state; `limit`, `streams` and `state` of it may be read at any time.
        liveness: When it was last used, and when anything last arrived.
        incident: The incident that ended it, where the server or the network did.
        made_at: Monotonic seconds when it began to be opened.
        opened_at: Monotonic seconds since when calls can be made on it; 0.0 before.
        closed_at: Monotonic seconds when it ended.
        failure: Why it ended.
        by_peer: The server or the network ended it.
        chance: A random number from 0 to 1, different for connections that were opened together.
        unheard: The server's TCP does not acknowledge what is sent; no new calls are started on it.
    """

    def __init__(
        self,
        address: str,
        owner: Owner,
        loop: EventLoop | None,
        timing: Timing,
        *,
        tls: bool,
        check_certificate: CheckCertificate | None = None,
        trace: Write | None = None,
    ) -> None:
        self.address = address
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._owner = owner
        self._loop = loop
        self._timing = timing
        self._tls = tls
        self._check_certificate = check_certificate
        self._pid = os.getpid()
        self._lock = make_lock()  # around the protocol and `_line`, which reading and writing share
        self._write_lock = make_lock()
        self._flush_planned = False
        self._backlog = b""  # what the socket did not take; a worker writes it
        self.protocol = make_protocol(address, trace)
        self._line: SecureLine | None = None
        self._socket: socket.socket | None = None
        self._writer: socket.socket | None = None
        self._over = threading.Event()
        self._stop_reading: Callable[[], None] = _nothing
        self._told_draining = False
        self.incident = ""
        self.made_at = monotonic()
        self.opened_at = 0.0
        self.state = ConnectionState.OPENING
        self.closed_at = 0.0
        self.failure = ""
        self.by_peer = False
        self.chance = random.random()
        self.unheard = False
        self.liveness = Liveness(timing, self.made_at)
        _open_connections.add(self)
        start_worker(self._work, f"http2 {address}")

    def __repr__(self) -> str:
        why = f": {self.failure}" if self.failure else ""
        unheard = ", what is sent is not acknowledged" if self.unheard else ""
        return f"<Connection {self.address} {self.state.name}{why}{unheard}, {self.protocol!r}>"

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self.state is CLOSED

    def start(self, stream: Stream) -> bool:
        """Begin a call, if there is a free place; returns whether there was."""
        protocol = self.protocol
        with self._lock:
            if len(protocol.streams) >= protocol.limit:
                return False
            stream.connection = self
            protocol.start(stream)
        self._flush_soon()
        return True

    def cancel(self, stream: Stream) -> None:
        """Give a call up. If it was still waiting it is marked as failed, for the caller to raise."""
        with self._lock:
            if stream.state is DONE:
                return
            stream.failure = NoAnswerError("DEADLINE_EXCEEDED", "no answer in time", sent=stream.state is SENT)
            self.protocol.cancel(stream)
        self._flush_soon()

    def retire(self) -> bool:
        """Take no more calls; it ends with the last of those in flight. Returns whether there are none."""
        with self._lock:
            self.protocol.retire()
            return not self.protocol.streams

    def close(self, status: str = "CANCELLED", reason: str = "the client was closed", *, by_peer: bool = False) -> None:
        """Close it. Calls in flight of which anything had left end with `status`. May be repeated."""
        with self._lock:
            if self.state is CLOSED:
                return
            self.state, self.closed_at = CLOSED, monotonic()
            self.failure, self.by_peer = reason, by_peer
            if by_peer and (self.protocol.streams or not self.opened_at):
                self.incident = self._owner.incident(self.closed_at)
            lost, unsent = self.protocol.lost(status, reason, self.incident)
        self._over.set()
        # Shut down rather than only closed: that also ends the worker's waiting.
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._close_sockets()
        self._owner.ended(self, unsent, lost)

    def abandon(self) -> None:
        """Discard a connection that was inherited over a fork, without writing to it: it belongs to the parent."""
        self.state = CLOSED
        self.failure = "the connection belongs to another process"
        self._close_sockets()

    def _close_sockets(self) -> None:
        self._stop_reading()
        for one in (self._socket, self._writer):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.close()

    # The worker.

    def _work(self) -> None:
        """Open the connection and read from it until it ends."""
        try:
            self._open()
            self._read()
        except Http2ConnectionError as error:
            self._fail(error)
        except (OSError, ConnectionLostError) as error:
            self._end(str(error) or type(error).__name__)
        finally:
            self._end("the connection's worker has ended")  # for every error: no caller may be left waiting

    def _fail(self, error: Http2ConnectionError) -> None:
        """The server broke a rule: send GOAWAY with the error, as far as the socket takes it at once, and close."""
        with self._lock:
            self.protocol.fail(error)
        self._flush()
        self._end(f"{error} ({error.code.name})" if self.opened_at else str(error))

    def _end(self, reason: str) -> None:
        if self._pid == os.getpid():
            self.close("UNAVAILABLE", reason, by_peer=True)

    def _open(self) -> None:
        deadline = monotonic() + self._timing.connect
        opened = self._socket = connect(self._host, self._port, self._timing.connect, self._timing.user_timeout)
        if self.closed:  # while it was being opened
            self._close_sockets()
            return
        if self._tls:
            self._line = SecureLine(self._host)
            self._line.handshake(opened)
            if self._check_certificate is not None:
                self._check_certificate(self._line.certificate())
        # A second handle on the same connection, non-blocking; the first one reads, with a time-out.
        self._writer = opened.dup()
        self._writer.setblocking(False)
        self._flush()
        while self.protocol.state is OPENING and not self.closed:
            opened.settimeout(max(0.001, deadline - monotonic()))
            if not self._receive(opened):
                raise ConnectionLostError(f"no settings of HTTP/2 within {self._timing.connect:g} s")
        if self.closed:
            return
        self.state = ConnectionState.OPEN
        self.opened_at = self.liveness.heard_at = monotonic()
        self._owner.opened(self)
        self._follow_up()

    def _read(self) -> None:
        """Read until the connection ends, and send pings when nothing arrives."""
        if self.closed:
            return
        if self._loop is not None:
            assert self._writer is not None
            self._stop_reading = self._loop.watch(self._writer.fileno(), self._on_readable)
        tick = self._timing.tick
        next_look = monotonic() + tick
        while True:
            self._listen(max(0.001, next_look - monotonic()))
            if self.state is CLOSED:
                return
            now = monotonic()
            if now >= next_look:
                next_look = now + tick
                self._look(now)

    def _listen(self, seconds: float) -> None:
        """Wait up to so many seconds for data: under gevent while the loop reads, else by reading once."""
        if self._loop is not None:
            self._over.wait(seconds)
            return
        assert self._socket is not None
        self._socket.settimeout(seconds)
        self._receive(self._socket)

    def _receive(self, connection: socket.socket) -> bool:
        """Read once; returns whether anything arrived within the socket's time-out."""
        try:
            data = connection.recv(_READ_BYTES)
        except TimeoutError as error:
            if error.errno:  # from TCP_USER_TIMEOUT: sent data was not acknowledged for too long
                raise
            return False
        self._take_in(data)
        return True

    def _on_readable(self) -> None:
        """Read once, in the event loop."""
        assert self._writer is not None
        try:
            self._take_in(self._writer.recv(_READ_BYTES))
        except BlockingIOError:
            return
        except Http2ConnectionError as error:
            self._fail(error)
        except (OSError, ConnectionLostError) as error:
            self._end(str(error) or type(error).__name__)
        except BaseException:
            self._end("reading from the connection has failed")  # for every error: no caller may be left waiting
            raise

    def _take_in(self, data: bytes) -> None:
        protocol = self.protocol
        if not data:
            raise ConnectionLostError(
                f"the server closed the connection{f': {protocol.goaway}' if protocol.goaway else ''}"
                if protocol.state is not OPENING
                else "the server closed the connection without a word of HTTP/2"
            )
        self.liveness.heard_at = monotonic()
        with self._lock:
            plain = data if self._line is None else self._line.decrypt(data)
            if plain:
                protocol.receive(plain)
        if protocol.pending:
            self._flush_soon()
        if protocol.state is DRAINING or self._owner.line:
            self._follow_up()

    def _follow_up(self) -> None:
        """Tell the owner about changes that the received data made, once calls can be started."""
        protocol = self.protocol
        if not self.opened_at:
            return
        if protocol.state is DRAINING:
            if protocol.goaway and (protocol.moved or not self._told_draining):
                self._told_draining = True
                with self._lock:
                    moved, protocol.moved = protocol.moved, []
                self._owner.drained(self, moved)
            if not protocol.streams:
                self._leave()
        elif self._owner.line:
            self._owner.serve()

    def _leave(self) -> None:
        """It takes no more calls, and there are none on it."""
        goaway = self.protocol.goaway
        reason = f"the server closed the connection: {goaway}" if goaway else "it was not needed any more"
        if self._pid == os.getpid():
            self.close("UNAVAILABLE", reason, by_peer=bool(goaway))

    def _look(self, now: float) -> None:
        """Check whether the server is alive, and call the owner's `ticked`."""
        with self._lock:
            busy = len(self.protocol.streams)
            if self.liveness.wants_ping(now, busy, self.protocol.begun):
                self.protocol.ping()
        self._flush()
        assert self._socket is not None
        unheard = is_unheard(self._socket)
        if unheard != self.unheard:
            self.unheard = unheard
            with self._lock:
                self.protocol.hold(unheard)
            self._owner.serve()
        if self.protocol.state is DRAINING and not self.protocol.streams:
            self._leave()
        else:
            self._owner.ticked(self, now)

    # Writing.

    def _flush_soon(self) -> None:
        """Write pending bytes at once; under gevent, while calls are in flight, with all of this turn of the loop."""
        if self._loop is None or len(self.protocol.streams) <= 1:
            self._flush()
        elif not self._flush_planned:
            self._flush_planned = True
            self._loop.soon(self._flush)

    def _flush(self) -> None:
        """Write without waiting. A caller that comes while another writes leaves its bytes to that one."""
        self._flush_planned = False
        while self.protocol.pending and not self._backlog:
            if not self._write_lock.acquire(False):
                return
            try:
                if not self._backlog and not self._write():
                    return
            finally:
                self._write_lock.release()

    def _write(self) -> bool:
        """Write the protocol's bytes to the socket; what it does not take goes to the backlog and its worker.

        Returns whether there is a socket: without one nothing may be taken from the protocol: that counts as sent.
        """
        writer = self._writer
        if writer is None or self.state is CLOSED:
            return False
        with self._lock:
            data = self.protocol.outgoing()
            if self._line is not None:
                data = self._line.encrypt(data)
        if not data:
            return True
        try:
            taken = writer.send(data)
        except BlockingIOError:
            taken = 0
        except OSError:
            with self._lock:
                self.protocol.not_sent()
            return True  # reading gets the reason, and reports it to all calls
        if taken < len(data):
            self._backlog = data[taken:]
            start_worker(self._write_backlog, "http2 backlog")
        return True

    def _write_backlog(self) -> None:
        """Write the backlog as the socket takes it, then what was added behind it."""
        assert self._writer is not None
        while self._backlog and not self.closed:
            try:
                select.select([], [self._writer], [], self._timing.overdue_answer)
                self._backlog = self._backlog[self._writer.send(self._backlog) :]
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                return
        self._flush()


def _nothing() -> None:
    """Does nothing: there is no reading to stop."""


_open_connections: weakref.WeakSet[Connection] = weakref.WeakSet()


def _abandon_all() -> None:
    for connection in list(_open_connections):
        connection.abandon()


os.register_at_fork(after_in_child=_abandon_all)
