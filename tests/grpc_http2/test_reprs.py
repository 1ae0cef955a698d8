"""What a debugger shows: the state of a connection, of a call, and why either ended."""

from __future__ import annotations

import asyncio

from grpc_http2.client.protocol import ClientProtocol
from grpc_http2.client.stream import Stream
from grpc_http2.client.transport import Http2Transport
from grpc_http2.server.call_head import CallHead
from grpc_http2.server.stream import Stream as ServerStream
from grpc_http2.wire import frames
from grpc_http2.wire.header_blocks import OpenBlock
from grpc_http2.wire.windows import ReceiveWindow
from tests.grpc_http2.client.timing import TIMING
from tests.grpc_http2.server.peer import METHODS, Peer


def test_a_clients_protocol() -> None:
    """Its state, its calls, its window, and what the server said last."""
    protocol = ClientProtocol()
    assert repr(protocol).startswith("<ClientProtocol OPENING, 0 calls in flight, 0 begun")
    protocol.receive(frames.settings({3: 10}))
    stream = Stream(b"", b"", bytes(100_000), 0.0, 1.0, lambda: None)
    protocol.start(stream)
    assert repr(protocol) == (
        "<ClientProtocol OPEN, 1 of 10 calls in flight, 1 begun, 1 wait for a window, window 0, 3 to be sent>"
    )
    assert repr(stream) == "<Stream 1 UNSENT, 100,000 bytes, 34,470 bytes of it wait for a window>"
    protocol.receive(frames.goaway(1, 0, "max_age"))
    assert repr(protocol).startswith("<ClientProtocol DRAINING, 1 calls in flight")
    assert repr(protocol).endswith("GOAWAY NO_ERROR max_age up to stream 1>")
    protocol.outgoing()
    protocol.lost("UNAVAILABLE", "gone", "")
    assert "LOST" in repr(protocol)
    assert repr(stream).startswith("<Stream 1 DONE")
    assert repr(stream).endswith(": UNAVAILABLE: gone>")


def test_a_clients_transport() -> None:
    """Its servers, and their connections."""
    transport = Http2Transport({"s": ["127.0.0.1:1"]}, TIMING, user_agent="test")
    assert repr(transport) == "<Http2Transport s: <Pool 0 open, 0 being opened, 0 finishing, 0 calls in line>>"


def test_a_servers_connection() -> None:
    """Its state, its calls, and what waits for a window."""

    async def main() -> None:
        peer = Peer(METHODS)
        assert repr(peer.connection).startswith("<Connection PREFACE, last stream 0, <Calls UNLIMITED, 0 under way>")
        peer.greet({4: 10})
        peer.send(peer.head(1), peer.call(3, b"0", (":path", "/test/big")), peer.call(5, b"9", (":path", "/test/big")))
        assert repr(peer.connection) == (
            "<Connection OPEN, last stream 5, <Calls LIMITED, 1 under way>, "
            "<Outbox window 65,520, 1 answers wait for a window>>"
        )
        peer.send(frames.window_update(0, 0))
        assert repr(peer.connection).startswith("<Connection FAILED, gone")

    asyncio.run(main())


def test_small_things() -> None:
    """A window, a header block that goes on, a request."""
    window = ReceiveWindow(10_240, 65_535)
    window.take(535)
    assert repr(window) == "<ReceiveWindow 65,000 of 10,240 bytes left>"
    block = OpenBlock(3, 0, b"abc", 100)
    block.add(b"de")
    assert repr(block) == "<OpenBlock of stream 3, 5 bytes in 2 frames>"
    call = ServerStream(7, CallHead("/a/b"), METHODS["/test/ok"])
    call.add(b"12")
    assert repr(call) == "<Stream 7 /a/b, 2 bytes so far>"
