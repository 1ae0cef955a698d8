"""As many connections per node as the calls need, over a real wire: a node of ten streams a connection and less."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.timing import Timing
from grpc_http2.client.transport import Http2Transport
from tests.grpc_http2.client.limited_node import End, LimitedNode
from tests.grpc_http2.client.timing import TIMING

NODE = "0.0.3"
FAST = replace(TIMING, tick=0.02, idle=0.15)


class Rig:
    """Nodes and transports that end with the test."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def node(self, **options: Any) -> LimitedNode:
        self._made.append(LimitedNode(**options))
        node: LimitedNode = self._made[-1]
        return node

    def transport(self, *addresses: str, timing: Timing = FAST, **options: Any) -> Http2Transport:
        made = Http2Transport({NODE: addresses}, timing, user_agent="test", **options)
        self._made.append(made)
        return made

    def close(self) -> None:
        for one in reversed(self._made):
            one.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


def call(
    transport: Http2Transport,
    message: bytes = b"m",
    timeout: float = 20.0,
    on_wait: Callable[[float], None] | None = None,
) -> bytes:
    return transport.unary(NODE, "/test.Test/echo", message, timeout, on_wait)


def call_all(transport: Http2Transport, count: int, at_once: int) -> list[bytes]:
    """So many calls, each with a message of its own, so many of them at once."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda number: call(transport, b"%d" % number), range(count)))


def counts(transport: Http2Transport) -> dict[str, float]:
    return transport.connections()[NODE]


def succeeds(transport: Http2Transport, timeout: float = 20.0) -> bool:
    try:
        call(transport, timeout=timeout)
    except NoAnswerError:
        return False
    return True


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_connections_are_opened_as_calls_need_them(rig: Rig) -> None:
    """CN:hedera-config NettyConfig, `prod.maxConcurrentCalls` 10: with 45 calls at once there are five connections."""
    node = rig.node(streams=10, delay=0.1)
    transport = rig.transport(node.address)
    assert sorted(call_all(transport, 200, 45)) == sorted(b"%d" % number for number in range(200))
    assert node.faults == []
    assert node.most_calls == 10
    assert node.most in (5, 6)  # a sixth where the forty-fifth call comes before the fifth connection is open
    assert set(node.processed.values()) == {1}


def test_a_single_caller_needs_one(rig: Rig) -> None:
    """One call after another stays on one connection, and waits only for its opening."""
    node = rig.node()
    transport = rig.transport(node.address)
    waits: list[float] = []
    for number in range(50):
        assert call(transport, b"%d" % number, on_wait=waits.append) == b"%d" % number
    assert node.connections == 1
    assert len(waits) == 1
    told = counts(transport)
    assert (told["opened"], told["open"], told["most_open"], told["waited"], told["moved"]) == (1, 1, 1, 1, 0)
    assert told["waited_s"] == pytest.approx(waits[0])


@pytest.mark.parametrize("most", [1, 2, 3])
def test_there_are_never_more_than_allowed(rig: Rig, most: int) -> None:
    """At the bound calls wait their turn; all are served, each once, and their waiting is told."""
    node = rig.node(streams=2, delay=0.01)
    transport = rig.transport(node.address, max_connections=most)
    waits: list[float] = []
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: call(transport, b"%d" % number, on_wait=waits.append), range(100)))
    assert node.most == most
    assert node.faults == []
    assert set(node.processed.values()) == {1}
    assert len(waits) == counts(transport)["waited"] > 20
    assert sum(waits) == pytest.approx(counts(transport)["waited_s"])


def test_the_line_is_first_come_first_served(rig: Rig) -> None:
    """One connection with one stream: calls are processed in the order in which they were made."""
    node = rig.node(streams=1, delay=0.01)
    transport = rig.transport(node.address, max_connections=1)
    threads = []
    for number in range(15):
        threads.append(threading.Thread(target=call, args=(transport, b"%d" % number)))
        threads[-1].start()
        until(lambda number=number: counts(transport)["opened"] == 1 or number == 0)  # type: ignore[misc]
        time.sleep(0.002)
    for thread in threads:
        thread.join()
    assert list(node.processed) == [b"%d" % number for number in range(15)]


def test_a_deadline_holds_in_line(rig: Rig) -> None:
    """A call that no stream came free for was never sent, says so, and leaves its place to the next."""
    node = rig.node(streams=1, delay=0.6)
    transport = rig.transport(node.address, max_connections=1)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(call, transport, b"first")
        until(lambda: bool(node.processed))
        waits: list[float] = []
        begin = time.monotonic()
        with pytest.raises(NoAnswerError, match="DEADLINE_EXCEEDED: no free stream on any connection") as caught:
            call(transport, b"late", 0.1, waits.append)
        assert not caught.value.sent
        assert time.monotonic() - begin < 0.5
        assert len(waits) == 1
        assert waits[0] >= 0.1
        assert (first.result(), call(transport, b"next")) == (b"first", b"next")
    assert set(node.processed) == {b"first", b"next"}


def test_a_call_that_is_late_makes_room(rig: Rig) -> None:
    """Its stream is the next one's, at once and not only when something arrives."""
    node = rig.node(streams=1, answers=False)
    transport = rig.transport(node.address, max_connections=1)
    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(succeeds, transport, 0.4)
        until(lambda: bool(node.processed))
        node.answers = True
        assert call(transport, b"next", 5.0) == b"next"
        assert late.result() is False


