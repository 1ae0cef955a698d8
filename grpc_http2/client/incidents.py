"""Names for what befalls a server, so that many calls that end together are counted as the one event that they are."""

from __future__ import annotations

import itertools

from grpc_http2.client.greenlets import make_lock

_numbers = itertools.count(1)


class Incidents:
    """Of one server. All its connections that end, and all attempts to open one that fail, within a short time are one.

    Since calls need many connections (each takes as many as its server allows), an event on the way or in the server
    ends many at once; as failures of the server they are one.

    Args:
        span: Seconds from its first moment in which everything belongs to an incident.
    """

    def __init__(self, span: float) -> None:
        self._span = span
        self._lock = make_lock()
        self._name = ""
        self._began = 0.0

    def name(self, now: float) -> str:
        """The incident that something which happens now belongs to, unique in this process, e.g. `c17`."""
        with self._lock:
            if not self._name or now - self._began >= self._span:
                self._name, self._began = f"c{next(_numbers)}", now
            return self._name
