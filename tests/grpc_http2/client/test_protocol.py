"""One connection's state, without a socket: a scripted server, a model of the server's windows, and garbage."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import pytest
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from grpc_http2.client.headers import answer_decoder, request_head, timeout_value
from grpc_http2.client.protocol import DRAINING, OPENING, ClientProtocol
from grpc_http2.client.stream import SENT, UNSENT, Stream
from grpc_http2.wire import frames, payloads
from grpc_http2.wire import settings as wire_settings
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, Http2StreamError
from grpc_http2.wire.settings import (
    DEFAULT_MAX_FRAME,
    DEFAULT_WINDOW,
    ENABLE_PUSH,
    HEADER_TABLE_SIZE,
    MAX_CONCURRENT_STREAMS,
    MAX_WINDOW,
)

HEAD = request_head("/p/m", authority="h:1", tls=False, user_agent="t")
VALUE = timeout_value(1.0)


def frame(kind: int, flags: int = 0, number: int = 0, payload: bytes = b"") -> bytes:
    return frames.frame_header(len(payload), kind, flags, number) + payload


def block(*headers: tuple[str, str]) -> bytes:
    encoder = Encoder()
    encoder.header_table_size = 0
    return bytes(encoder.encode(headers))


def start_of_answer(number: int) -> bytes:
    head = block((":status", "200"), ("content-type", "application/grpc"))
    return frame(frames.HEADERS, frames.END_HEADERS, number, head)


def trailers(number: int, status: str = "0", message: str = "") -> bytes:
    fields = [("grpc-status", status)] + ([("grpc-message", message)] if message else [])
    return frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, number, block(*fields))


def data(number: int, payload: bytes) -> bytes:
    return frame(frames.DATA, 0, number, b"\x00" + len(payload).to_bytes(4, "big") + payload)


def answer(number: int, payload: bytes = b"yes") -> bytes:
    return start_of_answer(number) + data(number, payload) + trailers(number)


def opened(**values: int) -> ClientProtocol:
    """A protocol whose server has announced these settings."""
    protocol = ClientProtocol()
    protocol.outgoing()
    protocol.receive(frames.settings({getattr(wire_settings, name.upper()): value for name, value in values.items()}))
    protocol.outgoing()
    return protocol


def make_stream(message: bytes = b"m", on_done: Callable[[], object] = lambda: None) -> Stream:
    return Stream(HEAD, VALUE, message, 0.0, 1.0, on_done)


def started(protocol: ClientProtocol, message: bytes = b"m", *, send: bool = True) -> Stream:
    """A call; `send` lets its bytes leave."""
    stream = make_stream(message)
    protocol.start(stream)
    if send:
        protocol.outgoing()
    return stream


def failure(stream: Stream) -> tuple[str, bool]:
    assert stream.done
    assert stream.failure is not None
    return stream.failure.status, stream.failure.sent


def test_the_first_words() -> None:
    """The preface, and settings that forbid header tables and pushes."""
    words = ClientProtocol().outgoing()
    assert words.startswith(frames.PREFACE)
    values = dict(payloads.read_settings(0, 0, words[len(frames.PREFACE) + 9 :][:18]) or ())
    assert values[HEADER_TABLE_SIZE] == 0
    assert values[ENABLE_PUSH] == 0


def test_an_answer() -> None:
    """Headers, message, trailers."""
    protocol = opened()
    stream = started(protocol)
    protocol.receive(answer(stream.id))
    assert (stream.done, stream.failure, stream.answer) == (True, None, b"yes")
    assert protocol.streams == {}


@given(st.lists(st.integers(1, 60), max_size=30))
def test_an_answer_in_any_pieces(cuts: list[int]) -> None:
    """However the bytes are cut on their way, with what HTTP/2 may put between them."""
    protocol = opened()
    first, second = started(protocol), started(protocol)
    padded = frame(frames.DATA, frames.PADDED, second.id, b"\x03\x00\x00\x00\x00\x02ok" + bytes(3))
    split = block((":status", "200"))
    talk = (
        frame(frames.PING, 0, 0, b"12345678")
        + frame(0x42, 0xFF, 7, b"an extension")
        + frame(frames.HEADERS, frames.END_HEADERS, first.id, block((":status", "103")))
        + start_of_answer(first.id)
        + frame(frames.HEADERS, frames.HAS_PRIORITY, second.id, bytes(5) + split[:1])
        + frame(frames.CONTINUATION, frames.END_HEADERS, second.id, split[1:])
        + padded
        + data(first.id, b"")
        + trailers(second.id)
        + trailers(first.id)
    )
    at = 0
    for size in cuts:
        protocol.receive(talk[at : at + size])
        at += size
    protocol.receive(talk[at:])
    assert (first.answer, first.failure, second.answer, second.failure) == (b"", None, b"ok", None)
    assert frame(frames.PING, frames.ACK, 0, b"12345678") in protocol.outgoing()


@pytest.mark.parametrize(
    ("talk", "status", "sent"),
    [
        (lambda n: start_of_answer(n) + trailers(n, "14", "gone%20away"), "UNAVAILABLE", True),
        (lambda n: start_of_answer(n) + trailers(n, "99"), "UNKNOWN", True),
        (lambda n: start_of_answer(n) + trailers(n, "abc"), "UNKNOWN", True),
        (lambda n: start_of_answer(n) + trailers(n), "INTERNAL", True),
        (lambda n: start_of_answer(n) + data(n, b"a") + data(n, b"b") + trailers(n), "INTERNAL", True),
        (lambda n: start_of_answer(n) + frame(0, 0, n, b"\x01\0\0\0\1x") + trailers(n), "INTERNAL", True),
        (lambda n: start_of_answer(n) + frame(0, frames.END_STREAM, n), "UNKNOWN", True),
        (lambda n: frame(1, 5, n, block((":status", "404"))), "UNIMPLEMENTED", True),
        (lambda n: frame(1, 5, n, block((":status", "503"))), "UNAVAILABLE", True),
        (lambda n: frame(1, 5, n, block((":status", "418"))), "UNKNOWN", True),
        (lambda n: frame(frames.RST_STREAM, 0, n, (7).to_bytes(4, "big")), "UNAVAILABLE", True),
        (lambda n: frame(frames.RST_STREAM, 0, n, (8).to_bytes(4, "big")), "CANCELLED", True),
        (lambda n: frame(frames.RST_STREAM, 0, n, (11).to_bytes(4, "big")), "RESOURCE_EXHAUSTED", True),
        (lambda n: frame(frames.RST_STREAM, 0, n, (12).to_bytes(4, "big")), "PERMISSION_DENIED", True),
        (lambda n: frame(frames.RST_STREAM, 0, n, (2).to_bytes(4, "big")), "INTERNAL", True),
    ],
)
def test_how_a_call_ends_without_an_answer(talk: Any, status: str, sent: bool) -> None:
    """In gRPC's words, and whether it may have been looked at: no reset says that it was not (HAProxy, mux_h2.c)."""
    protocol = opened()
    started(protocol)
    stream = started(protocol)
    protocol.receive(talk(stream.id))
    assert failure(stream) == (status, sent)
    assert stream.id not in protocol.streams


