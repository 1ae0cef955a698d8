"""When to end: on SIGINT or SIGTERM, and, if asked, when the parent process is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable

_PARENT_CHECK_S = 0.5


def watch_for_end(*, with_parent: bool) -> Awaitable[None]:
    """Install the handlers, so that no later signal is missed; the returned future is done when it is time to end.

    The parent is watched in two ways: standard input, which it holds open, and its process id. The second is needed
    where the parent has forked other processes that hold the same pipe. SIGINT is then left to the parent: Ctrl-C in a
    terminal reaches both, and a load test that is interrupted still wants to read the mirror.
    """
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    if not with_parent:
        loop.add_signal_handler(signal.SIGINT, end.set)
        return _wait(end, None)
    parent = os.getppid()
    threading.Thread(target=_wait_for_eof, args=(loop, end), daemon=True, name="parent").start()
    return _wait(end, parent)


async def _wait(end: asyncio.Event, parent: int | None) -> None:
    if parent is None:
        await end.wait()
    while not end.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(end.wait(), _PARENT_CHECK_S)
        except TimeoutError:
            continue


def _wait_for_eof(loop: asyncio.AbstractEventLoop, end: asyncio.Event) -> None:
    try:
        while os.read(sys.stdin.fileno(), 4096):
            pass
    except OSError:
        pass  # a standard input that cannot be read counts as closed
    if not loop.is_closed():
        loop.call_soon_threadsafe(end.set)
