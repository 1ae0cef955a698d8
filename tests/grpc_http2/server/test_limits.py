"""What the real nodes allow a connection, frame by frame.

The numbers are those of hiero-consensus-node, NettyConfig.java. What a server of grpc-java does with them, in which
order and in which words, was recorded from one with these settings; the tests follow the record.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.server import UNLIMITED, RequestMemory
from grpc_http2.server.connection import FRAMES_PER_TURN
from grpc_http2.server.lifespan import PING
from grpc_http2.server.request_memory import MAX_BYTES, MAX_SHARE_BYTES
from grpc_http2.wire import frames, payloads
from grpc_http2.wire.errors import ErrorCode
from grpc_http2.wire.messages import write_message
from localnet.node.limits import REAL
from tests.grpc_http2.server.peer import METHODS, OK, Clock, Frame, Held, Peer, data, goaway

NewPeer = Callable[..., Peer]
ACK = frames.frame(frames.PING, frames.ACK, 0, PING)
A_PING = frames.frame(frames.PING, 0, 0, b"a client")
TO_HELD = (":path", "/test/held")


def farewell(last_stream: int, reason: str, code: ErrorCode = ErrorCode.NO_ERROR) -> Frame:
    """A GOAWAY."""
    return Frame(frames.GOAWAY, 0, 0, struct.pack(">II", last_stream, code) + reason.encode())


def refused(stream_id: int) -> Frame:
    return Frame(frames.RST_STREAM, 0, stream_id, struct.pack(">I", ErrorCode.REFUSED_STREAM))


@pytest.fixture
def peer() -> Peer:
    """A client of a node with the real limits; no call is ever complete unless the test ends it."""
    peer = Peer(METHODS, REAL)
    peer.greet()
    return peer


# --- calls at once, and windows ---


def test_the_greeting_of_a_real_node() -> None:
    """10 streams, windows of 10,240 bytes, 8,192 bytes of headers (NettyConfig prod.maxConcurrentCalls and
    prod.flowControlWindow; grpc-java's own for headers). The connection's window cannot be made smaller at once."""
    greeting = Peer(METHODS, REAL).take()
    assert [dict(payloads.read_settings(0, 0, one.payload) or ()) for one in greeting] == [{3: 10, 4: 10_240, 6: 8_192}]


def test_the_eleventh_call_is_refused(peer: Peer) -> None:
    """Those before it go on, and when one is over there is room again (prod.maxConcurrentCalls)."""
    peer.send(*(peer.head(stream_id) for stream_id in range(1, 23, 2)))
    assert peer.take() == [refused(21)]
    peer.send(data(1, write_message(b"x")), peer.call(23))
    assert list(peer.answers()) == [1, 23]


def test_a_client_that_goes_on_with_a_refused_call(peer: Peer) -> None:
    """Its DATA breaks the connection, as with Netty (DefaultHttp2ConnectionDecoder, verifyStreamMayHaveExisted)."""
    peer.send(*(peer.head(stream_id) for stream_id in range(1, 23, 2)), data(21, b"x"))
    assert goaway(peer) == ErrorCode.PROTOCOL_ERROR


def test_limits_bind_a_client_that_has_acknowledged_them() -> None:
    """Before that it may open more calls, and send 65,535 bytes (RFC 9113, section 6.5.3; Netty likewise)."""
    peer = Peer(METHODS, REAL)
    peer.send(frames.PREFACE, frames.settings({}), *(peer.head(stream_id) for stream_id in range(1, 41, 2)))
    peer.send(data(1, bytes(16_384), end_stream=False), data(1, bytes(16_384), end_stream=False))
    assert [one.kind for one in peer.take()[1:]] == [frames.SETTINGS, frames.WINDOW_UPDATE]
    peer.send(frames.frame(frames.SETTINGS, frames.ACK, 0), peer.head(41))
    assert peer.take() == [refused(41)]
    # Twenty calls are under way; all that the windows lacked in bytes now counts.
    peer.send(data(3, bytes(10_240), end_stream=False), data(5, bytes(10_241), end_stream=False))
    kinds = {one.stream_id: struct.unpack(">I", one.payload)[0] for one in peer.take() if one.stream_id}
    assert kinds == {3: 10_240, 5: ErrorCode.FLOW_CONTROL_ERROR}


@pytest.mark.parametrize("end_stream", [True, False])
def test_a_stream_has_a_window_of_10240_bytes(peer: Peer, end_stream: bool) -> None:
    """What is more in one piece ends the stream with FLOW_CONTROL_ERROR (prod.flowControlWindow)."""
    peer.send(peer.head(1), data(1, write_message(bytes(10_235)), end_stream=True))
    assert peer.answers()[1][0] == OK
    peer.send(peer.head(3), data(3, write_message(bytes(10_236)), end_stream=end_stream))
    assert peer.take()[-1] == (frames.RST_STREAM, 0, 3, struct.pack(">I", ErrorCode.FLOW_CONTROL_ERROR))


def test_longer_requests_come_in_pieces(peer: Peer) -> None:
    """The stream's window is opened again when half of it is used, the connection's when 5,120 bytes are left."""
    peer.send(peer.head(1))
    updates: dict[int, list[int]] = {0: [], 1: []}
    for _ in range(20):
        peer.send(data(1, bytes(5_000), end_stream=False))
        for one in peer.take():
            updates[one.stream_id].append(struct.unpack(">I", one.payload)[0])
    assert updates[1] == [10_000] * 10
    assert updates[0] == [65_000 - (65_535 - 10_240)] + [10_000] * 3


# --- age ---


@pytest.mark.parametrize(("chance", "age"), [(0.0, 13.5), (0.5, 15.0), (1.0, 16.5)])
def test_a_connection_is_asked_to_leave_when_it_is_old(new_peer: NewPeer, chance: float, age: float) -> None:
    """After 15 s, 10 % more or less: GOAWAY for no stream, PING; after its answer GOAWAY with the last stream, and the
    end (prod.maxConnectionAge; grpc-java, NettyServer and NettyServerHandler.GracefulShutdown)."""
    peer = new_peer(limits=REAL, chance=chance)
    peer.send(peer.head(1))
    peer.clock.move(age - 0.001)
    assert not peer.take()
    peer.clock.move(0.001)
    assert peer.take() == [farewell(2**31 - 1, "max_age"), (frames.PING, 0, 0, bytes.fromhex("000000097acef001"))]
    peer.send(data(1, write_message(b"x")), peer.call(3))  # on its way before the client knew
    assert list(peer.answers()) == [1, 3]
    assert not peer.closed
    peer.send(ACK)
    assert peer.take() == [farewell(3, "max_age")]
    assert peer.closed
    assert not peer.clock.timers


def test_the_last_calls_and_the_answer_to_the_ping_come_together(peer: Peer) -> None:
    """Their answers are written before the second GOAWAY, and the connection is closed after both."""
    peer.clock.move(9)
    peer.send(peer.head(1))
    peer.clock.move(6)
    peer.take()
    peer.send(data(1, write_message(b"x")), peer.call(3), ACK)
    out = peer.take()
    assert [one.stream_id for one in out if one.flags & frames.END_STREAM] == [1, 3]
    assert out[-1] == farewell(3, "max_age")
    assert peer.closed


def test_calls_under_way_have_five_seconds(peer: Peer) -> None:
    """Then the connection is closed without a word; later calls are refused (prod.maxConnectionAgeGrace)."""
    peer.clock.move(9)
    peer.send(peer.head(1))
    peer.clock.move(6)
    peer.send(ACK)
    assert peer.take()[-1] == farewell(1, "max_age")
    peer.send(peer.head(3))
    assert peer.take() == [refused(3)]
    peer.clock.move(4.999)
    assert not peer.closed
    peer.clock.move(0.001)
    assert peer.closed
    assert not peer.take()


def test_the_last_call_closes_an_old_connection(peer: Peer) -> None:
    """Its answer is written, and nobody waits for the five seconds."""
    peer.send(peer.head(1), peer.head(3))
    peer.clock.move(15)
    peer.send(ACK, data(1, write_message(b"x")))
    assert list(peer.answers()) == [1]
    assert not peer.closed
    peer.send(data(3, write_message(b"y")))
    assert list(peer.answers()) == [3]
    assert peer.closed


def test_an_old_connection_waits_for_a_late_answer() -> None:
    """Also for a call that is still worked on, whose answer comes later."""

    async def main() -> None:
        held = Held()
        peer = Peer({"/test/held": held}, REAL)
        peer.greet()
        peer.send(peer.call(1, b"x", TO_HELD))
        peer.clock.move(15)
        peer.send(ACK)
        assert not peer.closed
        held.go_on.set()
        while not peer.closed:
            await asyncio.sleep(0)
        assert peer.answers()[1] == (OK, write_message(b"x"))

    asyncio.run(main())


def test_a_client_that_answers_no_ping(peer: Peer) -> None:
    """After 10 s it is taken to have heard; then the five seconds run (GRACEFUL_SHUTDOWN_PING_TIMEOUT_NANOS)."""
    peer.send(peer.head(1))
    peer.clock.move(15)
    peer.take()
    peer.clock.move(9.999)
    assert not peer.take()
    peer.clock.move(0.001)
    assert peer.take() == [farewell(1, "max_age")]
    peer.clock.move(4.999)
    assert not peer.closed
    peer.clock.move(0.001)
    assert peer.closed


class Orderly:
    """A client that keeps to what is announced, and notes what it hears."""

    def __init__(self, chance: float) -> None:
        self.peer = Peer(METHODS, REAL, chance=chance)
        self.peer.greet()
        self.begun: list[int] = []
        self.waiting: list[int] = []
        self.answered: list[int] = []
        self.farewells: list[Frame] = []

    def begin(self) -> None:
        """Begin a call, if one may be begun."""
        if not self.farewells and len(self.waiting) < REAL.max_streams:
            self.begun.append(2 * len(self.begun) + 1)
            self.waiting.append(self.begun[-1])
            self.peer.send(self.peer.head(self.begun[-1]))

    def end(self) -> None:
        """Complete the call that waits longest."""
        if self.waiting:
            self.peer.send(data(self.waiting.pop(0), write_message(b"x")))

    def acknowledge(self) -> None:
        """Answer the PING, if there was one."""
        if self.farewells:
            self.peer.send(ACK)

    def step(self, step: str | float) -> None:
        """Do something, or let so many seconds go by; then listen."""
        if isinstance(step, float):
            self.peer.clock.move(step)
        else:
            getattr(self, step)()
        for one in self.peer.take():
            assert one.kind != frames.RST_STREAM
            if one.kind == frames.GOAWAY:
                self.farewells.append(one)
            elif one.kind == frames.HEADERS and one.flags & frames.END_STREAM:
                self.answered.append(one.stream_id)


STEPS = st.lists(st.one_of(st.sampled_from(["begin", "end", "acknowledge"]), st.floats(0.01, 8.0)), max_size=60)


@given(STEPS, st.floats(0.0, 1.0))
def test_every_life_ends_in_good_order(steps: list[str | float], chance: float) -> None:
    """Whatever an orderly client does, and when: the end comes in time, no call that was taken goes without its answer
    unless the time was up, and the last stream is told right."""
    client = Orderly(chance)
    for step in [*steps, *[5.0] * 8]:
        if not client.peer.closed:
            client.step(step)
    begun, answered = client.begun, client.answered
    assert client.peer.closed
    assert answered == begun[: len(answered)]
    assert begun[len(answered) :] == client.waiting
    last = begun[-1] if begun else 0
    assert [one.payload[:4] for one in client.farewells] == [b"\x7f\xff\xff\xff", struct.pack(">I", last)]
    assert client.peer.clock.now <= 16.5 + 10 + 5 + 8
    assert not client.peer.clock.timers


# --- idleness ---


def test_an_idle_connection_is_closed_after_ten_seconds(peer: Peer) -> None:
    """Counted from its beginning, or from the end of its last call; pings do not count (prod.maxConnectionIdle)."""
    peer.clock.move(3)
    peer.send(peer.call(1))
    peer.clock.move(5)
    peer.send(frames.frame(frames.PING, 0, 0, bytes(8)))
    peer.take()
    peer.clock.move(4.999)
    assert not peer.take()
    peer.clock.move(0.001)
    assert peer.take()[0] == farewell(2**31 - 1, "max_idle")
    peer.send(ACK)
    assert peer.take() == [farewell(1, "max_idle")]
    assert peer.closed


def test_a_call_under_way_is_no_idleness() -> None:
    """However long it takes; afterwards the ten seconds run in full."""

    async def main() -> None:
        held = Held()
        peer = Peer({"/test/held": held}, REAL, chance=1.0)
        peer.greet()
        peer.send(peer.call(1, b"x", TO_HELD))
        peer.clock.move(6)
        held.go_on.set()
        while not peer.connection.idle:
            await asyncio.sleep(0)
        peer.take()
        peer.clock.move(9.999)
        assert not peer.take()
        peer.clock.move(0.001)
        assert peer.take()[0] == farewell(2**31 - 1, "max_idle")

    asyncio.run(main())


@pytest.mark.parametrize("begin", [b"", frames.PREFACE[:9], frames.PREFACE, frames.PREFACE + frames.settings({})[:5]])
@pytest.mark.parametrize(("limits", "seconds"), [(REAL, 20), (UNLIMITED, 120)])
def test_half_open_connections_are_dropped(begin: bytes, limits: object, seconds: float) -> None:
    """A client that does not send preface and settings is idle for 10 s, and has 10 more to answer the PING, as with
    Netty; without limits it has 120 s (grpc-java's handshake time-out)."""
    peer = Peer(METHODS, limits)  # type: ignore[arg-type]
    peer.send(begin)
    peer.clock.move(seconds - 0.001)
    assert not peer.closed
    peer.clock.move(0.001)
    assert peer.closed
    assert not peer.clock.timers


# --- pings ---


@pytest.mark.parametrize(
    ("steps", "borne"),
    [
        ("ppp", False),  # without a call only one in two hours is permitted
        ("hppp", False),  # and with one only one in 60 s
        ("hpp", True),
        ("ppcpp", True),  # an answer makes them forgotten
        ("ppcppp", False),
    ],
)
def test_the_third_ping_too_many_ends_the_connection(peer: Peer, steps: str, borne: bool) -> None:
    """GOAWAY ENHANCE_YOUR_CALM `too_many_pings` with the last stream, after the ping was answered; p: ping, h: a call
    begins, c: a call is answered (NettyConfig prod.keepAliveTime; grpc-java, KeepAliveEnforcer)."""
    last = 0
    for number, step in enumerate(steps):
        if step == "p":
            peer.send(A_PING)
        else:
            last = 2 * number + 1
            peer.send(peer.head(last) if step == "h" else peer.call(last))
    out = peer.take()
    assert peer.closed is not borne
    assert (farewell(last, "too_many_pings", ErrorCode.ENHANCE_YOUR_CALM) in out) is not borne
    assert sum(one.kind == frames.PING for one in out) == steps.count("p")


def test_nothing_is_done_after_too_many_pings(new_peer: NewPeer) -> None:
    """What came behind them in the same read is not looked at."""
    called: list[bytes] = []
    peer = new_peer({"/test/note": lambda request: called.append(request) or b""}, limits=REAL)
    peer.send(A_PING * 3, peer.call(1, b"late", (":path", "/test/note")))
    assert peer.closed
    assert not called


def test_a_ping_a_minute_is_permitted(new_peer: NewPeer) -> None:
    """While a call is under way (KeepAliveEnforcer, pingAcceptable); without limits as many as one likes."""
    peer = new_peer(limits=replace(UNLIMITED, ping_interval_s=REAL.ping_interval_s))
    peer.send(peer.head(1))
    for _ in range(10):
        peer.clock.move(60)
        peer.send(A_PING)
    assert not peer.closed
    peer.clock.move(59.9)
    peer.send(A_PING, A_PING)
    assert not peer.closed
    peer.send(A_PING)
    assert peer.closed
    free = new_peer(limits=UNLIMITED)
    free.send(*[A_PING] * 1_000)
    assert not free.closed


# --- what many clients do to each other ---


def test_a_flood_leaves_others_their_turn(new_peer: NewPeer) -> None:
    """Of what came at once from one client, only so much is worked off before the others have their turn."""
    clock = Clock()
    flood, other = new_peer(clock=clock, limits=UNLIMITED), new_peer(clock=clock, limits=UNLIMITED)
    calls = 10 * FRAMES_PER_TURN
    flood.connection.data_received(b"".join(flood.call(2 * number + 1) for number in range(calls)))
    assert len(flood.answers()) == FRAMES_PER_TURN // 2
    assert flood.reading_paused, "nothing more is taken in while something is left over"
    other.connection.data_received(other.call(1))
    assert list(other.answers()) == [1]
    turns = 0
    answered = FRAMES_PER_TURN // 2
    while clock.turn():
        turns += 1
        answered += len(flood.answers())
    assert (answered, turns) == (calls, 2 * calls // FRAMES_PER_TURN - 1)
    assert not flood.reading_paused


def test_what_is_left_over_waits_for_a_client_that_does_not_read(new_peer: NewPeer) -> None:
    """And goes on in its order when it reads again, with what came in between behind it."""
    peer = new_peer(limits=UNLIMITED)
    peer.connection.data_received(b"".join(peer.call(stream_id) for stream_id in range(1, 201, 2)))
    peer.connection.pause_writing()
    answered = list(peer.answers())
    while peer.clock.turn():
        pass
    assert not peer.answers()
    peer.connection.data_received(peer.call(201))
    peer.connection.resume_writing()
    while peer.clock.turn():
        pass
    answered += peer.answers()
    assert answered == list(range(1, 203, 2))
    assert not peer.reading_paused


def test_unfinished_requests_have_one_bound_over_all_connections(new_peer: NewPeer) -> None:
    """However many connections there are; what ends or is given up makes room again."""
    memory = RequestMemory()
    peers = [new_peer(limits=UNLIMITED, memory=memory) for _ in range(3 * MAX_BYTES // MAX_SHARE_BYTES)]
    for peer in peers:
        for stream_id in range(1, 9, 2):
            peer.send(peer.head(stream_id), *[data(stream_id, bytes(16_384), end_stream=False)] * 255)
    assert MAX_BYTES - 4 * 1024 * 1024 < memory.taken <= MAX_BYTES
    peers[-1].take()
    peers[-1].send(peers[-1].call(11))
    assert list(peers[-1].answers()) == [11], "what comes in one piece needs no room"
    for peer in peers:
        peer.close()
    assert memory.taken == 0


def test_no_timer_for_a_call(peer: Peer) -> None:
    """A connection has three timers, whatever is called; none is left of it in the end."""
    before = peer.clock.timers
    peer.send(*(peer.call(stream_id) for stream_id in range(1, 101, 2)), peer.head(101))
    assert peer.clock.timers == before == 3
    peer.close()
    assert not peer.clock.timers
