"""What comes in, part by part: the first bytes, the calls, how often a client pings, and the frames as lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.server import UNLIMITED, Method, RpcError, StatusCode
from grpc_http2.server.call_head import CallHead
from grpc_http2.server.calls import NOT_YET_LIMITED, Admission, Calls
from grpc_http2.server.limits import Limits
from grpc_http2.server.outbox import Outbox
from grpc_http2.server.pings import IMPLICITLY_PERMITTED_S, PingPolicy
from grpc_http2.server.preface import read_preface
from grpc_http2.server.request_memory import RequestMemory
from grpc_http2.server.traced import TracedConnection
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError, Http2StreamError
from grpc_http2.wire.messages import MAX_MESSAGE_BYTES, write_message
from tests.grpc_http2.server.peer import METHODS, Clock, Frame, Held, Peer, split

HEAD = CallHead("/test/echo")


@given(cut=st.integers(0, len(frames.PREFACE)), more=st.binary(max_size=20))
def test_the_preface_may_come_in_pieces(cut: int, more: bytes) -> None:
    """Only when it is whole is it known where the first frame begins."""
    assert read_preface(frames.PREFACE[:cut]) == (len(frames.PREFACE) if cut == len(frames.PREFACE) else 0)
    assert read_preface(frames.PREFACE + more) == len(frames.PREFACE)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: x", "Unexpected HTTP/1.x request: GET /metrics $"),
        (b"\x16\x03\x01\x02\x00", "preface string missing or corrupt. Hex dump for received bytes: 1603010200$"),
    ],
)
def test_who_speaks_something_else_is_told_in_nettys_words(said: bytes, reason: str) -> None:
    """People look for them."""
    with pytest.raises(Http2ConnectionError, match=reason) as raised:
        read_preface(said)
    assert raised.value.code == ErrorCode.PROTOCOL_ERROR


def make_calls(
    limits: Limits = UNLIMITED, methods: dict[str, Method] | None = None
) -> tuple[Calls, Callable[[], list[Frame]], RequestMemory]:
    """The calls of a connection, what has gone out so far, and the memory of all."""
    written: list[bytes] = []
    memory = RequestMemory()
    outbox = Outbox(written.append)
    calls = Calls({**METHODS, **(methods or {})}, outbox, limits, memory, outbox.flush)

    def sent() -> list[Frame]:
        outbox.flush()
        return split(b"".join(written))

    return calls, sent, memory


def test_a_message_in_parts_is_unfinished_until_its_end() -> None:
    """The memory of all connections counts it as long."""
    calls, _, memory = make_calls()
    message = write_message(b"hello")
    calls.begin(1, HEAD, 0)
    calls.data(1, message[:3], 3, 0)
    assert (len(calls), 1 in calls, calls.unfinished, memory.taken) == (1, True, 3, 3)
    calls.data(1, message[3:], len(message) - 3, frames.END_STREAM)
    assert (len(calls), calls.unfinished, memory.taken) == (0, 0, 0)


def test_a_call_that_is_dropped_gives_its_room_back() -> None:
    """So do all of them at the end of the connection."""
    calls, _, memory = make_calls()
    for number in (1, 3):
        calls.begin(number, HEAD, 0)
        calls.data(number, bytes(4), 4, 0)
    calls.drop(1)
    assert (calls.unfinished, memory.taken, len(calls)) == (4, 4, 1)
    calls.stop_all()
    assert (calls.unfinished, memory.taken, len(calls)) == (0, 0, 0)


def test_limits_hold_from_when_the_client_knows_them() -> None:
    """And none is taken once the connection is to end."""
    calls, _, _ = make_calls(Limits(max_streams=2))
    assert (calls.admission, NOT_YET_LIMITED) == (Admission.UNLIMITED, 10_000)
    for number in (1, 3):
        calls.begin(number, HEAD, 0)
    assert not calls.full
    calls.acknowledged()
    assert (calls.admission, calls.full) == (Admission.LIMITED, True)
    calls.drop(1)
    assert not calls.full
    calls.close()
    assert (calls.admission, calls.full) == (Admission.CLOSED, True)
    calls.acknowledged()
    assert calls.admission is Admission.CLOSED


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (lambda calls: calls.begin(3, CallHead(), 0), ErrorCode.PROTOCOL_ERROR),
        (lambda calls: calls.trailers(1, HEAD, frames.END_STREAM), ErrorCode.PROTOCOL_ERROR),
        (lambda calls: calls.trailers(1, CallHead(), 0), ErrorCode.PROTOCOL_ERROR),
        (lambda calls: calls.data(1, bytes(70_000), 70_000, 0), ErrorCode.FLOW_CONTROL_ERROR),
        (lambda calls: calls.begin(3, CallHead("/test/none"), 0), ErrorCode.NO_ERROR),
        (lambda calls: calls.begin(3, CallHead("/test/echo", http_status=415), 0), ErrorCode.NO_ERROR),
        (lambda calls: calls.data(1, write_message(b"")[:1] + b"\x7f\xff\xff\xff", 5, 0), ErrorCode.NO_ERROR),
    ],
    ids=["no-request", "no-trailers", "no-end", "too-much", "no-method", "no-grpc", "too-long"],
)
def test_what_breaks_a_rule_or_is_answered_early_ends_the_stream(
    step: Callable[[Calls], None], code: ErrorCode
) -> None:
    """The others go on; where there is an answer before the request's end, the client is told to leave the rest."""
    calls, _, _ = make_calls()
    calls.begin(1, HEAD, 0)
    with pytest.raises(Http2StreamError) as raised:
        step(calls)
    assert raised.value.code == code
    assert MAX_MESSAGE_BYTES < 0x7FFFFFFF