def test_what_is_idle_is_closed_but_for_the_last(rig: Rig) -> None:
    """After a burst few connections stay busy, the others are closed, and one stays without any call."""
    node = rig.node(streams=2, delay=0.05)
    transport = rig.transport(node.address)
    call_all(transport, 40, 20)
    assert len(node.lines) >= 10
    end = time.monotonic() + 10
    while len(node.lines) > 1:
        call(transport)
        assert time.monotonic() < end
    time.sleep(4 * FAST.idle)
    assert len(node.lines) == 1
    told = counts(transport)
    assert (told["open"], told["lost"], told["failed"]) == (1, 0, 0)
    assert told["opened"] == told["closed"] + 1


ends = st.one_of(st.none(), st.builds(End, st.integers(1, 30), st.sampled_from(["graceful", "at-once", "error"])))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ends, min_size=1, max_size=6), st.integers(1, 10), st.sampled_from([0.0, 0.002, 0.02]))
def test_connections_that_end_lose_nothing(plan: list[End | None], streams: int, delay: float) -> None:
    """Connections end by GOAWAY again and again, in every way: each of 150 calls succeeds, and none is processed twice
    (RFC 9113, section 6.8; CN:hedera-config NettyConfig, `prod.maxConnectionAge`).
    """
    rig = Rig()
    try:
        node = rig.node(streams=streams, delay=delay, ends=lambda number: plan[number % len(plan)])
        transport = rig.transport(node.address)
        assert sorted(call_all(transport, 150, 12)) == sorted(b"%d" % number for number in range(150))
        assert node.faults == []
        assert set(node.processed.values()) == {1}
        assert len(node.processed) == 150
        told = counts(transport)
        assert (told["failed"], told["lost"]) == (0, 0)
    finally:
        rig.close()


def test_calls_under_way_finish_on_the_old_connection(rig: Rig) -> None:
    """At a graceful end: what the node has is answered there, and a new connection is opened before anybody asks."""
    node = rig.node(streams=5, delay=0.3)
    transport = rig.transport(node.address)
    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(call, transport, b"%d" % number) for number in range(5)]
        until(lambda: len(node.processed) == 5)
        node.goaway_all()
        until(lambda: counts(transport)["opened"] == 2)
        assert not any(job.done() for job in jobs)
        waits: list[float] = []
        assert call(transport, b"next", on_wait=waits.append) == b"next"
        assert waits == []
        assert [job.result() for job in jobs] == [b"%d" % number for number in range(5)]
    until(lambda: counts(transport)["open"] == 1)
    told = counts(transport)
    assert (told["drained"], told["aged"], told["lost"], told["moved"]) == (1, 1, 0, 0)


def test_an_idle_connection_that_the_node_ends_is_not_replaced(rig: Rig) -> None:
    """Nobody needs another one; the next call opens it."""
    node = rig.node()
    transport = rig.transport(node.address)
    call(transport)
    node.goaway_all(words=b"max_idle")
    until(lambda: counts(transport)["open"] == 0)
    time.sleep(0.1)
    told = counts(transport)
    assert (told["opened"], told["drained"], told["aged"]) == (1, 1, 0)
    assert call(transport, b"again") == b"again"


