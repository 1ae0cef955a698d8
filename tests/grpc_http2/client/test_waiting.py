"""How callers wait, and what this process is taken for: threads here, greenlets in a process of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from grpc_http2.client.greenlets import gevent_patched, make_lock
from grpc_http2.client.waiting import ThreadWaiter, make_waiting, start_worker

ROOT = Path(__file__).resolve().parents[3]
WAIT_S = 10.0

GREENLETS = """
    import locust
    import gevent, socket, time
    from gevent.monkey import get_original
    from grpc_http2.client.greenlets import gevent_patched, make_lock
    from grpc_http2.client.waiting import make_waiting, start_worker
    print(gevent_patched(), isinstance(make_lock(), get_original("_thread", "LockType")))
    make, loop = make_waiting()
    waiter = make()
    gevent.spawn_later(0.01, waiter.wake)
    begin = time.monotonic(); waiter.wait(10); print(time.monotonic() - begin < 5)
    woken = make(); woken.wake(); begin = time.monotonic(); woken.wait(10); print(time.monotonic() - begin < 5)
    begin = time.monotonic(); make().wait(0.05); print(0.04 < time.monotonic() - begin < 5)
    said = []
    loop.soon(lambda: said.append("soon")); said.append("first"); gevent.sleep(0); print(*said)
    ours, theirs = socket.socketpair()
    read = []
    stop = loop.watch(ours.fileno(), lambda: read.append(ours.recv(10)))
    theirs.send(b"x"); gevent.sleep(0.05); stop(); theirs.send(b"y"); gevent.sleep(0.05); print(read)
    seen = []
    start_worker(lambda: seen.append(gevent.getcurrent()), "worker"); gevent.sleep(0.01)
    print(type(seen[0]).__name__)
"""


def test_threads_wait_on_locks() -> None:
    """There is no loop here."""
    assert not gevent_patched()
    assert make_waiting() == (ThreadWaiter, None)
    with make_lock() as taken:
        assert taken


def test_a_thread_waits_until_it_is_woken() -> None:
    """From another thread, or before it began to wait."""
    waiter = ThreadWaiter()
    start_worker(waiter.wake, "waker")
    begin = time.monotonic()
    waiter.wait(WAIT_S)
    woken = ThreadWaiter()
    woken.wake()
    woken.wait(WAIT_S)
    assert time.monotonic() - begin < WAIT_S


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.05])
def test_a_thread_waits_no_longer_than_it_may(seconds: float) -> None:
    """A time that is over is no time; nobody wakes it."""
    begin = time.monotonic()
    ThreadWaiter().wait(seconds)
    assert max(seconds, 0.0) <= time.monotonic() - begin + 1e-3


def test_a_worker_is_a_thread_that_keeps_no_process_alive() -> None:
    """It runs beside everything else, under its name."""
    found: list[threading.Thread] = []
    done = threading.Event()

    def work() -> None:
        found.append(threading.current_thread())
        done.set()

    start_worker(work, "http2 worker")
    assert done.wait(WAIT_S)
    assert (found[0].name, found[0].daemon) == ("http2 worker", True)


def test_greenlets_wait_in_the_hub() -> None:
    """The same under Locust's patching, with the event loop's part; the locks stay the system's own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(GREENLETS)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True True", "True", "True", "True", "first soon", "[b'x']", "Greenlet"]
