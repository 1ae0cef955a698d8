"""One call on a connection, from its headers to its answer."""

from __future__ import annotations

import asyncio

from grpc_http2.server.call_head import CallHead
from grpc_http2.server.rpc import Method
from grpc_http2.wire.windows import ReceiveWindow


class Stream:
    """A call whose answer was not given yet.

    Attributes:
        id: Its stream id.
        head: What its headers say.
        method: Its method.
        body: The part of its message that has arrived.
        window: How many bytes may still come; None unless a message comes in several parts.
        ended: Whether the client has sent everything.
        work: The task that computes its answer.
        deadline: The timer of its timeout.
    """

    __slots__ = ("body", "deadline", "ended", "head", "id", "method", "window", "work")

    def __init__(self, stream_id: int, head: CallHead, method: Method) -> None:
        self.id = stream_id
        self.head = head
        self.method = method
        self.body: bytes | bytearray = b""
        self.window: ReceiveWindow | None = None
        self.ended = False
        self.work: asyncio.Task[None] | None = None
        self.deadline: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        what = (
            "is worked on"
            if self.work is not None
            else "is complete"
            if self.ended
            else f"{len(self.body):,} bytes so far"
        )
        return f"<Stream {self.id} {self.head.path}, {what}>"

    @property
    def unfinished(self) -> int:
        """Bytes of a request that is not complete."""
        return len(self.body) if self.window is not None else 0

    def add(self, data: bytes) -> None:
        """More of the message came. Most come whole, and are not copied."""
        if not self.body:
            self.body = data
            return
        if not isinstance(self.body, bytearray):
            self.body = bytearray(self.body)
        self.body += data

    def stop(self) -> None:
        """Cancel its task and timer."""
        if self.deadline is not None:
            self.deadline.cancel()
        if self.work is not None:
            self.work.cancel()
