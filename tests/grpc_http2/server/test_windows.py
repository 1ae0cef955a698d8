"""Flow control of a connection, both ways: windows, and what waits for them."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.server import UNLIMITED
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from grpc_http2.wire.messages import write_message
from grpc_http2.wire.settings import INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE
from tests.grpc_http2.server.peer import METHODS, OK, Peer, data, goaway


def test_a_big_request_opens_its_windows_again(peer: Peer) -> None:
    """4 MiB go through windows of 1 MiB, because they are opened again in time; each by what was used."""
    body = write_message(bytes(4 * 1024 * 1024))
    allowed, peak = UNLIMITED.stream_window, 0
    peer.send(peer.head(1))
    peer.take()
    for at in range(0, len(body), 16_384):
        part = body[at : at + 16_384]
        allowed -= len(part)
        assert allowed >= 0
        peer.send(data(1, part, end_stream=at + 16_384 >= len(body)))
        for one in peer.take():
            if one.kind == frames.WINDOW_UPDATE and one.stream_id:
                allowed += struct.unpack(">I", one.payload)[0]
        peak = max(peak, allowed)
    assert peak <= UNLIMITED.stream_window


def test_a_client_that_ignores_our_window(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLOW_CONTROL_ERROR, whatever stream the bytes are on."""
    monkeypatch.setattr(peer.connection._window, "_left", 100)
    peer.send(peer.head(1), data(1, bytes(101), end_stream=False))
    assert goaway(peer) == ErrorCode.FLOW_CONTROL_ERROR


def test_a_request_that_is_too_big(peer: Peer) -> None:
    """RESOURCE_EXHAUSTED as soon as it is known, nothing is kept, and the connection's window stays open."""
    peer.send(peer.head(1))
    part = data(1, bytes(16_384), end_stream=False)
    seen = []
    for _ in range(300):
        peer.send(part)
        seen += peer.take()
    kinds = [one.kind for one in seen if one.kind != frames.WINDOW_UPDATE]
    assert kinds == [frames.HEADERS, frames.RST_STREAM]
    assert peer.connection.idle
    peer.send(peer.call(3))
    assert peer.answers()[3][0] == OK


def test_unfinished_requests_have_a_bound_together(peer: Peer) -> None:
    """Ten requests of 4 MiB that never end are not all kept."""
    refused = 0
    for stream_id in range(1, 21, 2):
        peer.send(peer.head(stream_id))
        for _ in range(255):
            peer.send(data(stream_id, bytes(16_384), end_stream=False))
        refused += sum(one.kind == frames.RST_STREAM for one in peer.take())
    assert refused == 6
    assert len(peer.connection._calls) == 4


def test_requests_that_were_given_up_take_no_room(peer: Peer) -> None:
    """Neither those that the client resets nor those that we refuse count any more."""
    for stream_id in range(1, 41, 2):
        peer.send(peer.head(stream_id), *[data(stream_id, bytes(16_384), end_stream=False)] * 255)
        peer.send(frames.rst_stream(stream_id, ErrorCode.CANCEL))
    assert frames.RST_STREAM not in [one.kind for one in peer.take()]
    assert peer.connection._calls.unfinished == 0


def test_empty_answers_use_the_window_as_well(peer: Peer) -> None:
    """65,535 bytes are 13,107 answers of five; the next waits."""
    for stream_id in range(1, 2 * 13_107, 2):
        peer.send(peer.call(stream_id, b"x", (":path", "/test/ok")))
    assert len(peer.answers()) == 13_107
    peer.send(peer.call(30_001, b"x", (":path", "/test/ok")))
    assert not peer.answers()
    peer.send(frames.window_update(0, 4), frames.window_update(0, 1))
    assert peer.answers().keys() == {30_001}


