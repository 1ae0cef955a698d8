"""One connection, frame by frame: what RFC 9113 asks of a server."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.server import UNLIMITED
from grpc_http2.server.limits import ours
from grpc_http2.wire import frames, payloads
from grpc_http2.wire.errors import ErrorCode
from grpc_http2.wire.messages import write_message
from tests.grpc_http2.server.peer import METHODS, OK, Held, Peer, data, goaway


def resets(peer: Peer) -> list[tuple[int, ErrorCode]]:
    """The streams that were reset; the connection must be open."""
    assert not peer.closed
    return [
        (one.stream_id, ErrorCode(struct.unpack(">I", one.payload)[0]))
        for one in peer.take()
        if one.kind == frames.RST_STREAM
    ]


def test_the_greeting() -> None:
    """Our SETTINGS come first, then the connection's window; the client's settings are acknowledged."""
    peer = Peer(METHODS)
    first, window = peer.take()
    assert (first.kind, dict(payloads.read_settings(0, 0, first.payload) or ())) == (frames.SETTINGS, ours(UNLIMITED))
    assert window == (frames.WINDOW_UPDATE, 0, 0, struct.pack(">I", UNLIMITED.connection_window - 65_535))
    peer.send(frames.PREFACE, frames.settings({1: 0, 3: 7, 99: 1}))
    assert peer.take() == [(frames.SETTINGS, frames.ACK, 0, b"")]


@given(st.lists(st.integers(1, 200), max_size=40), st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_any_cut_of_the_bytes(cuts: list[int], messages: list[bytes]) -> None:
    """However the bytes are cut on their way, the answers are the same."""
    peer = Peer(METHODS)
    peer.take()
    whole = frames.PREFACE + frames.settings({})
    whole += b"".join(peer.call(2 * number + 1, message) for number, message in enumerate(messages))
    for cut in cuts:
        piece, whole = whole[:cut], whole[cut:]
        peer.send(piece)
    peer.send(whole)
    assert peer.answers() == {2 * number + 1: (OK, write_message(message)) for number, message in enumerate(messages)}


def test_a_call(peer: Peer) -> None:
    """Headers, message, trailers; an empty answer looks the same."""
    peer.send(peer.call(1, b"hello"), peer.call(3, b"x", (":path", "/test/ok")))
    assert peer.answers() == {1: (OK, write_message(b"hello")), 3: (OK, write_message(b""))}


def test_answers_to_what_came_together_leave_together(peer: Peer) -> None:
    """One write for one read."""
    writes: list[bytes] = []
    peer.write = writes.append  # type: ignore[method-assign]
    peer.send(*(peer.call(stream_id) for stream_id in range(1, 21, 2)))
    assert len(writes) == 1


@pytest.mark.parametrize(
    ("path", "status"), [("/test/none", "12"), ("/test/fail", "2"), ("/", "12"), ("/test/ok/", "12")]
)
def test_calls_that_fail(peer: Peer, path: str, status: str) -> None:
    """A status and a text without anything of the inside; the connection goes on."""
    peer.send(peer.call(1, b"x", (":path", path)))
    headers, body = peer.answers()[1]
    assert (headers["grpc-status"], body) == (status, b"")
    assert "secret" not in headers["grpc-message"]
    peer.send(peer.call(3))
    assert peer.answers()[3][0] == OK


def test_what_is_no_grpc(peer: Peer) -> None:
    """A browser gets an HTTP status."""
    peer.send(peer.head(1, (":method", "GET"), end_stream=True))
    peer.send(peer.head(3, ("content-type", "text/plain"), end_stream=True))
    assert [headers[":status"] for headers, _ in peer.answers().values()] == ["405", "415"]


def test_an_unknown_method_does_not_wait_for_its_message(peer: Peer) -> None:
    """It is answered at its headers, and the client is told to send no more; what is on its way is passed over."""
    peer.send(peer.head(1, (":path", "/no/such")))
    kinds = [one.kind for one in peer.take()]
    assert kinds == [frames.HEADERS, frames.RST_STREAM]
    trailers = frames.frame(
        frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 1, peer.encoder.encode([("a", "b")])
    )
    peer.send(data(1, bytes(100), end_stream=False), data(1, bytes(100)), trailers)
    assert not peer.take()
    peer.send(peer.call(3))
    assert list(peer.answers()) == [3]


@pytest.mark.parametrize("padding", [0, 1, 255])
def test_padding_priority_and_continuation(peer: Peer, padding: int) -> None:
    """A request in the oddest form that is allowed."""
    block = peer.head(1)[frames.HEADER_BYTES :]
    first = bytes([padding]) + b"\x80\0\0\0\xff" + block[:5] + bytes(padding)
    message = bytes([padding]) + write_message(b"odd") + bytes(padding)
    peer.send(
        frames.frame(frames.HEADERS, frames.PADDED | frames.HAS_PRIORITY, 1, first),
        frames.frame(frames.CONTINUATION, 0, 1, block[5:9]),
        frames.frame(frames.CONTINUATION, 0, 1),
        frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, block[9:]),
        frames.frame(frames.PRIORITY, 0, 1, b"\0\0\0\0\x01"),
        frames.frame(0x77, 0xFF, 1, b"a kind that nobody knows"),
        frames.frame(frames.DATA, frames.PADDED, 1, message[:1] + message[-padding:] if padding else b"\0"),
        data(1, b"", end_stream=False),
        frames.frame(frames.DATA, frames.PADDED | frames.END_STREAM, 1, message),
    )
    assert peer.answers() == {1: (OK, write_message(b"odd"))}
    assert peer.connection._calls.unfinished == 0


def test_trailers_of_a_request(peer: Peer) -> None:
    """They may end it, and count for the table of headers."""
    flags = frames.END_HEADERS | frames.END_STREAM
    peer.send(peer.head(1), data(1, write_message(b"t"), end_stream=False))
    peer.send(frames.frame(frames.HEADERS, flags, 1, peer.encoder.encode([("x-checksum", "1")])))
    peer.send(peer.call(3, b"n", ("x-checksum", "1")))
    assert {stream_id: body for stream_id, (_, body) in peer.answers().items()} == {
        1: write_message(b"t"),
        3: write_message(b"n"),
    }


def test_ping(peer: Peer) -> None:
    """It comes back, an acknowledgement does not."""
    peer.send(frames.frame(frames.PING, frames.ACK, 0, bytes(8)), frames.frame(frames.PING, 0, 0, b"12345678"))
    assert peer.take() == [(frames.PING, frames.ACK, 0, b"12345678")]


def test_goaway_of_the_client(peer: Peer) -> None:
    """What is under way goes on."""
    peer.send(peer.head(1), frames.goaway(0, ErrorCode.NO_ERROR), data(1, write_message(b"x")))
    assert peer.answers()[1][0] == OK


def test_a_deadline_of_a_client_that_says_no_more() -> None:
    """When its time is over the work is cancelled and the call ends with DEADLINE_EXCEEDED, once."""

    async def main() -> None:
        held = Held()
        peer = Peer({"/test/held": held})
        peer.greet()
        peer.send(peer.call(1, b"x", (":path", "/test/held"), ("grpc-timeout", "20m")))
        peer.send(peer.call(3, b"x", (":path", "/test/held"), ("grpc-timeout", "20S")))
        while not held.cancelled:
            await asyncio.sleep(0.005)
        headers, _ = peer.answers()[1]
        assert headers["grpc-status"] == "4"
        held.go_on.set()
        while not peer.connection.idle:
            await asyncio.sleep(0.005)
        assert peer.answers() == {3: (OK, write_message(b"x"))}

    asyncio.run(main())


def test_the_end_of_a_connection_cancels_its_work() -> None:
    """Nothing works on for nobody, and nothing is written."""

    async def main() -> None:
        held = Held()
        peer = Peer({"/test/held": held})
        peer.greet()
        peer.send(peer.call(1, b"x", (":path", "/test/held")))
        while not held.started:
            await asyncio.sleep(0.005)
        peer.close()
        while not held.cancelled:
            await asyncio.sleep(0.005)
        assert not peer.take()

    asyncio.run(main())


def test_goodbye(peer: Peer) -> None:
    """Calls that were begun are answered; later ones are refused unseen, so that they may be sent elsewhere."""
    peer.send(peer.head(1))
    peer.connection.take_no_more("app_requested")
    peer.send(data(1, write_message(b"x")), peer.head(3))
    out = peer.take()
    assert out[0].kind == frames.GOAWAY
    assert struct.unpack(">II", out[0].payload[:8]) == (1, ErrorCode.NO_ERROR)
    assert [one.stream_id for one in out if one.kind == frames.DATA] == [1]
    assert out[-1] == (frames.RST_STREAM, 0, 3, struct.pack(">I", ErrorCode.REFUSED_STREAM))
    assert peer.connection.idle


def test_a_client_that_does_not_read_is_not_read_from(peer: Peer) -> None:
    """So what waits for it has a bound."""
    peer.connection.pause_writing()
    assert peer.reading_paused
    peer.connection.resume_writing()
    assert not peer.reading_paused


def f(kind: int, flags: int = 0, stream_id: int = 0, payload: bytes = b"") -> Callable[[Peer], bytes]:
    return lambda _: frames.frame(kind, flags, stream_id, payload)


CONNECTION_ERRORS: dict[str, tuple[Callable[[Peer], bytes], ErrorCode]] = {
    "DATA on stream 0": (f(frames.DATA, 0, 0, b"x"), ErrorCode.PROTOCOL_ERROR),
    "DATA on an idle stream": (f(frames.DATA, 0, 9, b"x"), ErrorCode.PROTOCOL_ERROR),
    "RST_STREAM on an idle stream": (f(frames.RST_STREAM, 0, 9, bytes(4)), ErrorCode.PROTOCOL_ERROR),
    "WINDOW_UPDATE on an idle stream": (f(frames.WINDOW_UPDATE, 0, 9, b"\0\0\0\x01"), ErrorCode.PROTOCOL_ERROR),
    "HEADERS on stream 0": (lambda peer: peer.head(0), ErrorCode.PROTOCOL_ERROR),
    "HEADERS on an even stream": (lambda peer: peer.head(2), ErrorCode.PROTOCOL_ERROR),
    "PUSH_PROMISE": (f(frames.PUSH_PROMISE, 0, 1, bytes(8)), ErrorCode.PROTOCOL_ERROR),
    "SETTINGS on a stream": (f(frames.SETTINGS, 0, 1), ErrorCode.PROTOCOL_ERROR),
    "SETTINGS that are cut off": (f(frames.SETTINGS, 0, 0, bytes(5)), ErrorCode.FRAME_SIZE_ERROR),
    "SETTINGS with ACK and more": (f(frames.SETTINGS, frames.ACK, 0, bytes(6)), ErrorCode.FRAME_SIZE_ERROR),
    "ENABLE_PUSH of 2": (lambda _: frames.settings({2: 2}), ErrorCode.PROTOCOL_ERROR),
    "a window of 2**31": (lambda _: frames.settings({4: 2**31}), ErrorCode.FLOW_CONTROL_ERROR),
    "frames of 16383": (lambda _: frames.settings({5: 16_383}), ErrorCode.PROTOCOL_ERROR),
    "PING on a stream": (f(frames.PING, 0, 1, bytes(8)), ErrorCode.PROTOCOL_ERROR),
    "PING of 7 bytes": (f(frames.PING, 0, 0, bytes(7)), ErrorCode.FRAME_SIZE_ERROR),
    "GOAWAY on a stream": (f(frames.GOAWAY, 0, 1, bytes(8)), ErrorCode.PROTOCOL_ERROR),
    "GOAWAY of 7 bytes": (f(frames.GOAWAY, 0, 0, bytes(7)), ErrorCode.FRAME_SIZE_ERROR),
    "PRIORITY on stream 0": (f(frames.PRIORITY, 0, 0, bytes(5)), ErrorCode.PROTOCOL_ERROR),
    "PRIORITY of 4 bytes": (f(frames.PRIORITY, 0, 1, bytes(4)), ErrorCode.FRAME_SIZE_ERROR),
    "WINDOW_UPDATE of 3 bytes": (f(frames.WINDOW_UPDATE, 0, 0, bytes(3)), ErrorCode.FRAME_SIZE_ERROR),
    "WINDOW_UPDATE of 0": (f(frames.WINDOW_UPDATE, 0, 0, bytes(4)), ErrorCode.PROTOCOL_ERROR),
    "a connection window of 2**31": (lambda _: frames.window_update(0, 2**31 - 1), ErrorCode.FLOW_CONTROL_ERROR),
    "CONTINUATION of nothing": (f(frames.CONTINUATION, 4, 1), ErrorCode.PROTOCOL_ERROR),
    "PING within headers": (
        lambda _: frames.frame(frames.HEADERS, 0, 1) + frames.frame(frames.PING, 0, 0, bytes(8)),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "CONTINUATION of another stream": (
        lambda _: frames.frame(frames.HEADERS, 0, 1) + frames.frame(frames.CONTINUATION, 4, 3),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "CONTINUATION without end": (
        lambda _: frames.frame(frames.HEADERS, 0, 1) + frames.frame(frames.CONTINUATION, 0, 1, bytes(16_384)) * 3,
        ErrorCode.ENHANCE_YOUR_CALM,
    ),
    "headers that are no HPACK": (f(frames.HEADERS, 5, 1, b"\x80"), ErrorCode.COMPRESSION_ERROR),
    "too many headers": (lambda peer: peer.head(1, ("x", "y" * 16_000), ("z", "y" * 900)), ErrorCode.ENHANCE_YOUR_CALM),
    "a frame of 16385 bytes": (f(frames.DATA, 0, 1, bytes(16_385)), ErrorCode.FRAME_SIZE_ERROR),
    "HEADERS on a stream that is over": (lambda peer: peer.call(1) + peer.head(1), ErrorCode.STREAM_CLOSED),
    "HEADERS on a stream that the client reset": (
        lambda peer: peer.head(1) + frames.rst_stream(1, ErrorCode.CANCEL) + peer.head(1),
        ErrorCode.STREAM_CLOSED,
    ),
    "a lower stream than the one before": (lambda peer: peer.call(5) + peer.head(1), ErrorCode.PROTOCOL_ERROR),
    "a stream between two": (lambda peer: peer.call(1) + peer.call(7) + peer.head(5), ErrorCode.PROTOCOL_ERROR),
    "padding of HEADERS": (f(frames.HEADERS, 0xC, 1, b"\x09abc"), ErrorCode.PROTOCOL_ERROR),
}  # fmt: skip


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
def test_errors_of_a_connection(peer: Peer, name: str) -> None:
    """GOAWAY with the right code, and the end; what comes after it is not looked at (RFC 9113, sections 5 to 7)."""
    make, code = CONNECTION_ERRORS[name]
    peer.send(make(peer))
    assert goaway(peer) == code
    peer.send(peer.call(11))
    assert not peer.take()


@pytest.mark.parametrize(
    ("begin", "words"),
    [
        (b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n", "Unexpected HTTP/1.x request: GET /a "),
        (b"\x16\x03\x01\x02\x00", "Hex dump for received bytes: 1603010200"),
        (b"PRI * HTTP/2.1", "Hex dump for received bytes: 505249"),
    ],
)
def test_other_protocols(begin: bytes, words: str) -> None:
    """What does not begin as HTTP/2 does is told so, in the words of Netty (Http2ConnectionHandler)."""
    peer = Peer(METHODS)
    peer.send(begin)
    assert words.encode() in peer.written
    assert goaway(peer) == ErrorCode.PROTOCOL_ERROR


def test_a_preface_without_settings() -> None:
    """SETTINGS must be the first frame."""
    peer = Peer(METHODS)
    peer.send(frames.PREFACE, frames.frame(frames.PING, 0, 0, bytes(8)))
    assert goaway(peer) == ErrorCode.PROTOCOL_ERROR


STREAM_ERRORS: dict[str, tuple[Callable[[Peer], bytes], ErrorCode]] = {
    "no path": (lambda peer: peer.head(1, (":path", "")), ErrorCode.PROTOCOL_ERROR),
    "no pseudo-headers": (
        lambda peer: frames.frame(frames.HEADERS, 5, 1, peer.encoder.encode([("a", "b")])),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "a wrong timeout": (lambda peer: peer.head(1, ("grpc-timeout", "soon")), ErrorCode.PROTOCOL_ERROR),
    "headers twice": (lambda peer: peer.head(1) + peer.head(1), ErrorCode.PROTOCOL_ERROR),
    "trailers that do not end": (
        lambda peer: peer.head(1) + frames.frame(frames.HEADERS, 4, 1, peer.encoder.encode([("a", "b")])),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "DATA after the end": (lambda peer: peer.call(1) + data(1, b"x"), ErrorCode.STREAM_CLOSED),
    "a content-length that is none": (lambda peer: peer.head(1, ("content-length", "x")), ErrorCode.PROTOCOL_ERROR),
    "less than the content-length": (
        lambda peer: peer.call(1, b"hello", ("content-length", "11")),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "more than the content-length, in parts": (
        lambda peer: peer.head(1, ("content-length", "3")) + data(1, b"\0\0", end_stream=False) + data(1, b"\0\0\0"),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "no content in spite of its length": (
        lambda peer: peer.head(1, ("content-length", "3"), end_stream=True),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "trailers before the content-length": (
        lambda peer: (
            peer.head(1, ("content-length", "7"))
            + data(1, write_message(b"t"), end_stream=False)
            + frames.frame(frames.HEADERS, 5, 1, peer.encoder.encode([("a", "b")]))
        ),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "WINDOW_UPDATE of 0": (
        lambda peer: peer.head(1) + frames.frame(frames.WINDOW_UPDATE, 0, 1, bytes(4)),
        ErrorCode.PROTOCOL_ERROR,
    ),
    "a window of 2**31": (
        lambda peer: peer.head(1) + frames.window_update(1, 2**31 - 1),
        ErrorCode.FLOW_CONTROL_ERROR,
    ),
}


@pytest.mark.parametrize("name", STREAM_ERRORS)
def test_errors_of_a_stream(peer: Peer, name: str) -> None:
    """RST_STREAM with the right code; other streams, and the table of headers, go on (RFC 9113, sections 5 to 8)."""
    make, code = STREAM_ERRORS[name]
    peer.send(make(peer))
    assert resets(peer) == [(1, code)]
    peer.send(peer.call(7))
    assert peer.answers()[7] == (OK, write_message(b"hello"))


def test_the_reserved_bit_means_nothing(peer: Peer) -> None:
    """Of a stream id, and of a window's increment."""
    peer.send(frames.frame(frames.PING, 0, 1 << 31, bytes(8)))
    assert peer.take() == [(frames.PING, frames.ACK, 0, bytes(8))]
    peer.send(frames.frame(frames.WINDOW_UPDATE, 0, 1 << 31, struct.pack(">I", 1 << 31 | 5)))
    call = bytearray(peer.head(1))
    call[5] |= 0x80
    peer.send(bytes(call), data(1, write_message(b"x")))
    assert list(peer.answers()) == [1]


FRAMES = st.tuples(st.integers(0, 11), st.integers(0, 255), st.integers(0, 7), st.binary(max_size=40))


@given(st.lists(st.one_of(st.binary(max_size=60), FRAMES), max_size=20))
def test_any_bytes_and_frames(pieces: list[bytes | tuple[int, int, int, bytes]]) -> None:
    """A connection that is sent anything either goes on or says GOAWAY; INTERNAL_ERROR, which is ours, never comes."""
    peer = Peer(METHODS)
    peer.greet()
    for piece in pieces:
        peer.send(piece if isinstance(piece, bytes) else frames.frame(*piece))
    out = peer.take()
    codes = [struct.unpack(">I", one.payload[4:8])[0] for one in out if one.kind == frames.GOAWAY]
    codes += [struct.unpack(">I", one.payload)[0] for one in out if one.kind == frames.RST_STREAM]
    assert ErrorCode.INTERNAL_ERROR not in codes
    assert peer.closed == any(one.kind == frames.GOAWAY for one in out)