def goaway(last: int, code: int = ErrorCode.NO_ERROR, words: bytes = b"") -> bytes:
    return frame(frames.GOAWAY, 0, 0, last.to_bytes(4, "big") + code.to_bytes(4, "big") + words)


def test_after_goaway_what_was_seen_goes_on() -> None:
    """Calls up to the one it names get their answers; those above are given back, as if never started, and no
    further ones are taken (RFC 9113, section 6.8).
    """
    protocol = opened()
    seen, unseen, unsent = started(protocol), started(protocol), started(protocol, send=False)
    protocol.receive(goaway(seen.id, words=b"bye"))
    assert (protocol.state, protocol.graceful, str(protocol.goaway), protocol.limit) == (
        DRAINING,
        True,
        "NO_ERROR bye",
        0,
    )
    assert protocol.moved == [unseen, unsent]
    assert [(one.state, one.id, one.moves) for one in protocol.moved] == [(UNSENT, 0, 1)] * 2
    assert protocol.outgoing() == b""
    protocol.receive(answer(seen.id))
    assert seen.answer == b"yes"


def test_what_a_server_still_says_of_a_call_that_was_moved() -> None:
    """It has begun to answer what it then disclaimed: that crosses nothing of ours, and means nothing."""
    protocol = opened()
    moved = started(protocol)
    protocol.receive(goaway(0))
    protocol.receive(answer(1) + frames.frame(frames.DATA, 0, 1, b"x"))
    assert (protocol.moved, moved.state, moved.reply) == ([moved], UNSENT, None)
    assert protocol.outgoing() == b""


