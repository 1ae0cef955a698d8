"""A server on loopback, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from grpc_http2.server import Http2Server


@contextlib.contextmanager
def serving(server: Http2Server) -> Iterator[str]:
    """Let a server listen; gives its address."""
    loop, started = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        ports.append(await server.listen("127.0.0.1", 0))
        started.set()

    async def stop() -> None:
        await server.stop(0.0)
        await asyncio.sleep(0)  # what was closed is told so in the loop's next turn
        loop.stop()

    def run() -> None:
        loop.create_task(serve())
        loop.run_forever()
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(20)
    yield f"127.0.0.1:{ports[0]}"
    asyncio.run_coroutine_threadsafe(stop(), loop)
    thread.join()
