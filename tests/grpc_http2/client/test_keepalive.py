"""A connection whose other end has gone is found out, said or not, and one that is only quiet is kept."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grpc_http2.client.errors import ConnectionLostError
from grpc_http2.client.liveness import Liveness
from grpc_http2.wire import frames
from tests.grpc_http2.client.timing import TIMING

ROOT = Path(__file__).resolve().parents[3]

CALL = """
    import sys
    if sys.argv[2] == "greenlets":
        import locust
    from grpc_http2.client.transport import Http2Transport
    from grpc_http2.client.no_answer import NoAnswerError
    from dataclasses import replace
    from tests.grpc_http2.client.timing import TIMING
    timing = replace(TIMING, tick=0.05, overdue=0.2, overdue_answer=0.6, ping_interval=float(sys.argv[3]))
    nodes = Http2Transport({"n": [sys.argv[1]]}, timing, user_agent="test")
    try:
        nodes.unary("n", "/a/b", b"", 3)
    except NoAnswerError as failure:
        print(failure.status, failure.sent, failure)
"""


class QuietNode:
    """Speaks just enough HTTP/2 to be connected to, and never answers a call."""

    def __init__(self, *, answers_pings: bool = False, hangs_up: bool = False) -> None:
        self.pings = 0
        self.calls = 0
        self.answers_pings = answers_pings
        self.hangs_up = hangs_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.sendall(frames.settings({}))
            data = b""
            while received := connection.recv(65_536):
                data = (data + received).removeprefix(frames.PREFACE)
                data = self._read(connection, data)
                if self.hangs_up and self.calls:
                    connection.close()  # without a word, as a process that was killed
                    return

    def _read(self, connection: socket.socket, data: bytes) -> bytes:
        while len(data) >= frames.HEADER_BYTES:
            high, low, kind, flags, _ = frames.HEADER.unpack_from(data, 0)
            end = frames.HEADER_BYTES + (high << 16 | low)
            if len(data) < end:
                break
            if kind == frames.PING and not flags & frames.ACK:
                self.pings += 1
                if self.answers_pings:
                    connection.sendall(frames.ping(data[frames.HEADER_BYTES : end], ack=True))
            self.calls += kind == frames.HEADERS
            data = data[end:]
        return data

    def close(self) -> None:
        self._listener.close()


def call(node: QuietNode, callers: str, ping_interval: float = 0.0) -> subprocess.CompletedProcess[str]:
    """Make one call in a process of its own, from a thread or a greenlet; it prints how the call ended."""
    command = [sys.executable, "-c", textwrap.dedent(CALL), node.address, callers, str(ping_interval)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture(params=[True, False], ids=["answers-pings", "answers-nothing"])
def node(request: pytest.FixtureRequest) -> Iterator[QuietNode]:
    made = QuietNode(answers_pings=request.param)
    yield made
    made.close()


@pytest.mark.parametrize("callers", ["threads", "greenlets"])
def test_silence_is_asked_about(node: QuietNode, callers: str) -> None:
    """Pings go out; without an answer the call ends long before its deadline, with one it has its whole time."""
    done = call(node, callers)
    if node.answers_pings:
        assert done.stdout.startswith("DEADLINE_EXCEEDED True"), done.stdout + done.stderr
        assert node.pings > 2
    else:
        assert done.stdout.startswith("UNAVAILABLE True"), done.stdout + done.stderr
        assert "no sign of life within 0.6 s" in done.stdout
        assert node.pings == 1


@pytest.mark.parametrize("callers", ["threads", "greenlets"])
def test_a_node_that_hangs_up_without_a_word(callers: str) -> None:
    """The call that waits ends at once, of unknown fate, and no ping is needed to find out."""
    node = QuietNode(hangs_up=True)
    done = call(node, callers)
    node.close()
    assert done.stdout.startswith("UNAVAILABLE True UNAVAILABLE: the server closed the connection"), done.stdout
    assert node.pings == 0


def test_a_real_node_is_not_asked_more_often_than_it_permits() -> None:
    """Calls that are answered late, and pings that are: one in a minute (CN:hedera-config NettyConfig,
    `prod.permitKeepAliveTime`), since more of them end the connection.
    """
    node = QuietNode(answers_pings=True)
    done = call(node, "threads", ping_interval=60.0)
    node.close()
    assert done.stdout.startswith("DEADLINE_EXCEEDED True"), done.stdout + done.stderr
    assert node.pings == 1


def test_when_silence_is_asked_about() -> None:
    """With calls in flight soon, without them rarely; calls that begin after a silence are given their time."""
    timing = TIMING
    liveness = Liveness(timing, 0.0)
    assert not liveness.wants_ping(50.0, 0, 1)
    assert not liveness.wants_ping(51.0, 1, 2)  # a call after long silence
    assert not liveness.wants_ping(53.0, 1, 2)
    assert liveness.wants_ping(54.0, 1, 2)
    assert not liveness.wants_ping(57.0, 1, 2)
    with pytest.raises(ConnectionLostError, match="no sign of life within 4 s"):
        liveness.wants_ping(58.0, 1, 2)
    liveness.heard_at = 58.0
    assert not liveness.wants_ping(66.0, 1, 2)
    assert not liveness.wants_ping(67.0, 1, 2)  # answered, and the next may come a minute after the last
    assert liveness.wants_ping(114.0, 1, 2)


def test_a_connection_without_calls_is_asked_rarely() -> None:
    """As hiero-sdk-python sets it."""
    liveness = Liveness(TIMING, 0.0)
    assert not liveness.wants_ping(99.0, 0, 0)
    assert liveness.wants_ping(100.0, 0, 0)
    with pytest.raises(ConnectionLostError, match="no sign of life within 10 s"):
        liveness.wants_ping(110.0, 0, 0)


def test_when_a_connection_was_last_used() -> None:
    """To the tick: a call that came and went between two looks counts."""
    liveness = Liveness(TIMING, 0.0)
    liveness.wants_ping(1.0, 0, 0)
    assert liveness.quiet_since == 0.0
    liveness.wants_ping(2.0, 0, 3)
    liveness.wants_ping(3.0, 0, 3)
    assert liveness.quiet_since == 2.0