@pytest.mark.parametrize("size", [1, 400, 60_000, 200_000])
def test_how_wide_a_window_may_become(size: int) -> None:
    """Up to 2**31 - 1 bytes and not one more, whether the message has left in one piece, in pieces, or in part."""
    protocol = opened()
    started(protocol)
    stream = started(protocol, bytes(size))
    spent = size + 5 - len(stream.body)
    protocol.receive(frames.window_update(stream.id, MAX_WINDOW - (DEFAULT_WINDOW - spent)))
    assert stream.state is SENT
    protocol.receive(frames.window_update(stream.id, 1))
    assert failure(stream) == ("INTERNAL", True)
    assert frames.rst_stream(stream.id, ErrorCode.FLOW_CONTROL_ERROR) in protocol.outgoing()


def test_a_graceful_end_in_two_steps() -> None:
    """As servers on Netty do it: a GOAWAY that takes everything, a ping, and one with the last call that they took."""
    protocol = opened()
    first, second = started(protocol), started(protocol)
    protocol.receive(goaway(2**31 - 1, words=b"max_age") + frame(frames.PING, 0, 0, b"12345678"))
    assert protocol.moved == []
    assert protocol.limit == 0
    assert frame(frames.PING, frames.ACK, 0, b"12345678") in protocol.outgoing()
    protocol.receive(goaway(first.id))
    assert protocol.moved == [second]
    with pytest.raises(Http2ConnectionError, match="takes stream 3 back in after 1"):
        protocol.receive(goaway(3))


def test_what_was_answered_in_part_was_seen() -> None:
    """Whatever a GOAWAY says of it afterwards: it stays, and its outcome is unknown if the connection ends."""
    protocol = opened()
    stream = started(protocol)
    protocol.receive(start_of_answer(stream.id) + goaway(0))
    assert protocol.moved == []
    assert protocol.lost("UNAVAILABLE", "gone", "c1") == (1, [])
    assert failure(stream) == ("UNAVAILABLE", True)


def test_a_call_that_is_given_back_takes_no_window_along() -> None:
    """Large calls that had not left when GOAWAY came: those below it get the windows that they had claimed."""
    protocol = opened()
    below = started(protocol, bytes(40_000))
    above = [started(protocol, bytes(15_000), send=False) for _ in range(2)]
    protocol.receive(goaway(below.id))
    assert protocol.moved == above
    assert len(below.body) == 0
    elsewhere = opened()
    for one in above:
        elsewhere.start(one)
    assert protocol.outgoing() == b""  # the old connection has forgotten them
    assert [one.state for one in above] == [UNSENT, UNSENT]
    assert [one.id for one in above] == [1, 3]
    reader = Reader(DEFAULT_WINDOW, DEFAULT_MAX_FRAME)
    reader.read(elsewhere.outgoing())
    assert reader.complete == {n: b"\0" + (15_000).to_bytes(4, "big") + bytes(15_000) for n in (1, 3)}


