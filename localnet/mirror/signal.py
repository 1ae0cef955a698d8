"""Wakes all waiters when there is something new."""

from __future__ import annotations

import asyncio


class Signal:
    """Many waiters, woken together by each `fire`. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def fire(self) -> None:
        """Wake all present waiters."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, timeout: float | None = None) -> None:
        """Return at the next `fire`, or after `timeout` seconds."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait([waiter], timeout=timeout)
        finally:  # a cancelled waiter must not be kept until the next `fire`
            self._waiters.discard(waiter)
            if not waiter.done():
                waiter.cancel()