@pytest.mark.parametrize("values", [{}, {INITIAL_WINDOW_SIZE: 10}, {MAX_FRAME_SIZE: 20_000}])
def test_a_big_answer_obeys_the_windows(new_peer: Callable[..., Peer], values: dict[int, int]) -> None:
    """Never more than the stream's, the connection's window and a frame allow; all of it in the end."""
    peer = new_peer(values=values)
    stream_window, connection_window = values.get(INITIAL_WINDOW_SIZE, 65_535), 65_535
    max_frame = values.get(MAX_FRAME_SIZE, 16_384)
    peer.send(peer.call(1, b"200000", (":path", "/test/big")))
    got, ended = 0, False
    while not ended:
        sent = 0
        for one in peer.take():
            if one.kind == frames.DATA:
                assert len(one.payload) <= max_frame
                sent += len(one.payload)
            ended |= bool(one.flags & frames.END_STREAM and one.kind == frames.HEADERS)
        assert sent <= min(stream_window, connection_window)
        stream_window, connection_window, got = stream_window - sent, connection_window - sent, got + sent
        assert ended or not min(stream_window, connection_window), "it stops for a window only"
        if not stream_window:
            stream_window += 50_000
            peer.send(frames.window_update(1, 50_000))
        else:
            connection_window += 30_000
            peer.send(frames.window_update(0, 30_000))
    assert got == 200_005
    assert not peer.connection._outbox._stream_windows, "what is over is forgotten"


def test_small_answers_pass_a_big_one_that_waits_for_its_own_window(new_peer: Callable[..., Peer]) -> None:
    """A stream whose window is shut holds up nobody else; a reset drops what waits."""
    peer = new_peer(values={INITIAL_WINDOW_SIZE: 50})
    peer.send(peer.call(1, b"500", (":path", "/test/big")), peer.call(3, b"x"))
    assert list(peer.answers()) == [3]
    peer.send(frames.rst_stream(1, ErrorCode.CANCEL))
    assert peer.connection.idle
    peer.send(frames.window_update(1, 1_000), peer.call(5, b"x"))
    assert list(peer.answers()) == [5]


def test_a_new_initial_window_concerns_open_streams(new_peer: Callable[..., Peer]) -> None:
    """Smaller, it may leave a stream's window below 0; larger, the answer goes on."""
    peer = new_peer(values={INITIAL_WINDOW_SIZE: 100})
    peer.send(peer.call(1, b"300", (":path", "/test/big")))
    assert sum(len(one.payload) for one in peer.take() if one.kind == frames.DATA) == 100
    peer.send(frames.settings({INITIAL_WINDOW_SIZE: 40}), frames.window_update(1, 60))
    assert not [one for one in peer.take() if one.kind == frames.DATA]
    peer.send(frames.window_update(1, 5))
    assert [len(one.payload) for one in peer.take() if one.kind == frames.DATA] == [5]
    peer.send(frames.settings({INITIAL_WINDOW_SIZE: 1_000}))
    assert [len(one.payload) for one in peer.take() if one.kind == frames.DATA] == [200]


@given(st.data())
def test_random_windows(draw: st.DataObject) -> None:
    """Whatever answers wait and however windows open, each answer arrives whole, in order, and within its window."""
    initial = draw.draw(st.integers(0, 300))
    sizes = draw.draw(st.lists(st.integers(0, 400), min_size=1, max_size=5))
    peer = Peer(METHODS)
    peer.greet({INITIAL_WINDOW_SIZE: initial})
    streams = {2 * number + 1: size + 5 for number, size in enumerate(sizes)}
    windows = dict.fromkeys(streams, initial)
    peer.send(*(peer.call(one, str(size - 5).encode(), (":path", "/test/big")) for one, size in streams.items()))
    left, ended = dict(streams), set()
    for _ in range(400):
        for one in peer.take():
            if one.kind == frames.DATA:
                left[one.stream_id] -= len(one.payload)
                windows[one.stream_id] -= len(one.payload)
                assert windows[one.stream_id] >= 0
            elif one.kind == frames.HEADERS and one.flags & frames.END_STREAM:
                ended.add(one.stream_id)
                assert not left[one.stream_id]
        waiting = [stream_id for stream_id in streams if stream_id not in ended]
        if not waiting:
            break
        stream_id = draw.draw(st.sampled_from(waiting))
        increment = draw.draw(st.integers(1, 200))
        windows[stream_id] += increment
        peer.send(frames.window_update(stream_id, increment))
    assert ended == set(streams)
    assert peer.connection.idle