def test_a_lost_connection() -> None:
    """What had left is unknown, and carries the incident; what had not is given back."""
    protocol = opened()
    left, buffered = started(protocol), started(protocol, send=False)
    assert protocol.lost("UNAVAILABLE", "gone", "c7") == (1, [buffered])
    assert failure(left) == ("UNAVAILABLE", True)
    assert left.failure is not None
    assert left.failure.incident == "c7"
    assert (buffered.state, buffered.id) == (UNSENT, 0)


def test_what_the_system_did_not_take_has_not_left() -> None:
    """Bytes that were handed over in vain leave a call as never sent; earlier ones stay sent."""
    protocol = opened()
    earlier, later = started(protocol), started(protocol, send=False)
    protocol.outgoing()
    protocol.not_sent()
    assert protocol.lost("UNAVAILABLE", "gone", "") == (1, [later])
    assert failure(earlier)[1]


def test_a_call_given_up_before_it_left_never_leaves() -> None:
    """Nor does it keep its part of the window; and one that had left is reset."""
    protocol = opened()
    for _ in range(3):
        stream = started(protocol, bytes(50_000), send=False)
        protocol.cancel(stream)
        assert protocol.outgoing() == b""
    assert started(protocol, bytes(50_000)).body == b""
    left = started(protocol)
    protocol.cancel(left)
    assert protocol.outgoing() == frames.rst_stream(left.id, ErrorCode.CANCEL)
    protocol.receive(answer(left.id))  # it crossed the reset


@pytest.mark.parametrize(
    "talk",
    [
        frame(frames.PUSH_PROMISE, 4, 1, bytes(4)),
        frame(frames.DATA, 0, 0, b"x"),
        frame(frames.DATA, 0, 9, b"x"),
        frame(frames.HEADERS, 4, 9, b""),
        frame(frames.RST_STREAM, 0, 1, b"x"),
        frame(frames.WINDOW_UPDATE, 0, 0, bytes(4)),
        frame(frames.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"),
        frame(frames.SETTINGS, 0, 1),
        frame(frames.SETTINGS, 0, 0, b"x"),
        frame(frames.SETTINGS, 0, 0, b"\x00\x04\xff\xff\xff\xff"),
        frame(frames.SETTINGS, 0, 0, b"\x00\x05\x00\x00\x00\x01"),
        frame(frames.SETTINGS, frames.ACK, 0, bytes(6)),
        frame(frames.SETTINGS, 0, 0, b"\x00\x02\x00\x00\x00\x01"),
        frame(frames.PING, 0, 0, b"x"),
        frame(frames.PING, 0, 1, bytes(8)),
        frame(frames.GOAWAY, 0, 0, b"x"),
        frame(frames.GOAWAY, 0, 1, bytes(8)),
        frame(frames.WINDOW_UPDATE, 0, 9, b"\x00\x00\x00\x01"),
        frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 0, 1) * 70,
        frame(frames.CONTINUATION, 4, 1, b""),
        frame(frames.HEADERS, 0, 1, b"") + frame(frames.PING, 0, 0, bytes(8)),
        frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 0, 1, bytes(16_000)) * 5,
        frame(frames.HEADERS, 4, 1, b"\xbe"),  # the first entry of a table that we do not keep
        frame(frames.HEADERS, 4, 1, b"\x3f\xe1\x1f"),  # a table of 4096 bytes, which we forbade
        frame(frames.HEADERS, 4, 1, b"\xff"),
        frame(frames.DATA, frames.PADDED, 1, b"\x05x"),
        frame(frames.DATA, frames.PADDED, 1, b""),
        b"\xff\xff\xff" + bytes(6),
    ],
)
def test_broken_rules(talk: bytes) -> None:
    """A server that breaks HTTP/2's rules is not listened to any longer."""
    protocol = opened()
    started(protocol)
    with pytest.raises(Http2ConnectionError):
        protocol.receive(talk)


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP/1.1, not HTTP/2: .*answered 'HTTP/1.1 400 Bad Request'"),
        (b"HTT", ""),
        (b"\x15\x03\x03\x00\x02\x02\x46", "speaks TLS, and was called in plain text"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP/2: it begins with b'SSH-2.0"),
        (frame(frames.PING, 0, 0, bytes(8)), "does not speak HTTP/2"),
        (b"\x00", ""),
    ],
)
def test_settings_come_first(talk: bytes, words: str) -> None:
    """A server that begins with anything else is told as what it is; a beginning is waited for to go on."""
    protocol = ClientProtocol()
    if not words:
        protocol.receive(talk)
        assert protocol.state is OPENING
        return
    with pytest.raises(Http2ConnectionError, match=words):
        protocol.receive(talk)


