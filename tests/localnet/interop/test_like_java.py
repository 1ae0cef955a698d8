"""The nodes' server beside the real nodes' own: grpc-java with the same settings is sent the same, and answers alike.

It needs java 17 or newer, with its compiler. Where that is missing the tests are skipped; with REQUIRE_JAVA=1, as in
CI, they fail.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import hpack
import pytest
import uvloop

from grpc_http2.server import Http2Server, Method
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from grpc_http2.wire.messages import write_message
from localnet.node.limits import REAL

HERE = Path(__file__).parent
START_S = 60.0
QUIET_S = 0.7
"""So long without a byte, and a script is over."""
BRIEF = (2.0, 1.0, 1.0)
"""Age, grace and idleness of the servers that are waited for; the others have those of real nodes."""
TOLD = (ErrorCode.NO_ERROR, ErrorCode.ENHANCE_YOUR_CALM)
"""GOAWAYs whose words must agree; those of errors are for people."""

PING = frames.frame(frames.PING, 0, 0, b"a client")
SETTINGS_ACK = frames.frame(frames.SETTINGS, frames.ACK, 0)
HELD = "/test/held"


async def hold(request: bytes) -> bytes:
    """Answer nothing."""
    await asyncio.Event().wait()
    return request


METHODS: dict[str, Method] = {"/test/echo": lambda request: request, HELD: hold}


class Raw:
    """A client that sends what it is told to, and notes what comes."""

    def __init__(self, port: int, *, greet: bool = True, acknowledge: bool = True) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._encoder, self._decoder = hpack.Encoder(), hpack.Decoder()
        self._rest = b""
        if greet:
            self.send(frames.PREFACE, frames.settings({}))
        if acknowledge:
            while ("acknowledged", 0) not in self.heard(0.1):  # a cold JVM takes its time
                pass
            self.send(SETTINGS_ACK)

    def send(self, *data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(b"".join(data))

    def call(self, stream_id: int, size: int = 1, path: str = "/test/echo", length: str = "") -> bytes:
        """A whole call with a message of so many bytes."""
        headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "node")]
        headers += [("te", "trailers"), ("content-type", "application/grpc")]
        headers += [("content-length", length)] if length else []
        out = frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, self._encoder.encode(headers))
        body = write_message(bytes(size))
        for at in range(0, len(body), 16_384):
            end = frames.END_STREAM if at + 16_384 >= len(body) else 0
            out += frames.frame(frames.DATA, end, stream_id, body[at : at + 16_384])
        return out

    def heard(self, seconds: float = QUIET_S) -> list[Any]:
        """What comes until nothing comes for some time, or until the end of the connection."""
        out: list[Any] = []
        self._socket.settimeout(seconds)
        while True:
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                return out
            except ConnectionResetError:
                data = b""
            if not data:
                return [*out, "the end"]
            self._rest += data
            out += self._frames()

    def _frames(self) -> Iterator[Any]:
        while len(self._rest) >= frames.HEADER_BYTES:
            high, low, kind, flags, stream_id = frames.HEADER.unpack_from(self._rest)
            end = frames.HEADER_BYTES + (high << 16 | low)
            if len(self._rest) < end:
                return
            payload, self._rest = self._rest[frames.HEADER_BYTES : end], self._rest[end:]
            yield self._read(kind, flags, stream_id, payload)

    def _read(self, kind: int, flags: int, stream_id: int, payload: bytes) -> Any:
        match kind:
            case frames.GOAWAY:
                last, code = struct.unpack(">II", payload[:8])
                return "GOAWAY", last, code, payload[8:] if code in TOLD else b""
            case frames.HEADERS:
                headers = dict(self._decoder.decode(payload))
                return "HEADERS", stream_id, headers.get(":status"), headers.get("grpc-status")
            case frames.DATA:
                return "DATA", stream_id, len(payload)
            case frames.SETTINGS if flags & frames.ACK:
                return "acknowledged", 0
        return kind, flags, stream_id, payload


def eleven_calls(port: int) -> list[Any]:
    """Ten are taken; the DATA of the eleventh ends the connection."""
    client = Raw(port)
    client.send(*(client.call(stream_id, path=HELD) for stream_id in range(1, 23, 2)))
    return client.heard()


def before_the_acknowledgement(port: int) -> list[Any]:
    """A long call in large pieces, and more calls than ten."""
    client = Raw(port, acknowledge=False)
    client.send(client.call(1, 40_000), *(client.call(stream_id, path=HELD) for stream_id in range(3, 43, 2)))
    return client.heard()


def windows(port: int) -> list[Any]:
    """More than the connection's first window, in pieces that the streams' windows take."""
    client = Raw(port)
    out = []
    for stream_id in range(1, 25, 2):
        client.send(client.call(stream_id, 8_000), frames.window_update(0, 8_005))
        out += client.heard(0.1)
    return out


def pings(*steps: str) -> Callable[[int], list[Any]]:
    """Pings, and calls that are answered or held."""

    def script(port: int) -> list[Any]:
        client, out = Raw(port), []
        for number, step in enumerate(steps):
            path = HELD if step == "held" else "/test/echo"
            client.send(PING if step == "ping" else client.call(2 * number + 1, path=path))
            out += client.heard(0.1)
        return out

    return script


def once(*data: bytes) -> Callable[[int], list[Any]]:
    """Bytes in place of a preface."""

    def script(port: int) -> list[Any]:
        client = Raw(port, greet=False, acknowledge=False)
        client.send(*data)
        return client.heard()

    return script


def length(text: str) -> Callable[[int], list[Any]]:
    """A call of six bytes that says it has another length."""

    def script(port: int) -> list[Any]:
        client = Raw(port)
        client.send(client.call(1, length=text))
        return client.heard()

    return script


def data_after_the_end(port: int) -> list[Any]:
    """On a stream that was answered."""
    client = Raw(port)
    client.send(client.call(1))
    out = client.heard()
    client.send(frames.frame(frames.DATA, frames.END_STREAM, 1, b"x"))
    return out + client.heard()


def grow_old(*, held: bool, answer: bool) -> Callable[[int], list[Any]]:
    """Wait until the connection is asked to leave, answer the PING or not, and wait for the end."""

    def script(port: int) -> list[Any]:
        client = Raw(port)
        if held:
            client.send(client.call(1, path=HELD))
        out = client.heard(BRIEF[0] + 1)
        goodbye = next(one for one in out if one[0] == frames.PING)
        if answer:
            client.send(frames.frame(frames.PING, frames.ACK, 0, goodbye[3]))
        return out + client.heard(12)

    return script


def say_nothing(port: int) -> list[Any]:
    """Open a connection, and that is all."""
    return Raw(port, greet=False, acknowledge=False).heard(12)


AT_ONCE = {
    "eleven calls": eleven_calls,
    "before the acknowledgement": before_the_acknowledgement,
    "windows": windows,
    "three pings": pings("ping", "ping", "ping"),
    "three pings in a call": pings("held", "ping", "ping", "ping"),
    "an answer between": pings("ping", "ping", "call", "ping", "ping"),
    "and one more": pings("ping", "ping", "call", "ping", "ping", "ping"),
    "HTTP/1.1": once(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"),
    "TLS": once(b"\x16\x03\x01\x02\x00\x01"),
    "too long": length("5"),
    "too short": length("7"),
    "right": length("6"),
    "DATA after the end": data_after_the_end,
}
IN_TIME = {
    "old with a call": grow_old(held=True, answer=True),
    "old with a call, and no answer to the PING": grow_old(held=True, answer=False),
    "idle": grow_old(held=False, answer=True),
    "half-open": say_nothing,
}


@pytest.fixture(scope="module")
def start_java(java: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., int]]:
    """Starts servers of grpc-java; returns their ports."""
    started: list[subprocess.Popen[str]] = []

    def start(*seconds: float) -> int:
        command = [*java, "JavaServer.java", *(f"{one:g}" for one in seconds)]
        started.append(subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout is not None
        return int(started[-1].stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def start_ours() -> Iterator[Callable[..., int]]:
    """Starts servers of our own in one thread; returns their ports."""
    over: Future[None] = Future()
    loops: Future[asyncio.AbstractEventLoop] = Future()

    async def main() -> None:
        loops.set_result(asyncio.get_running_loop())
        await asyncio.wrap_future(over)

    def start(age: float, grace: float, idle: float) -> int:
        limits = replace(REAL, age_s=age, age_grace_s=grace, idle_s=idle)
        listening = Http2Server(METHODS, limits).listen("127.0.0.1", 0)
        return asyncio.run_coroutine_threadsafe(listening, loops.result()).result(START_S)

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(uvloop.run, main())
        yield start
        over.set_result(None)
        running.result(START_S)


@pytest.fixture(scope="module")
def both(start_java: Callable[..., int], start_ours: Callable[..., int]) -> tuple[int, int]:
    """The ports of grpc-java's and of our server, with the real nodes' settings."""
    real = (REAL.age_s, REAL.age_grace_s, REAL.idle_s)
    return start_java(*real), start_ours(*real)


@pytest.fixture(scope="module")
def both_brief(start_java: Callable[..., int], start_ours: Callable[..., int]) -> tuple[int, int]:
    """The same, where connections do not live long."""
    return start_java(*BRIEF), start_ours(*BRIEF)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", AT_ONCE)
def test_it_answers_as_grpc_java_does(both: tuple[int, int], name: str) -> None:
    """The same frames in the same order."""
    theirs, ours = map(AT_ONCE[name], both)
    assert ours == theirs


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", IN_TIME)
def test_it_ends_connections_as_grpc_java_does(both_brief: tuple[int, int], name: str) -> None:
    """The same frames in the same order, and then the end."""
    with ThreadPoolExecutor(2) as threads:
        theirs, ours = threads.map(IN_TIME[name], both_brief)
    assert ours == theirs
    assert theirs[-1] == "the end"
