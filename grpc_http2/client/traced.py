"""A session that prints its frames (`grpc_http2.wire.trace`)."""

from __future__ import annotations

from grpc_http2.client.session import Session
from grpc_http2.wire.trace import FrameTrace, Write


class TracedSession(Session):
    """See Session.

    Args:
        name: Of its connection.
        write: Takes the lines.
    """

    def __init__(self, name: str, write: Write) -> None:
        super().__init__()
        self._trace = FrameTrace(name, write, is_client=True)

    def outgoing(self) -> bytes:
        """See Session."""
        data = super().outgoing()
        self._trace.sent(data)
        return data

    def receive(self, data: bytes) -> None:
        """See Session."""
        self._trace.received(data)
        super().receive(data)


def open_session(name: str, write: Write | None) -> Session:
    """A session, traced where there is somewhere to print to."""
    return Session() if write is None else TracedSession(name, write)