@pytest.mark.parametrize(
    ("head", "status", "busy", "words"),
    [
        (((":status", "429"),), "UNAVAILABLE", True, "answered HTTP 429 and no status of gRPC: is there a proxy"),
        (((":status", "503"), ("content-type", "text/html")), "UNAVAILABLE", False, r"HTTP 503 \(text/html\)"),
        (((":status", "200"), ("content-type", "text/html")), "UNKNOWN", False, r"HTTP 200 \(text/html\)"),
    ],
)
def test_a_proxys_own_words(head: Any, status: str, busy: bool, words: str) -> None:
    """By the mapping of grpc/grpc doc/http-grpc-status-mapping.md, with what the page says; 429 asks for patience."""
    protocol = opened()
    stream = started(protocol)
    page = b"<html>\n<h1>Nothing   here</h1>" + bytes(100_000)
    protocol.receive(frame(frames.HEADERS, frames.END_HEADERS, stream.id, block(*head)))
    for at in range(0, len(page), 10_000):
        protocol.receive(frame(frames.DATA, 0, stream.id, page[at : at + 10_000]))
    protocol.receive(frame(frames.DATA, frames.END_STREAM, stream.id))
    assert failure(stream) == (status, True)
    assert stream.failure is not None
    assert stream.failure.busy is busy
    assert re.search(words, stream.failure.details)
    assert "<html> <h1>Nothing here</h1>" in stream.failure.details
    assert len(stream.failure.details) < 250


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (lambda n: start_of_answer(n) + data(n, b"a") + frame(0, frames.END_STREAM, n), "ended before gRPC's status"),
        (lambda n: start_of_answer(n) + trailers(n, "abc"), "^gRPC status 'abc'$"),
    ],
)
def test_a_status_that_is_missing_or_none(talk: Any, words: str) -> None:
    """It concerns that call alone: no proxy is suspected, and others on the connection go on."""
    protocol = opened()
    other, stream = started(protocol), started(protocol)
    protocol.receive(talk(stream.id) + start_of_answer(other.id) + data(other.id, b"ok") + trailers(other.id))
    assert failure(stream) == ("UNKNOWN", True)
    assert stream.failure is not None
    assert re.search(words, stream.failure.details)
    assert (other.answer, other.failure) == (b"ok", None)


@pytest.mark.parametrize("piece", [300, 7_000, 65_536])
def test_a_large_answer_is_not_copied_again_for_every_piece(piece: int) -> None:
    """Of an answer, what has arrived stays the very objects that it is when more arrives, until all is there; and so
    do the pieces of a frame. So the time for an answer grows with its size and not with its square.
    """
    protocol = opened()
    stream = started(protocol)
    message = bytes(1024 * 1024)
    body = b"\0" + len(message).to_bytes(4, "big") + message
    talk = start_of_answer(stream.id)
    talk += b"".join(frame(frames.DATA, 0, stream.id, body[at : at + 16_384]) for at in range(0, len(body), 16_384))
    talk += trailers(stream.id)
    frames_before, pieces_before = 0, 0
    for at in range(0, len(talk), piece):
        arrived, rest = list(stream.chunks), list(protocol._rest)
        protocol.receive(talk[at : at + piece])
        frames_before += len(arrived)
        assert all(map(operator.is_, arrived, stream.chunks))
        if len(protocol._rest) > len(rest) > 0:
            pieces_before += 1
            assert all(map(operator.is_, rest, protocol._rest))
    assert stream.answer == message
    assert frames_before > 0
    assert (pieces_before > 0) == (piece < 16_384)


