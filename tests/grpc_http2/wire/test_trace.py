"""Frames as lines for people: what they say, whatever the cuts, and that nobody pays who did not ask."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.client.protocol import ClientProtocol
from grpc_http2.client.traced import TracedProtocol, make_protocol
from grpc_http2.client.transport import Http2Transport
from grpc_http2.server import Http2Server
from grpc_http2.server.connection import Connection
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from grpc_http2.wire.trace import VARIABLE, FrameTrace, trace_from_environment
from tests.grpc_http2.client.timing import TIMING
from tests.grpc_http2.raw import block
from tests.grpc_http2.server.serving import serving

HEAD = block((":status", "200"), ("authorization", "Bearer secret"), ("x", "y"))
TALK = (
    frames.settings({3: 10, 0x99: 7})
    + frames.SETTINGS_ACK
    + frames.frame(frames.HEADERS, frames.PADDED | frames.HAS_PRIORITY, 1, b"\x02" + bytes(5) + HEAD[:4] + bytes(2))
    + frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, HEAD[4:])
    + frames.frame(frames.DATA, frames.END_STREAM, 1, b"a secret message")
    + frames.window_update(0, 5_412)
    + frames.rst_stream(3, ErrorCode.CANCEL)
    + frames.ping(b"12345678", ack=True)
    + frames.frame(0x77, 1, 5, b"x")
    + frames.rst_stream(3, 0x99)
    + frames.frame(frames.WINDOW_UPDATE, 0, 0, b"abc")
    + frames.frame(frames.HEADERS, frames.END_HEADERS, 7, b"\x80")
    + frames.goaway(2**31 - 1, ErrorCode.NO_ERROR, "max_age")
)
LINES = f"""\
SETTINGS connection, 12 bytes
             MAX_CONCURRENT_STREAMS: 10
             setting 153: 7
SETTINGS connection, 0 bytes, ACK
HEADERS stream 1, 12 bytes, PADDED, PRIORITY
CONTINUATION stream 1, {len(HEAD) - 4} bytes, END_HEADERS
             :status: 200
             authorization: (not shown)
             x: y
DATA stream 1, 16 bytes, END_STREAM
WINDOW_UPDATE connection, 4 bytes: 5,412 bytes more
RST_STREAM stream 3, 4 bytes: CANCEL
PING connection, 8 bytes, ACK: 3132333435363738
kind 0x77 stream 5, 1 bytes
RST_STREAM stream 3, 4 bytes: error 153
WINDOW_UPDATE connection, 3 bytes: cannot be read: b'abc'
HEADERS stream 7, 1 bytes, END_HEADERS: cannot be read: b'\\x80'
GOAWAY connection, 15 bytes: NO_ERROR after stream 2,147,483,647: max_age\
"""


@given(st.lists(st.integers(1, 40), max_size=30))
def test_what_is_said_of_frames(cuts: list[int]) -> None:
    """However the bytes are cut; contents and credentials are not shown, and what cannot be read ends nothing."""
    lines: list[str] = []
    times = iter(range(1_000))
    trace = FrameTrace("name", lines.append, is_client=True, clock=lambda: next(times) * 0.5)
    at = 0
    for size in cuts:
        trace.received(TALK[at : at + size])
        at += size
    trace.received(TALK[at:])
    number = re.search("#[0-9]+", lines[0])
    assert number is not None
    heads = [line.partition("] ")[0] for line in lines]
    assert heads == [f"[{n * 0.5:6.3f}" for n in range(1, len(lines) + 1)]
    assert "\n".join(line.partition("] ")[2] for line in lines).replace(f"name {number[0]} < ", "") == LINES


@pytest.mark.parametrize(
    ("begin", "is_client", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, "< what is not HTTP/2: b'HTTP/1.1 400"),
        (b"GET /path HTTP/1.1\r\nhost: a\r\n\r\n" + bytes(20), False, "< what is not HTTP/2: b'GET /"),
        (b"\x15\x03\x03\x00\x02\x02\x46", False, "< what is not HTTP/2"),
        (frames.PREFACE + frames.settings({}), False, "< the client's preface"),
    ],
)
def test_how_a_peer_begins(begin: bytes, is_client: bool, said: str) -> None:
    """What is not HTTP/2 is shown once, as bytes."""
    lines: list[str] = []
    trace = FrameTrace("name", lines.append, is_client=is_client)
    for at in range(0, len(begin), 25):
        trace.received(begin[at : at + 25])
    assert said in lines[0]
    assert len(lines) == (2 if "preface" in said else 1)


def directions(lines: list[str]) -> tuple[list[str], list[str]]:
    """What was sent and what was received, without times and names."""
    sent = [line.partition(" > ")[2] for line in lines if " > " in line]
    return sent, [line.partition(" < ")[2] for line in lines if " < " in line]


def test_both_sides_of_a_call() -> None:
    """What one side sends, the other receives; nothing is said of the message."""
    of_server: list[str] = []
    of_client: list[str] = []
    with serving(Http2Server({"/a/b": lambda request: request}, trace=of_server.append)) as address:
        transport = Http2Transport({"s": [address]}, TIMING, user_agent="test", trace=of_client.append)
        assert transport.unary("s", "/a/b", b"a secret message", 20.0) == b"a secret message"
        transport.close()
    sent, received = directions(of_client)
    server_sent, server_received = directions(of_server)
    assert sent[: len(server_received)] == server_received
    assert received == server_sent[: len(received)]  # the server ends with a GOAWAY, which nobody waits for
    assert received[-1].startswith("HEADERS stream 1, 15 bytes, END_STREAM")
    assert "DATA stream 1, 21 bytes, END_STREAM" in sent
    assert any(":path: /a/b" in line for line in sent)
    assert "secret" not in "".join(of_client + of_server)


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "frames"))
    return tmp_path / "frames"


def test_the_environment_asks_for_a_file(wanted: Path) -> None:
    """Both sides add to it."""
    with serving(Http2Server({"/a/b": lambda request: request})) as address:
        transport = Http2Transport({"s": [address]}, TIMING, user_agent="test")
        transport.unary("s", "/a/b", b"", 20.0)
        transport.close()
    assert wanted.read_text().count(":path: /a/b") == 2


def test_the_environment_asks_for_the_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By 1."""
    monkeypatch.setenv(VARIABLE, "1")
    write = trace_from_environment()
    assert write is not None
    write("a line")
    assert capsys.readouterr().err == "a line\n"


def test_nobody_pays_who_did_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a trace neither side runs a line of it: its classes are the plain ones, which know nothing of it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert trace_from_environment() is None
    assert type(make_protocol("name", None)) is ClientProtocol
    assert type(make_protocol("name", print)) is TracedProtocol
    assert Http2Server({})._make is Connection
    assert not [name for one in (ClientProtocol, Connection) for name in vars(one) if "trace" in name]


def test_lines_are_written_whole() -> None:
    """Connections of several threads write to one place: a frame's lines come together."""
    text: list[str] = []
    traces = [FrameTrace(f"c{n}", text.append, is_client=True) for n in range(4)]
    threads = [threading.Thread(target=trace.received, args=(TALK,)) for trace in traces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in text if "CONTINUATION" in one and "x: y" in one]) == 4
