"""What a network retains is kept out of the garbage collector's way, and rubbish is still collected."""

from __future__ import annotations

import asyncio
import gc
import weakref

from localnet.process.garbage_collection import set_survivors_aside


class Node:
    """Something that can be part of a cycle."""

    def __init__(self) -> None:
        self.other: Node | None = None


def test_survivors_are_set_aside_and_cycles_are_not() -> None:
    """After one turn a retained object is no longer looked at, and a cycle that nobody holds is gone."""

    async def one_turn() -> None:
        task = asyncio.create_task(set_survivors_aside())
        await asyncio.sleep(0)
        task.cancel()

    retained, first, second = [Node()], Node(), Node()
    first.other, second.other = second, first
    lost = weakref.ref(first)
    del first, second
    try:
        asyncio.run(one_turn())
        assert gc.get_freeze_count() > 0
        assert not any(found is retained[0] for found in gc.get_objects())
        assert lost() is None
    finally:
        gc.unfreeze()