kinds = st.integers(0, 10)
contents = st.one_of(st.binary(max_size=40), st.sampled_from([bytes(4), bytes(8), b"\0\0\0\0\3yes"]))
any_frames = st.builds(frame, kinds, st.integers(0, 255), st.integers(0, 9), contents)
good_frames = st.sampled_from([start_of_answer(1), data(1, b"x"), trailers(1), answer(3), trailers(5, "4")])


@given(st.lists(st.one_of(any_frames, good_frames, st.binary(max_size=30)), max_size=12))
def test_garbage(talk: list[bytes]) -> None:
    """Whatever arrives: it is understood or refused, and in the end every call has ended, once."""
    protocol = opened()
    ended: list[int] = []
    streams = []
    for index in range(4):
        stream = make_stream(b"m", lambda index=index: ended.append(index))  # type: ignore[misc]
        streams.append(stream)
        protocol.start(stream)
    protocol.outgoing()
    try:
        for piece in talk:
            protocol.receive(piece)
            protocol.outgoing()
    except Http2ConnectionError:
        pass
    _, unsent = protocol.lost("UNAVAILABLE", "over", "c1")
    for stream in unsent:
        assert (stream.id, stream.state, stream.answered) == (0, UNSENT, False)
        stream.end()
    assert sorted(ended) == [0, 1, 2, 3]
    assert all(stream.done for stream in streams)
    assert protocol.streams == {}


class Reader:
    """What a server makes of a client's bytes: it holds the client to its windows, and puts the messages together."""

    def __init__(self, window: int, max_frame: int) -> None:
        self.left = DEFAULT_WINDOW
        self.initial, self.max_frame = window, max_frame
        self.windows: dict[int, int] = {}
        self.bodies: dict[int, bytes] = {}
        self.complete: dict[int, bytes] = {}
        self.newest = 0

    def read(self, sent: bytes) -> None:
        at = 0
        while at < len(sent):
            high, low, kind, flags, number = frames.HEADER.unpack_from(sent, at)
            size = high << 16 | low
            payload = sent[at + 9 : at + 9 + size]
            assert len(payload) == size <= self.max_frame
            at += 9 + size
            if kind == frames.HEADERS:
                assert number % 2 == 1
                assert number > self.newest
                self.newest = number
                self.bodies[number], self.windows[number] = b"", self.initial
            elif kind == frames.DATA:
                self.left -= size
                self.windows[number] -= size
                assert self.left >= 0
                assert self.windows[number] >= 0
                self.bodies[number] += payload
                if flags & frames.END_STREAM:
                    self.complete[number] = self.bodies.pop(number)


actions = st.one_of(
    st.tuples(st.just("start"), st.sampled_from([0, 1, 9_000, 17_000, 40_000, 60_000])),
    st.tuples(st.just("flush"), st.just(0)),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("widen"), st.integers(1, 50_000)),
    st.tuples(st.just("answer"), st.integers(0, 20)),
)


