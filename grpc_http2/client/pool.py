"""All connections to one server: as many as the calls in flight need, and the queue of waiting calls.

A call is started on the connection that was used last, while that one has a free place; else on the oldest that has
one; so few are busy, and the others become idle and are closed. Without any free place a call waits in the queue
(`line`), and connections are opened for it. The first free place, on an old or a new connection, goes to the first call
in the queue. Calls that a connection gave back, because the server has certainly not seen them, go before all others.

The pool's lock is taken before a connection's, never after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from grpc_http2.client.connection import CheckCertificate, Connection
from grpc_http2.client.connection_ages import ConnectionAges
from grpc_http2.client.counts import Counts
from grpc_http2.client.endpoints import Endpoints
from grpc_http2.client.greenlets import make_lock
from grpc_http2.client.headers import timeout_value
from grpc_http2.client.incidents import Incidents
from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.stream import DONE, Stream
from grpc_http2.client.timing import Timing
from grpc_http2.client.waiting import EventLoop, Waiter, make_waiting
from grpc_http2.wire.settings import UNLIMITED_STREAMS
from grpc_http2.wire.trace import Write

MAX_CONNECTIONS: Final = 64
"""Connections to one server that take calls at the same time, unless the caller says otherwise."""

_MOST_MOVES: Final = 20
"""A call that so many connections gave back fails, as never sent: something is wrong with the server."""
_SHORT_LIFE_S: Final = 0.5
"""A connection that the server closes so soon, without having served a call, counts as one that could not be opened."""


class Pool:
    """See the module; also `grpc_http2.client.connection.Owner`.

    Args:
        addresses: `host:port`, one or more; new connections go to them in turn.
        tls: Whether to speak TLS.
        check_certificate, trace: As for `Connection`.
        max_connections: How many may take calls at the same time, those that are being opened included. Not counted
            are connections that only finish their calls, and those whose other end does not acknowledge anything.
        timing: How long things may take.

    Attributes:
        counts: Statistics of its connections.
        line: Calls that wait for a place.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        tls: bool,
        check_certificate: CheckCertificate | None = None,
        trace: Write | None = None,
        max_connections: int = MAX_CONNECTIONS,
        timing: Timing,
    ) -> None:
        self.counts = Counts()
        self.line: deque[Stream] = deque()
        self._tls = tls
        self._check_certificate = check_certificate
        self._trace = trace
        self._max = max_connections
        self._timing = timing
        self._endpoints = Endpoints(addresses, timing)
        self._ages = ConnectionAges()
        self._incidents = Incidents(timing.incident)
        self._lock = make_lock()
        self._open: list[Connection] = []  # take calls, or would if they were not full
        self._opening: list[Connection] = []
        self._finishing: set[Connection] = set()
        self._successors: dict[Connection, Connection] = {}  # connections being opened, by the one that they replace
        self._current: Connection | None = None
        self._places = UNLIMITED_STREAMS  # of a connection, as the server said last
        self._failure, self._incident = "", ""
        self._closed = False
        self._make_waiter: Callable[[], Waiter] = self._first_waiter
        self._loop: EventLoop | None = None

    def __repr__(self) -> str:
        kinds = (("open", self._open), ("being opened", self._opening), ("finishing", self._finishing))
        told = ", ".join(f"{len(connections)} {kind}" for kind, connections in kinds)
        failure = f", last failure: {self._failure}" if self._failure else ""
        return f"<Pool {told}, {len(self.line)} calls in line{failure}>"

    def call(
        self,
        head: bytes,
        timeout: bytes,
        message: bytes,
        entered: float,
        allowed: float,
        on_wait: Callable[[float], None] | None,
    ) -> bytes:
        """Make one call and return the answer's bytes.

        Args:
            head: Its header block without the value of its time-out.
            timeout: That value, encoded.
            message: The serialised request.
            entered: Monotonic seconds now.
            allowed: Seconds that it has.
            on_wait: See `grpc_http2.client.transport.Http2Transport.unary`.

        Raises:
            NoAnswerError: none came.
        """
        waiter = self._make_waiter()
        stream = Stream(head, timeout, message, entered, allowed, waiter.wake)
        connection = self._current
        try:
            if self.line or connection is None or not connection.start(stream):
                self._queue(stream)
            if stream.state is not DONE:
                waiter.wait(entered + allowed - monotonic())
        finally:
            # It timed out, or the caller was killed.
            if stream.state is not DONE:
                self._give_up(stream)
            if stream.queued:
                self._tell_wait(stream, on_wait)
        if stream.failure is not None:
            raise stream.failure
        return stream.answer

    def close(self) -> None:
        """Close all connections; calls end as CANCELLED, as later ones do. May be repeated."""
        with self._lock:
            self._closed = True
            connections = [*self._open, *self._opening, *self._finishing]
            self._fail_line(NoAnswerError("CANCELLED", "the client was closed", sent=False))
        for connection in connections:
            connection.close()

    def _first_waiter(self) -> Waiter:
        self._make_waiter, self._loop = make_waiting()
        return self._make_waiter()

    # The line.

    def _queue(self, stream: Stream) -> None:
        """Start a call where there is a free place, or queue it."""
        with self._lock:
            if self._closed:
                stream.failure = NoAnswerError("CANCELLED", "the client is closed", sent=False)
                stream.state = DONE
                return
            if not self.line and self._place(stream):
                return
            stream.queued = True
            self.line.append(stream)
            self._serve()

    def _give_up(self, stream: Stream) -> None:
        """Its caller no longer waits: mark a call as failed."""
        with self._lock:
            if stream.state is DONE:
                return
            if stream.connection is not None:
                stream.connection.cancel(stream)
                self._serve()  # its place is free
                return
            self.line.remove(stream)
            why = "still connecting" if self._opening else "no free stream on any connection"
            stream.failure = NoAnswerError("DEADLINE_EXCEEDED", why, sent=False)
            stream.state = DONE

    def _tell_wait(self, stream: Stream, on_wait: Callable[[float], None] | None) -> None:
        if stream.connection is None:
            stream.waited = monotonic() - stream.entered
        with self._lock:
            self.counts.waited += 1
            self.counts.waited_s += stream.waited
        if on_wait is not None:
            on_wait(stream.waited)

    def _place(self, stream: Stream) -> bool:
        """Start a call on the oldest connection with a free place; returns whether there is one."""
        for connection in self._open:
            if len(connection.protocol.streams) < connection.protocol.limit and connection.start(stream):
                self._current = connection
                return True
        return False

    def _serve(self) -> None:
        """Start queued calls, as far as there are free places, and open connections for the others."""
        line = self.line
        while line:
            stream = line[0]
            if stream.state is DONE:
                line.popleft()
                continue
            now = monotonic()
            stream.timeout = timeout_value(stream.entered + stream.allowed - now)
            if not self._place(stream):
                break
            stream.waited = now - stream.entered
            line.popleft()
        if line:
            self._open_for(len(line))

    def _fail_line(self, failure: NoAnswerError) -> None:
        line, self.line = self.line, deque()
        for stream in line:
            stream.end(NoAnswerError(failure.status, failure.details, sent=False, incident=failure.incident))

    def _put_back(self, streams: Sequence[Stream]) -> None:
        """Put calls that the server has not seen at the head of the queue."""
        for stream in reversed(streams):
            if stream.state is DONE:
                continue
            stream.connection = None
            stream.queued = True
            if stream.moves > _MOST_MOVES:
                closed = f"{stream.moves} connections were closed before it"
                stream.end(NoAnswerError("UNAVAILABLE", closed, sent=False))
                continue
            self.counts.moved += 1
            self.line.appendleft(stream)

    # Connections.

    def _open_for(self, waiting: int) -> None:
        """Open connections until there are enough for the queued calls; fail these where none can be opened."""
        now = monotonic()
        patient = [one for one in self._opening if now - one.made_at < self._timing.impatience]
        if len(patient) < len(self._opening) and not self._endpoints.others_ready(
            {one.address for one in self._opening}, now
        ):
            patient = self._opening
        per_connection = max(1, self._places)
        missing = waiting - len(patient) * per_connection
        while missing > 0 and self._may_open():
            if self._open_one(now) is None:
                break
            missing -= per_connection
        if not self._opening and all(one.unheard for one in self._open):
            self._fail_line(NoAnswerError("UNAVAILABLE", self._failure, sent=False, incident=self._incident))

    def _may_open(self) -> bool:
        usable = sum(not one.unheard for one in self._open)
        return not self._closed and usable + len(self._opening) < self._max

    def _open_one(self, now: float) -> Connection | None:
        """Begin to open a connection; None where all addresses are in back-off."""
        address = self._endpoints.next(now)
        if address is None:
            return None
        connection = Connection(
            address,
            self,
            self._loop,
            self._timing,
            tls=self._tls,
            check_certificate=self._check_certificate,
            trace=self._trace,
        )
        self._opening.append(connection)
        return connection

    def _set_aside(self, connection: Connection) -> None:
        """Give a connection no more calls."""
        if connection in self._open:
            self._open.remove(connection)
            self._finishing.add(connection)
        if self._current is connection:
            self._current = None

    # Called by the connections (see `grpc_http2.client.connection.Owner`).

    def incident(self, now: float) -> str:
        """See Owner."""
        return self._incidents.name(now)

    def serve(self) -> None:
        """See Owner."""
        with self._lock:
            self._serve()

    def opened(self, connection: Connection) -> None:
        """See Owner."""
        with self._lock:
            if connection not in self._opening:
                return  # closed meanwhile
            self._opening.remove(connection)
            self._open.append(connection)
            self._places = connection.protocol.peer.max_streams
            self.counts.add_open()
            replaced = self._replaced_by(connection)
            if replaced is not None:
                self._set_aside(replaced)
                self.counts.aged += 1
            if connection.protocol.goaway:  # it came with the settings: open the next before any call waits for it
                self._note_drain(connection, monotonic(), busy=False)
            self._serve()
        if replaced is not None and replaced.retire():
            replaced.close("UNAVAILABLE", "it was replaced for its age")

    def drained(self, connection: Connection, moved: Sequence[Stream]) -> None:
        """See Owner."""
        now = monotonic()
        with self._lock:
            if connection in self._open:
                self._note_drain(connection, now, busy=bool(moved or connection.protocol.streams))
            self._put_back(moved)
            self._serve()

    def _note_drain(self, connection: Connection, now: float, *, busy: bool) -> None:
        """The server takes no more calls on a connection: open another in its place, before a call has to wait."""
        protocol = connection.protocol
        self._set_aside(connection)
        self.counts.drained += protocol.graceful
        if protocol.graceful and busy:
            self.counts.aged += self._ages.note(now - connection.opened_at, str(protocol.goaway))
        if not protocol.streams and self._was_in_vain(connection, now):
            self._note_failure(connection, now, f"the server closed the connection at once: {protocol.goaway}")
        if busy and self._successors.pop(connection, None) is None and self._may_open():
            self._open_one(now)

    def ended(self, connection: Connection, unsent: Sequence[Stream], lost: int) -> None:
        """See Owner."""
        with self._lock:
            if connection.opened_at:
                self._note_end(connection, lost)
            elif connection in self._opening:
                self._opening.remove(connection)
                self._replaced_by(connection)
                self.counts.failed += not self._closed
                self._note_failure(connection, connection.closed_at, connection.failure)
            if self._closed:
                self.line.extend(unsent)
                self._fail_line(NoAnswerError("CANCELLED", "the client was closed", sent=False))
            else:
                self._put_back(unsent)
                self._serve()

    def _note_end(self, connection: Connection, lost: int) -> None:
        """A connection that was open is over: where calls were lost with it, open another at once."""
        self._set_aside(connection)
        self._finishing.discard(connection)
        self._successors.pop(connection, None)
        self.counts.remove_open()
        self.counts.lost += bool(lost)
        if not connection.by_peer or not self._was_in_vain(connection, connection.closed_at):
            self._endpoints.worked(connection.address)
        elif lost or not connection.protocol.goaway:  # else that was noted when it was announced
            self._note_failure(connection, connection.closed_at, connection.failure)
        if lost and not self._opening and self._may_open():
            self._open_one(connection.closed_at)

    def ticked(self, connection: Connection, now: float) -> None:
        """See Owner."""
        quiet = now - connection.liveness.quiet_since
        with self._lock:
            if connection not in self._open:
                return
            surplus = quiet >= self._timing.idle and len(self._open) > 1
            if surplus:
                self._set_aside(connection)
            elif quiet < self._timing.idle / 2:
                self._replace_in_time(connection, now)
        if surplus and connection.retire():
            connection.close("UNAVAILABLE", "it was idle")

    def _replace_in_time(self, connection: Connection, now: float) -> None:
        """Open a connection's successor, if it is about to become too old for the server."""
        old = self._ages.is_old(now - connection.opened_at, connection.chance)
        if old and connection not in self._successors and self._may_open():
            successor = self._open_one(now)
            if successor is not None:
                self._successors[connection] = successor

    def _was_in_vain(self, connection: Connection, now: float) -> bool:
        """Whether the server closed a connection right after it was opened, before any call had ended."""
        return now - connection.opened_at < _SHORT_LIFE_S and not connection.protocol.finished

    def _note_failure(self, connection: Connection, at: float, failure: str) -> None:
        """An address could not be used: note the failure, of which waiting calls are told, and back off."""
        self._endpoints.failed(connection.address, at)
        self._failure, self._incident = failure, connection.incident or self._incidents.name(at)

    def _replaced_by(self, connection: Connection) -> Connection | None:
        """Forget and return the connection that another one was opened to replace, if any."""
        for old, new in self._successors.items():
            if new is connection:
                del self._successors[old]
                return old
        return None
