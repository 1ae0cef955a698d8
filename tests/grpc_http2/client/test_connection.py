"""One connection on a socket, and the pool that owns connections, over a real wire."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from time import monotonic
from typing import Any

import pytest

from grpc_http2.client.connection import CLOSED, Connection, ConnectionState
from grpc_http2.client.headers import request_head, timeout_value
from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.pool import Pool
from grpc_http2.client.stream import Stream
from tests.grpc_http2.client.limited_node import LimitedNode
from tests.grpc_http2.client.timing import TIMING

WAIT_S = 10.0
HEAD = request_head("/test.Test/echo", authority="node", tls=False, user_agent="test")


class Notes:
    """An owner that writes down what it is told."""

    line: Collection[Stream] = ()

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.open, self.over = threading.Event(), threading.Event()

    def incident(self, now: float) -> str:
        return "c0"

    def serve(self) -> None:
        self.told.append("serve")

    def opened(self, connection: Connection) -> None:
        self.open.set()

    def drained(self, connection: Connection, moved: Sequence[Stream]) -> None:
        self.told.append(("drained", len(moved)))

    def ended(self, connection: Connection, unsent: Sequence[Stream], lost: int) -> None:
        self.told.append(("ended", len(unsent), lost))
        self.over.set()

    def ticked(self, connection: Connection, now: float) -> None: ...


@pytest.fixture
def node() -> Iterator[LimitedNode]:
    """A node of one stream per connection."""
    node = LimitedNode(streams=1)
    yield node
    node.close()


def new_call(message: bytes = b"hello") -> tuple[Stream, threading.Event]:
    """A call, and what is set at its end."""
    done = threading.Event()
    return Stream(HEAD, timeout_value(WAIT_S), message, monotonic(), WAIT_S, done.set), done


def test_a_connection_carries_calls_as_far_as_there_are_places(node: LimitedNode) -> None:
    """It opens by itself and tells its owner; the second call finds no place; closing it is told once."""
    owner = Notes()
    connection = Connection(node.address, owner, None, TIMING, tls=False)
    assert owner.open.wait(WAIT_S)
    assert connection.state is ConnectionState.OPEN
    call, done = new_call()
    assert connection.start(call)
    assert done.wait(WAIT_S)
    assert (call.answer, call.failure) == (b"hello", None)
    node.answers = False
    held, over = new_call(b"held")
    assert connection.start(held)
    assert not connection.start(new_call()[0])
    connection.close()
    connection.close()
    assert over.is_set()
    assert held.failure is not None
    assert (held.failure.status, connection.state, connection.by_peer) == ("CANCELLED", CLOSED, False)
    assert owner.told == [("ended", 0, 1)]


def test_a_call_that_is_given_up_frees_its_place(node: LimitedNode) -> None:
    """It ends as late, and as sent; the connection goes on."""
    node.answers = False
    owner = Notes()
    connection = Connection(node.address, owner, None, TIMING, tls=False)
    assert owner.open.wait(WAIT_S)
    held, _ = new_call(b"held")
    assert connection.start(held)
    connection.cancel(held)
    assert held.failure is not None
    assert (held.failure.status, held.failure.sent) == ("DEADLINE_EXCEEDED", True)
    node.answers = True
    call, done = new_call()
    assert connection.start(call)
    assert done.wait(WAIT_S)
    assert call.answer == b"hello"
    connection.close()


def test_a_connection_that_the_other_side_cuts_says_so(node: LimitedNode) -> None:
    """Calls end as of unknown outcome, with the incident that the owner names."""
    node.answers = False
    owner = Notes()
    connection = Connection(node.address, owner, None, TIMING, tls=False)
    assert owner.open.wait(WAIT_S)
    held, _ = new_call(b"held")
    assert connection.start(held)
    while not node.processed:
        assert not owner.over.wait(0.01)
    node.reset_all()
    assert owner.over.wait(WAIT_S)
    assert held.failure is not None
    assert (held.failure.status, held.failure.sent, held.failure.incident) == ("UNAVAILABLE", True, "c0")
    assert (connection.by_peer, connection.incident) == (True, "c0")
    assert owner.told == [("ended", 0, 1)]


def test_a_pool_opens_connections_for_the_calls_in_line(node: LimitedNode) -> None:
    """One place per connection, three calls at once: three connections, and no call is told to have waited longer."""
    node.delay = 0.2
    pool = Pool([node.address], tls=False, timing=TIMING)
    answers: list[bytes] = []
    waits: list[float] = []

    def call(number: int) -> None:
        allowed = WAIT_S
        answers.append(pool.call(HEAD, timeout_value(allowed), b"%d" % number, monotonic(), allowed, waits.append))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(WAIT_S)
    assert sorted(answers) == [b"0", b"1", b"2"]
    assert (pool.counts.opened, pool.counts.waited, node.most_calls, node.faults) == (3, 3, 1, [])
    assert pool.counts.waited_s == pytest.approx(sum(waits))
    pool.close()
    pool.close()
    assert pool.counts.open == 0
    with pytest.raises(NoAnswerError, match="CANCELLED: the client is closed") as raised:
        call(4)
    assert not raised.value.sent


def test_a_pool_whose_connections_are_all_taken_gives_a_late_call_up_unsent(node: LimitedNode) -> None:
    """The server never saw it, so it may be sent again."""
    node.answers = False
    pool = Pool([node.address], tls=False, max_connections=1, timing=TIMING)

    def hold() -> None:
        with pytest.raises(NoAnswerError, match="CANCELLED"):
            pool.call(HEAD, timeout_value(WAIT_S), b"held", monotonic(), WAIT_S, None)

    holding = threading.Thread(target=hold)
    holding.start()
    while not node.processed:
        assert holding.is_alive()
    with pytest.raises(NoAnswerError, match="no free stream on any connection") as raised:
        pool.call(HEAD, timeout_value(0.05), b"late", monotonic(), 0.05, None)
    assert (raised.value.status, raised.value.sent) == ("DEADLINE_EXCEEDED", False)
    assert list(node.processed) == [b"held"]
    pool.close()
    holding.join(WAIT_S)
