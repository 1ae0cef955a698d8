"""Both transports, held to the same promises against gRPC's own server."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from hedera_client import Fate, HederaClient, TransportError
from hedera_client.status import TRANSPORT
from tests.grpc_http2.client.limited_node import End, LimitedNode
from tests.hedera_client.answering_server import NODE, Server, client_of, send

MIB = 1024 * 1024


def test_an_unknown_transport_is_refused() -> None:
    """With the choices in the sentence."""
    with pytest.raises(ValueError, match="'carrier pigeon': choose one of http2, grpc"):
        client_of("127.0.0.1:1", transport="carrier pigeon")


@pytest.mark.parametrize("size", [0, 1, 100, 16_378, 16_379, 16_380, 65_530, 65_531, 70_000, 1_000_000, 3 * MIB])
def test_what_is_sent_comes_back(caller: HederaClient, size: int) -> None:
    """Messages of every size around the limits of frames and windows, twice on one connection."""
    message = os.urandom(size)
    assert send(caller, "echo", message) == message
    assert send(caller, "echo", message[::-1]) == message[::-1]


def test_many_callers_share_a_connection(caller: HederaClient) -> None:
    """Forty threads, messages of many sizes at once: everybody gets his own answer."""

    def one(number: int) -> bool:
        message = bytes([number % 256]) * (number * 997 % 90_000)
        return send(caller, "echo", message) == message

    with ThreadPoolExecutor(40) as pool:
        assert all(pool.map(one, range(400)))


def test_a_server_that_takes_few_calls_at_once_gets_them_in_turn(
    make_server: Callable[..., Server], make_caller: Callable[..., HederaClient]
) -> None:
    """More callers than the server allows streams: all get their turn, each once.

    gRPC's own server now and then refuses a stream that follows the end of another too closely. Such a call is of
    unknown fate here (proxies refuse what they have passed on), and is sent again.
    """
    server = make_server(max_concurrent_streams=3)
    caller = make_caller(server.address)

    def one(number: int) -> bytes:
        while True:
            try:
                return send(caller, "echo", b"%d" % number)
            except TransportError as error:
                refused = "REFUSED_STREAM" in str(error) or "error code 7" in str(error)
                if not refused or error.fate is not Fate.UNKNOWN:
                    raise

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(one, range(60)))
    assert answers == [b"%d" % number for number in range(60)]
    assert sorted(server.seen) == sorted(answers)


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
@pytest.mark.parametrize("reading", [False, True])
def test_every_code_of_grpc(caller: HederaClient, code: grpc.StatusCode, reading: bool) -> None:
    """The error carries gRPC's word and details, and the table's judgement; what only asks may be asked again."""
    with pytest.raises(TransportError) as caught:
        send(caller, "code", code.name.encode(), reading=reading)
    expected = TRANSPORT[code.name]
    fate = Fate.RETRYABLE if reading and expected.fate is Fate.UNKNOWN else expected.fate
    assert (caught.value.status, caught.value.fate, caught.value.busy) == (code.name, fate, expected.busy)
    assert "as é asked %" in str(caught.value)
    assert caught.value.node == NODE
    assert send(caller, "echo", b"still there") == b"still there"


def test_no_such_method(caller: HederaClient) -> None:
    """A method that the server does not have."""
    with pytest.raises(TransportError) as caught:
        send(caller, "nothing_like_it")
    assert caught.value.status in ("UNIMPLEMENTED", "UNKNOWN")


def test_a_call_that_ends_well_without_a_message(caller: HederaClient) -> None:
    """Something answers as gRPC and says nothing: what became of the call is unknown, by either transport."""
    with pytest.raises(TransportError, match="the call ended well, but there is no message") as caught:
        send(caller, "nothing")
    assert (caught.value.status, caught.value.fate) == ("INTERNAL", Fate.UNKNOWN)
    assert send(caller, "echo", b"x") == b"x"


def test_an_answer_that_is_too_large(caller: HederaClient) -> None:
    """4 MiB is the limit, as gRPC's; beyond it the call ends in RESOURCE_EXHAUSTED, and others go on."""
    assert len(send(caller, "size", b"%d" % (4 * MIB))) == 4 * MIB
    with pytest.raises(TransportError) as caught:
        send(caller, "size", b"%d" % (4 * MIB + 1))
    assert caught.value.status == "RESOURCE_EXHAUSTED"
    assert send(caller, "echo", b"x") == b"x"