def test_nothing_may_come_after_the_end() -> None:
    """Of a call that is worked on."""

    async def main() -> None:
        held = Held()
        calls, _, _ = make_calls(methods={"/test/held": held})
        calls.begin(1, CallHead("/test/held"), 0)
        calls.data(1, write_message(b"x"), 6, frames.END_STREAM)
        await asyncio.sleep(0)
        for step in (lambda: calls.data(1, b"x", 1, 0), lambda: calls.trailers(1, CallHead(), frames.END_STREAM)):
            with pytest.raises(Http2StreamError) as raised:
                step()
            assert raised.value.code == ErrorCode.STREAM_CLOSED
        calls.stop_all()
        await asyncio.sleep(0)
        assert (held.started, held.cancelled) == (1, 1)

    asyncio.run(main())


def test_a_request_is_as_long_as_it_says() -> None:
    """Or it is none."""
    calls, _, _ = make_calls()
    calls.begin(1, CallHead("/test/echo", length=7), 0)
    with pytest.raises(Http2StreamError, match="content-length"):
        calls.data(1, write_message(b"x"), 6, frames.END_STREAM)


def test_pings_while_calls_are_under_way_need_the_interval_between_them() -> None:
    """Two that come too early are borne, the third is not; an answer makes them forgotten."""
    policy = PingPolicy(60.0, now=0.0)
    assert policy.permits(60.0, calls=True, answers=0)
    assert [policy.permits(61.0, calls=True, answers=0) for _ in range(3)] == [True, True, False]
    policy = PingPolicy(60.0, now=0.0)
    assert [policy.permits(61.0 + n, calls=True, answers=n) for n in range(10)] == [True] * 10


def test_without_calls_two_hours_are_between_them() -> None:
    """Whatever the interval is; on a young connection every ping is too early, and an interval of 0 permits all."""
    policy = PingPolicy(60.0, now=0.0)
    assert [policy.permits(IMPLICITLY_PERMITTED_S - 1, calls=False, answers=0) for _ in range(3)] == [True, True, False]
    policy = PingPolicy(60.0, now=0.0)
    assert [policy.permits(n * IMPLICITLY_PERMITTED_S, calls=False, answers=0) for n in range(1, 9)] == [True] * 8
    policy = PingPolicy(60.0, now=0.0)
    assert [policy.permits(1.0, calls=True, answers=1) for _ in range(3)] == [True, True, False]
    policy = PingPolicy(0.0, now=0.0)
    assert all(policy.permits(0.0, calls=False, answers=0) for _ in range(10))


def test_a_traced_connection_does_what_another_does_and_says_it() -> None:
    """Both ways, frame by frame; a peer without an address is a client all the same."""
    lines: list[str] = []
    traced, plain = Peer(METHODS), Peer(METHODS)
    traced.connection = TracedConnection(
        lines.append, METHODS, lambda _: None, lambda _: None, UNLIMITED, Clock(), RequestMemory(), 0.5
    )
    traced.connection.connection_made(traced)
    traced.written = b""
    for peer in (traced, plain):
        peer.greet()
        peer.send(peer.call(1))
    assert traced.written == plain.written
    assert [one.kind for one in split(traced.written)] == [frames.HEADERS, frames.DATA, frames.HEADERS]
    said = [line.partition("a client #")[2].split(" ", 1)[1].split(" ", 2)[:2] for line in lines]
    assert [">", "SETTINGS"] in said
    assert ["<", "SETTINGS"] in said
    assert said[-3:] == [[">", "HEADERS"], [">", "DATA"], [">", "HEADERS"]]


def test_a_status_that_a_method_raises_is_the_answer() -> None:
    """Without a message; the call is over."""

    def refuse(_: bytes) -> bytes:
        raise RpcError(StatusCode.UNAVAILABLE, "later")

    calls, sent, _ = make_calls(methods={"/test/refuse": refuse})
    calls.begin(1, CallHead("/test/refuse"), 0)
    calls.data(1, write_message(b""), 5, frames.END_STREAM)
    (answer,) = sent()
    assert answer.flags & frames.END_STREAM
    assert ("grpc-status", "14") in hpack.Decoder().decode(answer.payload)
    assert len(calls) == 0
