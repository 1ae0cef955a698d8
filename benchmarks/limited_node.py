"""Nodes that agree to everything, with the real nodes' limits and without, in a process of their own each.

They are the embedded network's server of HTTP/2 (`grpc_http2.server`) with an empty handler. Both are the same but for
the limits: what a client pays for those is the difference.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

Kind = Literal["real", "off"]

SUBMIT: Final = "/proto.ConsensusService/submitMessage"


@contextmanager
def limited_node(limits: Kind) -> Iterator[str]:
    """Such a node; its address."""
    command = [sys.executable, "-m", "benchmarks.limited_node", limits]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 (itself)
    assert process.stdout is not None
    try:
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


async def serve(kind: str) -> None:
    """Answer every submitted message with an empty response, which says OK, until standard input ends."""
    from grpc_http2.server import Http2Server
    from localnet.node.limits import OFF, REAL

    server = Http2Server({SUBMIT: lambda _: b""}, REAL if kind == "real" else OFF)
    print(await server.listen("127.0.0.1", 0), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1]))
