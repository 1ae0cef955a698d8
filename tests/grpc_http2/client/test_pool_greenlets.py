"""Many connections per node under Locust's patching, each case in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.grpc_http2.client.limited_node import End, LimitedNode

ROOT = Path(__file__).resolve().parents[3]

PREPARED = """
    import locust
    import gevent, sys, time
    from dataclasses import replace
    from tests.grpc_http2.client.timing import TIMING
    from grpc_http2.client.transport import Http2Transport
    from grpc_http2.client.no_answer import NoAnswerError
    timing = replace(TIMING, tick=0.02, idle=0.15)
    transport = Http2Transport({"n": sys.argv[1:]}, timing, user_agent="test", max_connections=6)
    def call(number, timeout=20.0, on_wait=None):
        return transport.unary("n", "/a.B/c", b"%d" % number, timeout, on_wait)
    def counts(): return transport.connections()["n"]
"""


@pytest.fixture
def make_node() -> Iterator[Callable[..., LimitedNode]]:
    made: list[LimitedNode] = []

    def make(**options: Any) -> LimitedNode:
        made.append(LimitedNode(**options))
        return made[-1]

    yield make
    for node in made:
        node.close()


def run(script: str, node: LimitedNode) -> list[str]:
    """Run a script, after PREPARED, and return the words that it printed."""
    text = textwrap.dedent(PREPARED) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", text, node.address], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


ENDS = {
    "never": lambda _: None,
    "graceful": lambda number: End(3 + number % 40, "graceful"),
    "at-once": lambda number: End(3 + number % 40, "at-once"),
    "error": lambda number: End(3 + number % 40, "error"),
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("delay", [0.0, 0.01])
def test_every_call_succeeds_once(make_node: Callable[..., LimitedNode], how: str, delay: float) -> None:
    """Eighty greenlets, seven streams a connection, six connections at most that end again and again: 1,200 calls
    succeed, and each was processed once.
    """
    node = make_node(streams=7, delay=delay, ends=ENDS[how])
    script = """
        def user(first): return [call(first * 15 + number) for number in range(15)]
        jobs = [gevent.spawn(user, first) for first in range(80)]
        gevent.joinall(jobs, raise_error=True)
        print(sum(len(job.value) for job in jobs), counts()["failed"], counts()["lost"], counts()["waited"] > 0)
    """
    assert run(script, node) == ["1200", "0", "0", "True"]
    assert node.faults == []
    assert len(node.processed) == 1200
    assert set(node.processed.values()) == {1}
    assert node.most_calls <= 7


def test_a_greenlet_killed_in_line_leaves_it(make_node: Callable[..., LimitedNode]) -> None:
    """Its call is never processed, and those behind it move up; killed in flight, it frees its stream."""
    node = make_node(streams=1, delay=0.2)
    script = """
        transport._max = 1
        transport._adopt()
        jobs = []
        for number in range(5):
            jobs.append(gevent.spawn(call, number)); gevent.sleep(0.01)
        jobs[1].kill(); jobs[3].kill()
        gevent.joinall([jobs[0], jobs[2], jobs[4]], raise_error=True)
        jobs = [gevent.spawn(call, number) for number in (5, 6)]
        gevent.sleep(0.1); jobs[0].kill()
        print(jobs[1].get().decode(), len(transport._servers["n"].pool.line))
    """
    assert run(script, node) == ["6", "0"]
    assert set(node.processed) == {b"0", b"2", b"4", b"5", b"6"}


def test_waiting_is_told_apart_from_the_answer(make_node: Callable[..., LimitedNode]) -> None:
    """Of twelve calls on six streams six wait, for as long as an answer takes."""
    node = make_node(streams=1, delay=0.3)
    script = """
        call(0)
        waits = []
        jobs = [gevent.spawn(call, 100 + number, 20.0, waits.append) for number in range(12)]
        gevent.joinall(jobs, raise_error=True)
        long = [one for one in waits if one > 0.15]
        print(len(long), all(0.15 < one < 1.0 for one in long), counts()["most_open"])
    """
    words = run(script, node)
    assert words == ["6", "True", "6"]


def test_idle_connections_are_closed(make_node: Callable[..., LimitedNode]) -> None:
    """All but the last."""
    node = make_node(streams=2, delay=0.02)
    script = """
        gevent.joinall([gevent.spawn(call, number) for number in range(40)], raise_error=True)
        most = counts()["open"]
        until = time.monotonic() + 5
        while counts()["open"] > 1 and time.monotonic() < until:
            call(1); gevent.sleep(0.01)
        print(most, counts()["open"], counts()["lost"])
    """
    assert run(script, node) == ["6", "1", "0"]


def test_lost_connections_are_replaced(make_node: Callable[..., LimitedNode]) -> None:
    """Every connection is cut after eight calls: what was under way is unknown, and carries its incident; all others
    succeed.
    """
    node = make_node(streams=4, delay=0.005, ends=lambda _: End(8, "reset"))
    script = """
        failures = []
        def user(first):
            for number in range(20):
                try: call(first * 20 + number)
                except NoAnswerError as failure: failures.append(failure)
                gevent.sleep(0.01)
        gevent.joinall([gevent.spawn(user, first) for first in range(10)], raise_error=True)
        print({one.status for one in failures}, all(one.incident for one in failures), counts()["lost"] > 3)
    """
    assert run(script, node) == ["{'UNAVAILABLE'}", "True", "True"]
    assert set(node.processed.values()) == {1}
