"""Makes gRPC work with gevent in one process, as Locust needs it."""

from __future__ import annotations

import threading
from typing import Final

from grpc_http2.client.greenlets import gevent_patched

SPARE_SLOTS: Final = 10
"""Slots of gevent's thread pool for other uses: name resolution, files."""

_lock = threading.Lock()
_prepared = False


def prepare_process(max_calls: int) -> None:
    """Prepare this process for calls from greenlets; does nothing where gevent has not patched the standard library.

    Call it after the patching (`import locust` does that) and before the first call of the process. May be called
    again, e.g. with a greater number.

    Args:
        max_calls: Calls that may be in flight at once, streams included.
    """
    global _prepared  # noqa: PLW0603 (gRPC's hook is the process's, so its note is too)
    if not gevent_patched():
        return
    with _lock:
        if not _prepared:
            from grpc.experimental.gevent import init_gevent

            init_gevent()
            _prepared = True
    ensure_call_slots(max_calls + SPARE_SLOTS)


def ensure_call_slots(slots: int) -> None:
    """Let gevent's thread pool grow to `slots` threads; it never shrinks here.

    gRPC waits for answers inside that pool, 10 threads by default, and when it is full further work waits: nine
    blocking 2 s calls made a 10 ms call take 1.7 to 2 s. This project's own calls need one thread per channel (see
    `hedera_client.transports`), so mainnet's nodes and a few streams alone exceed the default. Threads are only started
    when needed.
    """
    import gevent

    pool = gevent.get_hub().threadpool
    pool.maxsize = max(pool.maxsize, slots)


def call_slots() -> int | None:
    """Size of gevent's thread pool, for the report; None where gevent has not patched the standard library."""
    if not gevent_patched():
        return None
    import gevent

    return int(gevent.get_hub().threadpool.maxsize)
