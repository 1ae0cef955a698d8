"""How a caller waits for its answer: as a thread on a lock, or as a greenlet in gevent's hub."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from grpc_http2.client.greenlets import gevent_patched

_READ: Final = 1  # of libev and of gevent's other loops


class Waiter(Protocol):
    """One wait of one caller."""

    def wait(self, seconds: float) -> None:
        """Return when woken, at once if that happened before, or after `seconds`."""

    def wake(self) -> None:
        """End the wait. May be called once, from anywhere in the process that waits."""


class ThreadWaiter:
    """Waits on a lock that is held until `wake`."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    def wait(self, seconds: float) -> None:
        """See Waiter."""
        self._lock.acquire(timeout=min(max(seconds, 0.0), threading.TIMEOUT_MAX))

    def wake(self) -> None:
        """See Waiter."""
        self._lock.release()


class EventLoop(Protocol):
    """The event loop of the thread that made it. What it calls must not wait for anything."""

    def soon(self, call: Callable[[], object]) -> None:
        """Call it in the loop's next turn."""

    def watch(self, descriptor: int, call: Callable[[], object]) -> Callable[[], None]:
        """Call it whenever there is something to read, until the returned function is called.

        That must happen before the descriptor is closed. It may be repeated.
        """


def make_waiting() -> tuple[Callable[[], Waiter], EventLoop | None]:
    """The waiters and the event loop that fit this process.

    The second is None without gevent, where there is no loop. With gevent both belong to the thread that asks.
    """
    return _greenlet_waiting() if gevent_patched() else (ThreadWaiter, None)


def start_worker(work: Callable[[], None], name: str) -> None:
    """Run `work` in a daemon thread, under gevent in a greenlet. Returns at once."""
    if gevent_patched():
        import gevent

        gevent.spawn(work)
    else:
        threading.Thread(target=work, name=name, daemon=True).start()


def _greenlet_waiting() -> tuple[Callable[[], Waiter], EventLoop]:
    from gevent import get_hub
    from gevent.hub import Waiter as HubWaiter

    hub: Any = get_hub()
    loop: Any = hub.loop

    class GreenletWaiter(HubWaiter):
        """Waits in the hub; what wakes it, the answer or a timer, does so from the event loop."""

        __slots__ = ()

        def wait(self, seconds: float) -> None:
            """See Waiter."""
            timer = loop.timer(max(seconds, 0.0))
            timer.start(self.switch, None)
            try:
                self.get()
            finally:
                timer.close()

        def wake(self) -> None:
            """See Waiter."""
            loop.run_callback(self.switch, None)

    class GeventLoop:
        """See EventLoop."""

        def soon(self, call: Callable[[], object]) -> None:
            """See EventLoop."""
            loop.run_callback(call)

        def watch(self, descriptor: int, call: Callable[[], object]) -> Callable[[], None]:
            """See EventLoop."""
            watcher = loop.io(descriptor, _READ)
            watcher.start(call)

            def stop() -> None:
                watcher.stop()
                watcher.close()

            return stop

    return partial(GreenletWaiter, hub), GeventLoop()
