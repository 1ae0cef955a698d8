"""Keeps all requests of a process to a mirror below the rate that public mirrors allow one address."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from grpc_http2.client.greenlets import make_lock

REQUESTS_PER_S: Final = 40.0
"""Requests a second to one mirror from this machine; public mirrors refuse above 50 per address (docs.hedera.com, "REST
API"), and other clients at the same address need some of them."""

BURST: Final = 4.0
"""Requests that may go out at once after a quiet time: in any one second at most REQUESTS_PER_S and these."""


class Pace:
    """Spaces requests out. Safe for threads and greenlets.

    Args:
        rate: Requests per second over any longer time.
        burst: Requests that may go out at once after a quiet time, at least 1.
        clock: Monotonic seconds.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        rate: float,
        burst: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] | None = None,
    ) -> None:
        self._interval = 1 / rate
        self._ahead = (burst - 1) * self._interval
        self._clock = clock
        self._sleep = sleep or time.sleep  # looked up now: gevent may have patched it since this module was imported
        self._due = clock()
        self._lock = make_lock()

    def wait(self, longest: float) -> bool:
        """Wait for this request's turn, at most `longest` seconds; False, at once, where the turn comes later."""
        with self._lock:
            now = self._clock()
            delay = max(0.0, self._due - self._ahead - now)
            if delay > longest:
                return False
            self._due = max(self._due, now) + self._interval
        if delay:
            self._sleep(delay)
        return True


_paces: dict[tuple[str, int], Pace] = {}


def pace_of(base_url: str, processes: int = 1) -> Pace:
    """The one pace of this process towards the mirror at a URL.

    Args:
        base_url: Where the mirror is.
        processes: How many processes of this machine share the address's limit.
    """
    key = urlsplit(base_url).netloc, processes
    if key not in _paces:
        _paces[key] = Pace(REQUESTS_PER_S / processes, max(1.0, BURST / processes))
    return _paces[key]