def test_windows_are_topped_up(caller: HederaClient) -> None:
    """Much more is received on one connection than its window holds at once."""
    assert sum(len(send(caller, "size", b"3000000")) for _ in range(15)) == 45_000_000


def test_a_deadline_ends_the_call_on_both_sides(server: Server, caller: HederaClient) -> None:
    """The caller hears DEADLINE_EXCEEDED in time, of unknown fate; the server is told."""
    begin = time.monotonic()
    with pytest.raises(TransportError) as caught:
        send(caller, "hold", timeout=0.3)
    assert (caught.value.status, caught.value.fate) == ("DEADLINE_EXCEEDED", Fate.UNKNOWN)
    assert 0.25 < time.monotonic() - begin < 2
    assert server.given_up.wait(5)


def test_nobody_listens(make_caller: Callable[..., HederaClient]) -> None:
    """Never sent: the call may be repeated, at once and anywhere."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    caller = make_caller(address)
    for _ in range(3):
        with pytest.raises(TransportError) as caught:
            send(caller, "echo")
        assert (caught.value.status, caught.value.fate) == ("UNAVAILABLE", Fate.RETRYABLE)


def test_a_node_that_comes_back_is_found_again(
    make_server: Callable[..., Server], make_caller: Callable[..., HederaClient]
) -> None:
    """After an outage calls succeed again within the longest back-off, and those between fail as never sent."""
    first = make_server()
    caller = make_caller(first.address)
    assert send(caller, "echo", b"before") == b"before"
    first.stop()
    for _ in range(4):
        with pytest.raises(TransportError) as caught:
            send(caller, "echo", b"meanwhile")
        assert caught.value.fate in (Fate.RETRYABLE, Fate.UNKNOWN)
        time.sleep(0.05)
    assert caught.value.fate is Fate.RETRYABLE
    make_server(first.port)
    until = time.monotonic() + 10
    while True:
        try:
            assert send(caller, "echo", b"after") == b"after"
            break
        except TransportError:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_connection_lost_in_a_call_leaves_it_unknown(server: Server, caller: HederaClient) -> None:
    """The request had arrived when the node went: nobody can say what became of it."""
    thread = threading.Thread(target=lambda: (server.entered.wait(5), server.stop()))
    thread.start()
    with pytest.raises(TransportError) as caught:
        send(caller, "hold")
    thread.join()
    assert caught.value.fate is Fate.UNKNOWN


def test_closing_ends_calls(server: Server, caller: HederaClient) -> None:
    """Those in flight as CANCELLED, of unknown fate; later ones as CLOSED, for good."""
    thread = threading.Thread(target=lambda: (server.entered.wait(5), caller.close()))
    thread.start()
    with pytest.raises(TransportError) as caught:
        send(caller, "hold")
    thread.join()
    assert (caught.value.status, caught.value.fate) == ("CANCELLED", Fate.UNKNOWN)
    caller.close()
    with pytest.raises(TransportError) as caught:
        send(caller, "echo")
    assert (caught.value.status, caught.value.fate) == ("CLOSED", Fate.FINAL)


def test_a_server_that_does_not_speak_http2(make_caller: Callable[..., HederaClient]) -> None:
    """Whatever it says: UNAVAILABLE or late, and the call has not been made."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        caller = make_caller(f"127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(TransportError) as caught:
            send(caller, "echo", timeout=3)
    assert caught.value.status in ("UNAVAILABLE", "DEADLINE_EXCEEDED")