class Conversation:
    """A protocol and the model of its server, that do what a plan says."""

    def __init__(self, window: int, places: int) -> None:
        self.protocol = opened(initial_window_size=window, max_concurrent_streams=places)
        self.reader = Reader(window, DEFAULT_MAX_FRAME)
        self.calls: list[tuple[Stream, bytes]] = []
        self.answered: set[int] = set()

    def start(self, size: int) -> None:
        if len(self.protocol.streams) < self.protocol.limit:
            message = bytes([len(self.calls) % 251]) * size
            self.calls.append((started(self.protocol, message, send=False), message))

    def flush(self, _: int) -> None:
        self.reader.read(self.protocol.outgoing())

    def cancel(self, which: int) -> None:
        if self.calls:
            self.protocol.cancel(self.calls[which % len(self.calls)][0])

    def widen(self, by: int) -> None:
        self.protocol.receive(frames.window_update(0, by))
        self.reader.left += by
        for number in self.reader.windows:
            self.protocol.receive(frames.window_update(number, by))
            self.reader.windows[number] += by

    def answer(self, which: int) -> None:
        complete = sorted(self.reader.complete.keys() - self.answered)
        if complete:
            self.answered.add(complete[which % len(complete)])
            self.protocol.receive(answer(complete[which % len(complete)]))

    def answer_all(self) -> None:
        for stream, message in self.calls:
            if not stream.done and stream.id in self.reader.complete:
                assert self.reader.complete[stream.id] == b"\0" + len(message).to_bytes(4, "big") + message
                self.protocol.receive(answer(stream.id))


@settings(max_examples=200)
@given(st.lists(actions, max_size=40), st.sampled_from([0, 100, 20_000, 65_535, 1_000_000]), st.integers(1, 6))
def test_windows_and_places_are_kept(plan: list[tuple[str, int]], window: int, places: int) -> None:
    """In any order of calls, resets, answers and window updates: no window is overdrawn, no more calls are open than
    the server allows, and once the windows are wide every call that was not given up arrives whole.
    """
    talk = Conversation(window, places)
    for action, value in plan:
        getattr(talk, action)(value)
        assert len(talk.protocol.streams) <= places
    for _ in range(200):
        talk.flush(0)
        talk.answer_all()
        talk.widen(60_000)
    assert all(stream.done for stream, _ in talk.calls)
    assert talk.protocol.streams == {}


def test_calls_behind_a_full_window_keep_their_turn() -> None:
    """Three large messages, and a connection window for one of them: the others follow as it opens."""
    talk = Conversation(1_000_000, 10)
    for _ in range(4):
        talk.start(60_000)
        talk.flush(0)
    assert sorted(talk.reader.complete) == [1]
    for _ in range(4):
        talk.widen(60_000)
        talk.flush(0)
        talk.answer_all()
    assert sorted(talk.reader.complete) == [1, 3, 5, 7]


def test_the_number_of_places() -> None:
    """As the server's settings say, also later ones; none before they came, while held, and from the end on."""
    protocol = ClientProtocol()
    assert protocol.limit == 0
    protocol.receive(frames.settings({MAX_CONCURRENT_STREAMS: 2}))
    assert protocol.limit == 2
    protocol.receive(frames.settings({MAX_CONCURRENT_STREAMS: 5}))
    assert protocol.limit == 5
    protocol.hold(True)
    assert protocol.limit == 0
    protocol.hold(False)
    assert protocol.limit == 5
    protocol.retire()
    protocol.hold(False)
    assert protocol.limit == 0


fields = st.tuples(st.sampled_from(["grpc-status", "x", "grpc-message"]), st.text("09aé", max_size=9))


@given(st.lists(fields, max_size=5))
def test_header_blocks_mean_the_same_every_time(headers: list[tuple[str, str]]) -> None:
    """A block that is remembered is read as it was read first; one that is not a header is refused."""
    decoder = answer_decoder()
    encoded = block(*headers)
    try:
        first = decoder.decode(encoded)
    except Http2StreamError:
        assert any(name == "grpc-status" for name, _ in headers)
        return
    assert decoder.decode(encoded) == first == answer_decoder().decode(encoded)


@given(st.floats(0, 1e7))
def test_timeouts_are_whole_milliseconds_and_never_shorter(seconds: float) -> None:
    """Up to gRPC's eight digits."""
    value = timeout_value(seconds)[1:].decode()
    assert value.endswith("m")
    assert len(value) <= 9
    assert int(value[:-1]) >= min(seconds * 1000, 99_999_999) >= int(value[:-1]) - 1.001 or value == "1m"
