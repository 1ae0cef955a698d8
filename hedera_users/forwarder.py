"""One address of a network behind a local TCP port, at which connections can be broken, held up or silenced."""

from __future__ import annotations

import random
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any, Final

import gevent
from gevent import socket as green
from gevent.queue import Queue
from gevent.server import StreamServer

from hedera_users.edge_schedule import EdgeFault

CONNECT_S: Final = 5.0
"""Longest time to open the connection to the real address."""

_CHUNK_BYTES: Final = 65_536
_CHUNKS_HELD: Final = 256
"""Chunks that are held back for a delay at most; beyond them the sender has to wait, as TCP has it."""

_ABRUPTLY: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: the end is told by RST."""


class _Pair:
    """A connection of the client and the one to the real address.

    Attributes:
        silent: Nothing of the real address is passed on to the client any more.
    """

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.silent = False
        self._ends = (client, server)

    def abort(self) -> None:
        """End both abruptly. May be repeated."""
        for end in self._ends:
            _abort(end)

    def finish(self) -> None:
        """End both as TCP ends a connection. May be repeated."""
        for end in self._ends:
            end.close()


class Forwarder:
    """Forwards what is sent to a local port to `host:port`, and back, unopened: TLS passes through as it is.

    Args:
        host: Name or address of the real one.
        port: Its port.
        faults: Those that concern this address; each is told by `begin` and `end` when it is in effect.
        chance: Decides which answers a fault with a share hits.

    Attributes:
        address: Where it listens, `127.0.0.1:port`.
    """

    def __init__(self, host: str, port: int, faults: Sequence[EdgeFault], chance: random.Random) -> None:
        self._to = (host, port)
        self._mine = frozenset(id(fault) for fault in faults)
        self._active: tuple[EdgeFault, ...] = ()
        self._chance = chance
        self._pairs: set[_Pair] = set()
        self._server = StreamServer(("127.0.0.1", 0), self._take)
        self._server.start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def begin(self, fault: EdgeFault) -> None:
        """Let a fault be in effect from now on, where it concerns this address."""
        if id(fault) not in self._mine:
            return
        self._active = (*self._active, fault)
        for pair in tuple(self._pairs):
            if fault.refuses:
                fault.hits += 1
                pair.abort()
            elif fault.silences_open:
                fault.hits += 1
                pair.silent = True

    def end(self, fault: EdgeFault) -> None:
        """Let it be over. A connection of which answers were swallowed is of no more use, and is broken."""
        if fault not in self._active:
            return
        self._active = tuple(one for one in self._active if one is not fault)
        if fault.swallows:
            for pair in tuple(self._pairs):
                if pair.silent:
                    pair.abort()

    def close(self) -> None:
        """Listen no more, and end the connections."""
        self._server.stop(timeout=0)
        for pair in tuple(self._pairs):
            pair.abort()

    def _take(self, client: socket.socket, _: object) -> None:
        """Serve one connection of the client's, to its end."""
        for fault in self._active:
            if fault.refuses:
                fault.hits += 1
                _abort(client)
                return
        try:
            server: Any = green.create_connection(self._to, timeout=CONNECT_S)
        except OSError:
            _abort(client)
            return
        server.settimeout(None)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = _Pair(client, server)
        self._pairs.add(pair)
        held: Queue[tuple[float, bytes]] = Queue(_CHUNKS_HELD)
        back = gevent.spawn(self._back, pair, server, held)
        late = gevent.spawn(_pass_on, held, client, pair)
        try:
            _copy(client, server)
            back.join()
            late.join()
        finally:
            self._pairs.discard(pair)
            pair.finish()
            gevent.killall([back, late], block=False)

    def _back(self, pair: _Pair, server: socket.socket, held: Queue[tuple[float, bytes]]) -> None:
        """Take what the real address answers, as the faults in effect let it pass."""
        while True:
            try:
                data = server.recv(_CHUNK_BYTES)
            except OSError:
                data = b""
                pair.abort()
            due = time.monotonic()
            for fault in self._active if data else ():
                if fault.loses_answers and self._chance.random() < fault.share:
                    fault.hits += 1
                    if not fault.swallows:
                        pair.abort()
                        return
                    pair.silent = True
                elif fault.delay:
                    fault.hits += 1
                    due += fault.delay
            if not pair.silent:
                held.put((due, data))
            if not data:
                if pair.silent:
                    pair.abort()
                return


def _pass_on(held: Queue[tuple[float, bytes]], client: socket.socket, pair: _Pair) -> None:
    """Give the client what was held back, each when it is due, in order; b"" is the end."""
    while True:
        due, data = held.get()
        gevent.sleep(max(0.0, due - time.monotonic()))
        try:
            if not data:
                client.shutdown(socket.SHUT_WR)
                return
            client.sendall(data)
        except OSError:
            pair.abort()
            return


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until it ends, and its end."""
    try:
        while data := source.recv(_CHUNK_BYTES):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        _abort(source)
        _abort(target)


def _abort(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
        end.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has ended already
        pass
    end.close()
