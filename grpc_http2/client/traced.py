"""A protocol that prints its frames (`grpc_http2.wire.trace`)."""

from __future__ import annotations

from grpc_http2.client.protocol import ClientProtocol
from grpc_http2.wire.trace import FrameTrace, Write


class TracedProtocol(ClientProtocol):
    """See ClientProtocol.

    Args:
        name: Of its connection.
        write: Takes the lines.
    """

    def __init__(self, name: str, write: Write) -> None:
        super().__init__()
        self._trace = FrameTrace(name, write, is_client=True)

    def outgoing(self) -> bytes:
        """See ClientProtocol."""
        data = super().outgoing()
        self._trace.sent(data)
        return data

    def receive(self, data: bytes) -> None:
        """See ClientProtocol."""
        self._trace.received(data)
        super().receive(data)


def make_protocol(name: str, write: Write | None) -> ClientProtocol:
    """A protocol, traced where `write` is given."""
    return ClientProtocol() if write is None else TracedProtocol(name, write)
