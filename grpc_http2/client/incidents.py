"""Names of incidents at a server, so that many calls that end by one event are counted as one failure."""

from __future__ import annotations

import itertools

from grpc_http2.client.greenlets import make_lock

_numbers = itertools.count(1)


class Incidents:
    """The incidents of one server: all connections that end, and attempts to open one that fail, within a short time.

    The calls of a server are spread over many connections, so one event in the network or the server ends many at once.

    Args:
        span: Seconds from the beginning of an incident in which further events belong to it.
    """

    def __init__(self, span: float) -> None:
        self._span = span
        self._lock = make_lock()
        self._name = ""
        self._began = 0.0

    def name(self, now: float) -> str:
        """The incident of an event that happens now, unique in this process, e.g. `c17`."""
        with self._lock:
            if not self._name or now - self._began >= self._span:
                self._name, self._began = f"c{next(_numbers)}", now
            return self._name