def test_a_server_that_says_nothing(make_caller: Callable[..., HederaClient]) -> None:
    """A connection that opens and stays silent: the deadline holds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        caller = make_caller(f"127.0.0.1:{listener.getsockname()[1]}")
        begin = time.monotonic()
        with pytest.raises(TransportError) as caught:
            send(caller, "echo", timeout=0.4)
        assert caught.value.status == "DEADLINE_EXCEEDED"
        assert time.monotonic() - begin < 3


def limited(streams: int, ends: str, delay: float = 0.01) -> LimitedNode:
    return LimitedNode(streams=streams, delay=delay, ends=lambda number: End(5 + number % 20, ends))


def outcomes(caller: HederaClient, count: int, at_once: int) -> list[TransportError | bytes]:
    """What came of so many calls, each with a message of its own."""

    def one(number: int) -> TransportError | bytes:
        try:
            return send(caller, "echo", b"%d" % number)
        except TransportError as error:
            return error

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(count)))


def test_connections_that_end_gracefully_lose_nothing(make_caller: Callable[..., HederaClient]) -> None:
    """Again and again, with few streams (CN:hedera-config NettyConfig): by either transport each call succeeds once."""
    node = limited(10, "graceful")
    try:
        answers = outcomes(make_caller(node.address), 300, 40)
        assert answers == [b"%d" % number for number in range(300)]
        assert set(node.processed.values()) == {1}
        assert node.most > 1
    finally:
        node.close()


def test_no_more_connections_than_allowed(make_caller: Callable[..., HederaClient]) -> None:
    """By either transport; all calls are served nevertheless."""
    node = LimitedNode(streams=3, delay=0.01)
    try:
        answers = outcomes(make_caller(node.address, max_connections=2), 100, 20)
        assert answers == [b"%d" % number for number in range(100)]
        assert node.most == 2
    finally:
        node.close()


@pytest.mark.parametrize("how", ["at-once", "error", "reset"])
def test_what_may_have_been_seen_is_never_called_unsent(make_caller: Callable[..., HederaClient], how: str) -> None:
    """Connections that end hard: whatever either transport says of a call, what it calls retryable was not processed,
    and nothing was processed twice.
    """
    node = limited(10, how)
    try:
        for number, outcome in enumerate(outcomes(make_caller(node.address), 300, 40)):
            times = node.processed[b"%d" % number]
            assert times <= 1
            if isinstance(outcome, bytes):
                assert times == 1
            else:
                assert outcome.fate is (Fate.UNKNOWN if times else outcome.fate)
    finally:
        node.close()


@pytest.mark.parametrize("reading", [False, True])
def test_a_refused_stream_is_unknown(make_caller: Callable[..., HederaClient], reading: bool) -> None:
    """A proxy says REFUSED_STREAM of a call that it had passed on (HAProxy, mux_h2.c): the operation may have happened.
    Neither transport sends it again; a question may be asked again.
    """
    node = LimitedNode(refuses=True)
    try:
        with pytest.raises(TransportError) as caught:
            send(make_caller(node.address), "echo", b"once", reading=reading)
        assert (caught.value.status, caught.value.fate) == (
            "UNAVAILABLE",
            Fate.RETRYABLE if reading else Fate.UNKNOWN,
        )
        assert node.processed == {b"once": 1}
    finally:
        node.close()


@pytest.mark.parametrize(
    ("answer", "status", "busy", "words"),
    [("429", "UNAVAILABLE", True, "429"), ("503", "UNAVAILABLE", False, "503"), ("404", "UNIMPLEMENTED", False, "404")],
)
def test_a_proxy_that_answers_itself(
    make_caller: Callable[..., HederaClient], answer: str, status: str, busy: bool, words: str
) -> None:
    """HTTP's status and none of gRPC, by grpc/grpc doc/http-grpc-status-mapping.md; 429 asks for a slower pace."""
    node = LimitedNode(http_status=answer)
    try:
        with pytest.raises(TransportError, match=words) as caught:
            send(make_caller(node.address), "echo", b"m")
        assert (caught.value.status, caught.value.busy) == (status, busy)
        assert "\n" not in str(caught.value)
    finally:
        node.close()


def test_the_second_address_of_a_node(make_caller: Callable[..., HederaClient], server: Server) -> None:
    """The first cannot be reached: the call goes to the second, by itself, since nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = f"127.0.0.1:{free.getsockname()[1]}"
    caller = make_caller(dead, server.address)
    assert [send(caller, "echo", b"%d" % number) for number in range(3)] == [b"0", b"1", b"2"]


def test_a_port_that_speaks_http1_is_told_as_that(make_caller: Callable[..., HederaClient]) -> None:
    """With the words of the transport, in one line, and nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.recv(100)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    time.sleep(0.2)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(TransportError, match=r"(?i)HTTP/?1") as caught:
            send(make_caller(f"127.0.0.1:{listener.getsockname()[1]}"), "echo")
    assert (caught.value.status, caught.value.fate) == ("UNAVAILABLE", Fate.RETRYABLE)
    assert "\n" not in str(caught.value)
