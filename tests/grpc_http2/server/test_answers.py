"""What goes out: answers as header blocks, and frames as far as the peer's windows reach."""

from __future__ import annotations

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.server import StatusCode, answers
from grpc_http2.server.outbox import Outbox
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, Http2StreamError
from grpc_http2.wire.fields import percent_decoded
from grpc_http2.wire.messages import read_message
from grpc_http2.wire.settings import DEFAULT_MAX_FRAME, DEFAULT_WINDOW, INITIAL_WINDOW_SIZE, MAX_WINDOW
from tests.grpc_http2.server.peer import OK, Frame, split


def read(block: bytes) -> dict[str, str]:
    """The headers of a block, as a library reads them; it must leave no trace in the peer's table."""
    decoder = hpack.Decoder()
    headers = {str(name): str(value) for name, value in decoder.decode(block)}
    assert len(decoder.header_table.dynamic_entries) == 0
    return headers


def test_an_answer_has_headers_and_a_status() -> None:
    """The same for every call."""
    assert read(answers.HEAD + answers.OK) == OK


@given(status=st.sampled_from(StatusCode), text=st.text(max_size=100))
def test_a_refusal_is_nothing_but_a_status(status: StatusCode, text: str) -> None:
    """Its text survives whatever it is; what is not implemented is told with the encodings that are."""
    headers = read(answers.refusal(status, text))
    assert headers["grpc-status"] == str(int(status))
    assert percent_decoded(headers.get("grpc-message", "").encode()) == text
    assert ("grpc-accept-encoding" in headers) == (status is StatusCode.UNIMPLEMENTED)


def test_what_is_no_grpc_gets_a_status_of_http() -> None:
    """And nothing after it."""
    assert read(answers.no_grpc(415)) == {":status": "415", "content-length": "0"}


class Wire:
    """An outbox whose frames are read as they are written."""

    def __init__(self) -> None:
        self.outbox = Outbox(self._write)
        self.frames: list[Frame] = []

    def _write(self, data: bytes) -> None:
        self.frames += split(data)

    def data(self, stream_id: int) -> list[bytes]:
        """Payloads of the DATA frames of a stream so far."""
        self.outbox.flush()
        return [one.payload for one in self.frames if one.kind == frames.DATA and one.stream_id == stream_id]

    def ended(self) -> list[int]:
        """Streams that have their trailers, in order."""
        self.outbox.flush()
        return [one.stream_id for one in self.frames if one.flags & frames.END_STREAM]


@given(
    st.lists(st.integers(0, 100_000), min_size=1, max_size=5),
    st.lists(st.integers(1, 30_000), max_size=20),
    st.integers(1, 70_000),
)
def test_data_stays_within_the_windows(sizes: list[int], increments: list[int], initial: int) -> None:
    """Whatever the answers and however the windows are opened; in the end each answer is whole."""
    wire = Wire()
    outbox = wire.outbox
    outbox.change([(INITIAL_WINDOW_SIZE, initial)])
    for number, size in enumerate(sizes):
        outbox.answer(2 * number + 1, bytes(size))
    window = DEFAULT_WINDOW
    for increment in [*increments, 1_000_000]:
        sent = {2 * number + 1: sum(map(len, wire.data(2 * number + 1))) for number in range(len(sizes))}
        assert sum(sent.values()) <= window
        assert all(count <= initial for count in sent.values())
        assert all(len(one.payload) <= DEFAULT_MAX_FRAME for one in wire.frames)
        outbox.widen(increment)
        window += increment
    for number in range(len(sizes)):
        if outbox.waits(2 * number + 1):
            outbox.widen_stream(2 * number + 1, 1_000_000)
    assert len(outbox) == 0
    for number, size in enumerate(sizes):
        assert read_message(b"".join(wire.data(2 * number + 1))) == bytes(size)
    assert sorted(wire.ended()) == [2 * number + 1 for number in range(len(sizes))]


def test_a_long_answer_delays_no_other() -> None:
    """A frame of each in turn."""
    wire = Wire()
    wire.outbox.change([(INITIAL_WINDOW_SIZE, 1_000_000)])
    wire.outbox.answer(1, bytes(200_000))
    wire.outbox.answer(3, bytes(20_000))
    wire.outbox.widen(60_000)
    assert wire.ended() == [3]
    assert wire.outbox.waits(1)


def test_what_a_stream_that_is_over_waited_with_is_dropped() -> None:
    """It takes no window, and answers sent so far are counted."""
    wire = Wire()
    wire.outbox.answer(1, bytes(100_000))
    wire.outbox.forget(1)
    wire.outbox.widen(200_000)
    assert wire.ended() == []
    assert len(wire.outbox) == 0
    before = wire.outbox.answers
    wire.outbox.end(3, answers.refusal(StatusCode.UNIMPLEMENTED, ""))
    assert wire.ended() == [3]
    assert wire.outbox.answers == before + 1


def test_a_window_that_is_too_large_breaks_a_rule() -> None:
    """Of the connection, of a stream, or by new settings."""
    outbox = Wire().outbox
    with pytest.raises(Http2ConnectionError) as connection:
        outbox.widen(MAX_WINDOW)
    with pytest.raises(Http2StreamError) as stream:
        outbox.widen_stream(1, MAX_WINDOW)
    outbox.widen_stream(1, MAX_WINDOW - DEFAULT_WINDOW)
    with pytest.raises(Http2ConnectionError) as settings:
        outbox.change([(INITIAL_WINDOW_SIZE, DEFAULT_WINDOW + 1)])
    assert {one.value.code for one in (connection, stream, settings)} == {ErrorCode.FLOW_CONTROL_ERROR}
    with pytest.raises(Http2ConnectionError):
        outbox.widen(0)
