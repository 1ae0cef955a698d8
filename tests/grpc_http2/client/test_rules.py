"""A server that breaks HTTP/2's rules, over a raw socket: the connection, or the one call, ends with the right code."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.transport import Http2Transport
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from tests.grpc_http2.client.timing import TIMING
from tests.grpc_http2.raw import RawPeer, block
from tests.grpc_http2.rules import FIRST_FRAMES, FLOW_CONTROL, PROTOCOL, STREAM_RULES, Rule, connection_rules, f, head

STATUS_200 = (":status", "200")
TRAILERS = f(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 1, block(("grpc-status", "0")))
ANSWER = head(STATUS_200, end_stream=False) + f(frames.DATA, 0, 1, bytes(5)) + TRAILERS
MAX_BLOCK = 65_536


class Server:
    """Listens, and lets a client make calls to it beside the test."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._transport = Http2Transport({"s": [address]}, TIMING, user_agent="test")
        self._pool = ThreadPoolExecutor(4)
        self._peers: list[RawPeer] = []

    def call(self, message: bytes = b"m") -> Future[bytes]:
        return self._pool.submit(self._transport.unary, "s", "/a/b", message, 20.0)

    def accept(self) -> RawPeer:
        """A client's connection, up to its first frame."""
        self._listener.settimeout(20)
        peer = RawPeer(self._listener.accept()[0])
        self._peers.append(peer)
        assert peer.take(len(frames.PREFACE)) == frames.PREFACE
        return peer

    def close(self) -> None:
        self._listener.close()
        for peer in self._peers:
            peer.close()
        self._transport.close()
        self._pool.shutdown()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def call(server: Server) -> Future[bytes]:
    """A call that waits for its answer, as stream 1 of `peer`."""
    return server.call()


@pytest.fixture
def peer(server: Server, call: Future[bytes]) -> RawPeer:
    """The server's end, when the call has arrived."""
    peer = server.accept()
    peer.send(frames.settings({}))
    assert peer.until(frames.DATA, frames.END_STREAM).stream_id == 1
    return peer


def failure(call: Future[bytes]) -> NoAnswerError:
    with pytest.raises(NoAnswerError) as caught:
        call.result(20)
    return caught.value


def goaway(peer: RawPeer) -> ErrorCode:
    """The code of the GOAWAY that must come last."""
    last = peer.rest()[-1]
    assert (last.kind, last.stream_id, last.payload[:4]) == (frames.GOAWAY, 0, bytes(4))
    return last.code


@pytest.mark.parametrize("name", FIRST_FRAMES)
def test_what_must_not_come_first(server: Server, name: str) -> None:
    """RFC 9113, section 3.4: GOAWAY, and the call is told as never sent."""
    rule = FIRST_FRAMES[name]
    call = server.call()
    peer = server.accept()
    peer.send(rule.talk)
    assert goaway(peer) == rule.code
    assert (failure(call).status, failure(call).sent) == ("UNAVAILABLE", False)


CONNECTION_RULES = connection_rules(MAX_BLOCK) | {
    "ENABLE_PUSH of a server": Rule("6.5.2", PROTOCOL, frames.settings({2: 1})),
    "GOAWAY that takes streams back in": Rule("6.8", PROTOCOL, frames.goaway(1, 0) + frames.goaway(3, 0)),
    "an entry of a table that was not allowed": Rule(
        "4.3", ErrorCode.COMPRESSION_ERROR, f(frames.HEADERS, frames.END_HEADERS, 1, b"\xbe")
    ),
    "a table that was not allowed": Rule(
        "4.3", ErrorCode.COMPRESSION_ERROR, f(frames.HEADERS, frames.END_HEADERS, 1, b"\x3f\xe1\x1f")
    ),
    "HEADERS on a stream that is over": Rule("5.1", ErrorCode.STREAM_CLOSED, ANSWER + head(STATUS_200)),
    "HEADERS on a stream that the server reset": Rule(
        "5.1", ErrorCode.STREAM_CLOSED, frames.rst_stream(1, ErrorCode.CANCEL) + head(STATUS_200)
    ),
}