def test_the_next_connection_is_opened_before_the_old_one_is_old(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a node was seen to end connections for their age, they are replaced a little earlier, and nobody waits."""
    monkeypatch.setattr("grpc_http2.client.connection_ages._SHORTEST_S", 0.1)
    node = rig.node()
    transport = rig.transport(node.address)
    call(transport)
    age = 0.5
    end = time.monotonic() + age
    while time.monotonic() < end:
        call(transport)
    with ThreadPoolExecutor(1) as pool:
        node.delay = 0.1
        job = pool.submit(call, transport, b"during")
        until(lambda: node.processed[b"during"] == 1)
        node.goaway_all()
        job.result()
        node.delay = 0.0
    assert counts(transport)["drained"] == 1
    waits: list[float] = []
    end = time.monotonic() + 3 * age
    while time.monotonic() < end:
        call(transport, on_wait=waits.append)
    told = counts(transport)
    assert told["drained"] == 1  # by the node; the others were ours
    assert told["aged"] >= 3
    assert waits == []
    assert told["open"] <= 2


def test_connections_lost_together_are_one_incident(rig: Rig) -> None:
    """All calls that end with them carry the same word, those that end later another one; their outcome is unknown."""
    node = rig.node(streams=4, answers=False)
    transport = rig.transport(node.address, timing=replace(FAST, incident=0.15))

    def fail(_: int) -> NoAnswerError:
        with pytest.raises(NoAnswerError) as caught:
            call(transport)
        return caught.value

    seen: list[set[str]] = []
    for _ in range(2):
        before = node.processed[b"m"]
        with ThreadPoolExecutor(8) as pool:
            jobs = pool.map(fail, range(8))
            until(lambda before=before: node.processed[b"m"] == before + 8)  # type: ignore[misc]
            node.reset_all()
            failures = list(jobs)
        assert {(one.status, one.sent) for one in failures} == {("UNAVAILABLE", True)}
        seen.append({one.incident for one in failures})
        time.sleep(0.2)  # they had served nobody: the address is left alone for a moment
    assert list(map(len, seen)) == [1, 1]
    assert "" not in seen[0] | seen[1]
    assert seen[0] != seen[1]
    assert counts(transport)["lost"] == 4


def test_one_failed_attempt_is_one_incident(rig: Rig) -> None:
    """Those who waited for it and those who come in its back-off hear the same; the next attempt is another one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    timing = replace(FAST, first_backoff=0.3, longest_backoff=0.3, incident=0.2)
    transport = rig.transport(f"127.0.0.1:{port}", timing=timing)

    def fail(_: int) -> NoAnswerError:
        with pytest.raises(NoAnswerError) as caught:
            call(transport)
        return caught.value

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(fail, range(20)))
    assert {(one.status, one.sent) for one in first} == {("UNAVAILABLE", False)}
    assert len({one.incident for one in first}) == 1
    assert first[0].incident
    assert counts(transport)["failed"] == 1
    time.sleep(0.35)
    assert fail(0).incident not in ("", first[0].incident)
    node = rig.node(port=port)
    time.sleep(0.35)
    assert call(transport) == b"m"
    assert node.connections == 1


def test_after_resets_it_goes_on_at_once(rig: Rig) -> None:
    """All connections are cut for 50 ms: calls succeed again within a fraction of a second."""
    node = rig.node(streams=5, delay=0.01)
    transport = rig.transport(node.address)
    call_all(transport, 20, 20)
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        node.reset_all()
        succeeds(transport)
    begin = time.monotonic()
    until(lambda: succeeds(transport))
    assert time.monotonic() - begin < 2


def test_several_addresses_are_used_in_turn(rig: Rig) -> None:
    """Connections go to them round robin; one that does not answer is left alone while others serve."""
    nodes = [rig.node(streams=1, delay=0.1) for _ in range(3)]
    transport = rig.transport(*(node.address for node in nodes))
    call_all(transport, 6, 6)
    assert [node.connections for node in nodes] == [2, 2, 2]
    dead = nodes[0].address
    for node in nodes:
        node.close()
    alive = rig.node()
    other = rig.transport(dead, alive.address)
    assert [call(other, b"%d" % number) for number in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert (counts(other)["failed"], counts(other)["opened"]) == (1, 1)


def test_an_address_that_says_nothing_does_not_hold_up_the_others(rig: Rig) -> None:
    """It accepts and stays silent: whoever comes when it has become late gets another connection."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        alive = rig.node()
        timing = replace(FAST, impatience=0.1, connect=5.0)
        transport = rig.transport(f"127.0.0.1:{silent.getsockname()[1]}", alive.address, timing=timing)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(call, transport, b"first")
            time.sleep(0.2)
            begin = time.monotonic()
            assert call(transport, b"second") == b"second"
            assert first.result() == b"first"
            assert time.monotonic() - begin < 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "it speaks HTTP/1.1, not HTTP/2"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "it speaks TLS"),
        (b"", "closed the connection without a word of HTTP/2"),
    ],
)
def test_what_is_no_node_is_told(rig: Rig, answer: bytes, words: str) -> None:
    """A port that speaks something else: in one line, and nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(answer)
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        transport = rig.transport(f"127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(NoAnswerError, match=words) as caught:
            call(transport)
    assert (caught.value.status, caught.value.sent) == ("UNAVAILABLE", False)
    assert "\n" not in caught.value.details


def test_a_node_that_hangs_up_at_once_is_not_besieged(rig: Rig) -> None:
    """It accepts, sends its settings and says GOAWAY: it is left alone as one that cannot be reached, longer each time,
    and calls fail meanwhile, as never sent.
    """
    node = rig.node(hangs_up=True)
    transport = rig.transport(node.address, timing=replace(FAST, first_backoff=0.4))
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        with pytest.raises(NoAnswerError, match="the server closed the connection at once: NO_ERROR max_age") as caught:
            call(transport)
        assert not caught.value.sent
        assert caught.value.incident
        time.sleep(0.001)
    assert 1 <= node.connections <= 2
