"""Whether this process runs under gevent, and the locks that fit it."""

from __future__ import annotations

import _thread
import sys


def make_lock() -> _thread.LockType:
    """A lock of the operating system, also under gevent.

    No code that holds it switches greenlets, so under gevent it is always free, and costs almost nothing.
    """
    if not gevent_patched():
        return _thread.allocate_lock()
    from gevent.monkey import get_original

    lock: _thread.LockType = get_original("_thread", "allocate_lock")()
    return lock


def gevent_patched() -> bool:
    """Whether gevent has replaced the standard library's sockets and threads in this process."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("socket") and monkey.is_module_patched("threading"))