@pytest.mark.parametrize("name", CONNECTION_RULES)
def test_errors_of_a_connection(peer: RawPeer, call: Future[bytes], name: str) -> None:
    """GOAWAY with the right code, and the end; the call's outcome is unknown, and its error says why."""
    rule = CONNECTION_RULES[name]
    peer.send(rule.talk)
    assert goaway(peer) == rule.code
    if "stream that" not in name:
        error = failure(call)
        assert (error.status, error.sent, bool(error.incident)) == ("UNAVAILABLE", True, True)
        assert rule.code.name in error.details


CLIENT_STREAM_RULES = STREAM_RULES | {
    "a status of two digits": Rule("8.3.2", PROTOCOL, head((":status", "20"))),
    "a pseudo-header of requests": Rule("8.3", PROTOCOL, head(STATUS_200, (":path", "/"))),
    "trailers without headers": Rule("8.1", PROTOCOL, TRAILERS),
    "DATA before HEADERS": Rule("8.1", PROTOCOL, f(frames.DATA, 0, 1, bytes(5)) + head(STATUS_200)),
    "nothing but DATA": Rule("8.1", PROTOCOL, f(frames.DATA, frames.END_STREAM, 1, bytes(5))),
    "headers twice": Rule("8.1", PROTOCOL, head(STATUS_200, end_stream=False) * 2),
    "less than the content-length": Rule(
        "8.1.1",
        PROTOCOL,
        head(STATUS_200, ("content-length", "6"), end_stream=False) + f(frames.DATA, 0, 1, bytes(5)) + TRAILERS,
    ),
    "no content in spite of its length": Rule("8.1.1", PROTOCOL, head(STATUS_200, ("content-length", "6"))),
    # Padding counts (section 6.1): 256 bytes of window by each frame, and nothing of an answer.
    "more than the stream's window": Rule(
        "6.9.1",
        FLOW_CONTROL,
        head(STATUS_200, end_stream=False)
        + f(frames.DATA, frames.PADDED, 1, b"\xff" + bytes(255)) * ((4 << 20) // 256 + 257),
    ),
    "more than the stream's window, half of it padding": Rule(
        "6.9.1",
        FLOW_CONTROL,
        head(STATUS_200, end_stream=False)
        + f(frames.DATA, frames.PADDED, 1, b"\xff" + bytes(255)) * ((2 << 20) // 256)
        + f(frames.DATA, 0, 1, bytes(16_384)) * ((2 << 20) // 16_384 + 5),
    ),
}


@pytest.mark.parametrize("name", CLIENT_STREAM_RULES)
def test_errors_of_a_stream(server: Server, peer: RawPeer, call: Future[bytes], name: str) -> None:
    """RST_STREAM with the right code, and the call ends as INTERNAL; the next one goes on the same connection."""
    rule = CLIENT_STREAM_RULES[name]
    peer.send(rule.talk)
    reset = peer.until(frames.RST_STREAM)
    assert (reset.stream_id, reset.code) == (1, rule.code)
    error = failure(call)
    assert (error.status, error.sent) == ("INTERNAL", True)
    assert rule.code.name in error.details
    peer.send(f(frames.DATA, 0, 1, b"crosses the reset"))
    again = server.call()
    assert peer.until(frames.HEADERS).stream_id == 3
    peer.send(ANSWER.replace(b"\x00\x00\x00\x01", b"\x00\x00\x00\x03"))
    assert again.result(20) == b""


def test_data_on_a_stream_that_is_over(server: Server, peer: RawPeer, call: Future[bytes]) -> None:
    """RFC 9113, section 5.1: RST_STREAM with STREAM_CLOSED; the connection goes on."""
    peer.send(ANSWER)
    assert call.result(20) == b""
    peer.send(f(frames.DATA, 0, 1, b"x"))
    reset = peer.until(frames.RST_STREAM)
    assert (reset.stream_id, reset.code) == (1, ErrorCode.STREAM_CLOSED)
    server.call()
    assert peer.until(frames.HEADERS).stream_id == 3


def test_padding_within_the_window_is_no_error(peer: RawPeer, call: Future[bytes]) -> None:
    """Neither of the connection's window, which is opened again, nor of the stream's."""
    padding = f(frames.DATA, frames.PADDED, 1, b"\xff" + bytes(255))
    peer.send(
        head(STATUS_200, end_stream=False), padding * ((4 << 20) // 256), f(frames.DATA, 0, 1, bytes(5)), TRAILERS
    )
    assert call.result(20) == b""
