"""What neither side may send, as bytes, with the error that RFC 9113 asks for and the section that does.

They are sent when stream 1 is open: for the client the call that waits for its answer, for the server one whose message
has not come. Both sides' tests run all of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from tests.grpc_http2.raw import block

PROTOCOL, FRAME_SIZE = ErrorCode.PROTOCOL_ERROR, ErrorCode.FRAME_SIZE_ERROR
FLOW_CONTROL, CALM = ErrorCode.FLOW_CONTROL_ERROR, ErrorCode.ENHANCE_YOUR_CALM

_LARGEST: Final = 2**31 - 1


class Rule(NamedTuple):
    """A rule that is broken.

    Attributes:
        section: Of RFC 9113.
        code: What the connection, or the stream, ends with.
        talk: What breaks it.
    """

    section: str
    code: ErrorCode
    talk: bytes


def f(kind: int, flags: int = 0, stream_id: int = 0, payload: bytes = b"") -> bytes:
    """A frame."""
    return frames.frame(kind, flags, stream_id, payload)


PING = f(frames.PING, 0, 0, bytes(8))
ONE = b"\0\0\0\x01"

FIRST_FRAMES: Final = {
    "PING": Rule("3.4", PROTOCOL, PING),
    "an acknowledgement": Rule("3.4", PROTOCOL, f(frames.SETTINGS, frames.ACK)),
    "HEADERS": Rule("3.4", PROTOCOL, f(frames.HEADERS, frames.END_HEADERS, 1, b"\x88")),
}
"""Instead of the first SETTINGS."""


def _block(padding: int, frames_of_block: int) -> bytes:
    parts = [f(frames.CONTINUATION, 0, 1, bytes(padding))] * (frames_of_block - 1)
    return f(frames.HEADERS, 0, 1, bytes(padding)) + b"".join(parts)


def connection_rules(longest_block: int) -> dict[str, Rule]:
    """Each ends the connection. `longest_block` is the limit of the side that is tested; it differs."""
    return {
        "a frame of 16,385 bytes": Rule("4.2", FRAME_SIZE, frames.frame_header(16_385, frames.DATA, 0, 1)),
        "DATA on stream 0": Rule("6.1", PROTOCOL, f(frames.DATA, 0, 0, b"x")),
        "DATA on an idle stream": Rule("5.1", PROTOCOL, f(frames.DATA, 0, 9, b"x")),
        "DATA on an even stream": Rule("5.1.1", PROTOCOL, f(frames.DATA, 0, 2, b"x")),
        "DATA with more padding than payload": Rule("6.1", PROTOCOL, f(frames.DATA, frames.PADDED, 1, b"\x05abcd")),
        "DATA without the length of its padding": Rule("6.1", PROTOCOL, f(frames.DATA, frames.PADDED, 1)),
        "HEADERS on stream 0": Rule("6.2", PROTOCOL, f(frames.HEADERS, frames.END_HEADERS, 0, b"\x88")),
        "HEADERS on an even stream": Rule("5.1.1", PROTOCOL, f(frames.HEADERS, frames.END_HEADERS, 2, b"\x88")),
        "HEADERS with more padding than payload": Rule(
            "6.2", PROTOCOL, f(frames.HEADERS, frames.PADDED | frames.END_HEADERS, 1, b"\x09abc")
        ),
        "HEADERS that is too short for its priority": Rule(
            "6.2", FRAME_SIZE, f(frames.HEADERS, frames.HAS_PRIORITY | frames.END_HEADERS, 1, b"abcd")
        ),
        "PRIORITY on stream 0": Rule("6.3", PROTOCOL, f(frames.PRIORITY, 0, 0, bytes(5))),
        "PRIORITY of 4 bytes": Rule("6.3", FRAME_SIZE, f(frames.PRIORITY, 0, 1, bytes(4))),
        "RST_STREAM on stream 0": Rule("6.4", PROTOCOL, f(frames.RST_STREAM, 0, 0, bytes(4))),
        "RST_STREAM on an idle stream": Rule("6.4", PROTOCOL, f(frames.RST_STREAM, 0, 9, bytes(4))),
        "RST_STREAM of 3 bytes": Rule("6.4", FRAME_SIZE, f(frames.RST_STREAM, 0, 1, bytes(3))),
        "SETTINGS on a stream": Rule("6.5", PROTOCOL, f(frames.SETTINGS, 0, 1)),
        "SETTINGS that are cut off": Rule("6.5", FRAME_SIZE, f(frames.SETTINGS, 0, 0, bytes(5))),
        "SETTINGS with ACK and a payload": Rule("6.5", FRAME_SIZE, f(frames.SETTINGS, frames.ACK, 0, bytes(6))),
        "ENABLE_PUSH of 2": Rule("6.5.2", PROTOCOL, frames.settings({2: 2})),
        "INITIAL_WINDOW_SIZE of 2**31": Rule("6.5.2", FLOW_CONTROL, frames.settings({4: 2**31})),
        "MAX_FRAME_SIZE of 16,383": Rule("6.5.2", PROTOCOL, frames.settings({5: 16_383})),
        "MAX_FRAME_SIZE of 2**24": Rule("6.5.2", PROTOCOL, frames.settings({5: 2**24})),
        "PUSH_PROMISE": Rule("6.6", PROTOCOL, f(frames.PUSH_PROMISE, frames.END_HEADERS, 1, bytes(4))),
        "PING on a stream": Rule("6.7", PROTOCOL, f(frames.PING, 0, 1, bytes(8))),
        "PING of 7 bytes": Rule("6.7", FRAME_SIZE, f(frames.PING, 0, 0, bytes(7))),
        "GOAWAY on a stream": Rule("6.8", PROTOCOL, f(frames.GOAWAY, 0, 1, bytes(8))),
        "GOAWAY of 7 bytes": Rule("6.8", FRAME_SIZE, f(frames.GOAWAY, 0, 0, bytes(7))),
        "WINDOW_UPDATE of 3 bytes": Rule("6.9", FRAME_SIZE, f(frames.WINDOW_UPDATE, 0, 0, bytes(3))),
        "WINDOW_UPDATE of 0 on the connection": Rule("6.9", PROTOCOL, f(frames.WINDOW_UPDATE, 0, 0, bytes(4))),
        "WINDOW_UPDATE on an idle stream": Rule("5.1", PROTOCOL, f(frames.WINDOW_UPDATE, 0, 9, ONE)),
        "a connection's window of 2**31": Rule("6.9.1", FLOW_CONTROL, frames.window_update(0, _LARGEST)),
        "settings that make a stream's window 2**31": Rule(
            "6.9.2", FLOW_CONTROL, frames.window_update(1, _LARGEST - 65_535) + frames.settings({4: 70_000})
        ),
        "CONTINUATION of nothing": Rule("6.10", PROTOCOL, f(frames.CONTINUATION, frames.END_HEADERS, 1)),
        "CONTINUATION of another stream": Rule(
            "6.10", PROTOCOL, f(frames.HEADERS, 0, 1) + f(frames.CONTINUATION, frames.END_HEADERS, 3)
        ),
        "PING within a header block": Rule("6.10", PROTOCOL, f(frames.HEADERS, 0, 1) + PING),
        "an unknown kind within a header block": Rule("6.10", PROTOCOL, f(frames.HEADERS, 0, 1) + f(0x77, 0, 1)),
        "a header block that is too long": Rule("10.5.1", CALM, _block(16_384, longest_block // 16_384 + 1)),
        "a header block of 65 frames": Rule("10.5.1", CALM, _block(0, 65)),
        "a header list that is too long": Rule(
            # `accept-encoding: gzip, deflate` is entry 16 of the static table: 60 bytes of the list by each byte sent.
            "10.5.1",
            CALM,
            f(frames.HEADERS, frames.END_HEADERS, 1, b"\x90" * (longest_block // 60 + 1)),
        ),
        "a header block that is not HPACK": Rule(
            "4.3", ErrorCode.COMPRESSION_ERROR, f(frames.HEADERS, frames.END_HEADERS, 1, b"\x80")
        ),
    }


def head(*headers: tuple[str, str], end_stream: bool = True) -> bytes:
    """HEADERS on stream 1."""
    flags = frames.END_HEADERS | (frames.END_STREAM if end_stream else 0)
    return f(frames.HEADERS, flags, 1, block(*headers))


STREAM_RULES: Final = {
    "WINDOW_UPDATE of 0": Rule("6.9", PROTOCOL, f(frames.WINDOW_UPDATE, 0, 1, bytes(4))),
    "a window of 2**31": Rule("6.9.1", FLOW_CONTROL, frames.window_update(1, _LARGEST)),
    "capitals in a header's name": Rule("8.2.1", PROTOCOL, head(("X-Loud", "1"))),
    "a line's end in a header's value": Rule("8.2.1", PROTOCOL, head(("x", "a\nb"))),
    "a header of the connection": Rule("8.2.2", PROTOCOL, head(("connection", "close"))),
    "an unknown pseudo-header": Rule("8.3", PROTOCOL, head((":colour", "red"))),
    "a pseudo-header after others": Rule("8.3", PROTOCOL, head(("x", "1"), (":status", "200"), (":path", "/"))),
    "a content-length that is not a number": Rule("8.1.1", PROTOCOL, head(("content-length", "x"))),
    "two different content-lengths": Rule("8.1.1", PROTOCOL, head(("content-length", "1"), ("content-length", "2"))),
    "headers that are neither the first nor trailers": Rule("8.1", PROTOCOL, head(("x", "1"), end_stream=False)),
}
"""Each ends stream 1 and nothing else."""
