"""A client that breaks HTTP/2's rules, over a raw socket: the connection, or the one call, ends with the right code."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from grpc_http2.server import Http2Server, Limits
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from tests.grpc_http2.raw import RawPeer, block
from tests.grpc_http2.rules import FIRST_FRAMES, FLOW_CONTROL, STREAM_RULES, Rule, connection_rules, f
from tests.grpc_http2.server.serving import serving

REQUEST = block((":method", "POST"), (":scheme", "http"), (":path", "/a/b"), ("content-type", "application/grpc"))
MAX_BLOCK = 16_384
LIMITS = Limits(stream_window=10_240, connection_window=10_240)


def begin(stream_id: int) -> bytes:
    """A call whose message has not come."""
    return f(frames.HEADERS, frames.END_HEADERS, stream_id, REQUEST)


def complete(stream_id: int) -> bytes:
    """The message of a call: an empty one."""
    return f(frames.DATA, frames.END_STREAM, stream_id, bytes(5))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that answers everything with nothing."""
    with serving(Http2Server({"/a/b": lambda _: b""}, LIMITS)) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture
def stranger(port: int) -> Iterator[RawPeer]:
    """A client that has only connected."""
    peer = RawPeer(socket.create_connection(("127.0.0.1", port)))
    yield peer
    peer.close()


@pytest.fixture
def peer(stranger: RawPeer) -> RawPeer:
    """A client that has begun stream 1."""
    stranger.send(frames.PREFACE, frames.settings({}), frames.SETTINGS_ACK, begin(1))
    stranger.until(frames.SETTINGS, frames.ACK)
    return stranger


@pytest.mark.parametrize("name", FIRST_FRAMES)
def test_what_must_not_come_first(stranger: RawPeer, name: str) -> None:
    """RFC 9113, section 3.4."""
    rule = FIRST_FRAMES[name]
    stranger.send(frames.PREFACE, rule.talk)
    last = stranger.rest()[-1]
    assert (last.kind, last.code) == (frames.GOAWAY, rule.code)


CONNECTION_RULES = connection_rules(MAX_BLOCK) | {
    "HEADERS on a stream that is over": Rule("5.1", ErrorCode.STREAM_CLOSED, complete(1) + begin(1)),
    "HEADERS on a stream that the client reset": Rule(
        "5.1", ErrorCode.STREAM_CLOSED, frames.rst_stream(1, ErrorCode.CANCEL) + begin(1)
    ),
    "a lower stream than the one before": Rule("5.1.1", ErrorCode.PROTOCOL_ERROR, begin(7) + begin(5)),
    "more than the connection's window": Rule("6.9.1", FLOW_CONTROL, f(frames.DATA, 0, 1, bytes(16_384)) * 4),
}


@pytest.mark.parametrize("name", CONNECTION_RULES)
def test_errors_of_a_connection(peer: RawPeer, name: str) -> None:
    """GOAWAY with the right code, and the end."""
    rule = CONNECTION_RULES[name]
    peer.send(rule.talk)
    last = peer.rest()[-1]
    assert (last.kind, last.code) == (frames.GOAWAY, rule.code)


SERVER_STREAM_RULES = STREAM_RULES | {
    "DATA after the end": Rule("5.1", ErrorCode.STREAM_CLOSED, complete(1) + f(frames.DATA, 0, 1, b"x")),
    "more than the stream's window": Rule("6.9.1", FLOW_CONTROL, f(frames.DATA, 0, 1, bytes(10_241))),
}


@pytest.mark.parametrize("name", SERVER_STREAM_RULES)
def test_errors_of_a_stream(peer: RawPeer, name: str) -> None:
    """RST_STREAM with the right code; the next call is answered on the same connection."""
    rule = SERVER_STREAM_RULES[name]
    peer.send(rule.talk)
    reset = peer.until(frames.RST_STREAM)
    assert (reset.stream_id, reset.code) == (1, rule.code)
    peer.send(begin(3), complete(3))
    assert peer.until(frames.HEADERS, frames.END_STREAM).stream_id == 3
