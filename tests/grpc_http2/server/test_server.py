"""The server over a real wire, spoken to by gRPC's own clients."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
import pytest
import uvloop

from grpc_http2.server import Http2Server, Method, ResetStreamError, RpcError, StatusCode
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode
from localnet.process.certificate import create_certificate
from tests.grpc_http2.server.peer import METHODS, Held

Body = Callable[[Http2Server, grpc.aio.Channel], Awaitable[None]]
WAIT_S = 10.0


def reset(code: ErrorCode) -> Method:
    def method(request: bytes) -> bytes:
        raise ResetStreamError(code)

    return method


async def refuse(request: bytes) -> bytes:
    raise RpcError(StatusCode.ABORTED, "50 % für die Katz\n")


def run(body: Body, methods: dict[str, Method] | None = None, options: Any = ()) -> None:
    """Run a server and a client in one event loop."""

    async def main() -> None:
        server = Http2Server(METHODS | (methods or {}))
        port = await server.listen("127.0.0.1", 0)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            await asyncio.wait_for(body(server, channel), WAIT_S)
        await server.stop(0.1)

    uvloop.run(main())


def code_of(error: pytest.ExceptionInfo[grpc.aio.AioRpcError]) -> grpc.StatusCode:
    return error.value.code()


def test_many_calls_at_once() -> None:
    """Five hundred on one connection, each with its own answer; sizes around those of frames and windows as well."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        call = channel.unary_unary("/test/echo")
        messages = [b"%d" % number for number in range(500)]
        messages += [bytes(size) for size in (0, 16_378, 16_379, 16_380, 65_530, 65_531, 70_000, 1_000_000, 4_000_000)]
        assert await asyncio.gather(*(call(message, timeout=WAIT_S) for message in messages)) == messages

    run(body)


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_requests(compression: grpc.Compression) -> None:
    """The client may compress; answers are plain."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        call = channel.unary_unary("/test/echo")
        assert await call(b"a" * 10_000, compression=compression, timeout=WAIT_S) == b"a" * 10_000

    run(body)


def test_a_status_with_a_text() -> None:
    """It arrives letter by letter."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await channel.unary_unary("/test/refuse")(b"", timeout=WAIT_S)
        assert (code_of(error), error.value.details()) == (grpc.StatusCode.ABORTED, "50 % für die Katz\n")

    run(body, {"/test/refuse": refuse})


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.INTERNAL_ERROR, grpc.StatusCode.INTERNAL),
        (ErrorCode.CANCEL, grpc.StatusCode.CANCELLED),
        (ErrorCode.ENHANCE_YOUR_CALM, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_a_reset_stream(code: ErrorCode, status: grpc.StatusCode) -> None:
    """The client sees what RST_STREAM means in gRPC; the connection goes on."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await channel.unary_unary("/test/reset")(b"", timeout=WAIT_S)
        assert code_of(error) == status
        assert await channel.unary_unary("/test/echo")(b"x", timeout=WAIT_S) == b"x"

    run(body, {"/test/reset": reset(code)})


def test_a_deadline_cancels_the_work() -> None:
    """The client sees DEADLINE_EXCEEDED, and nothing works on for nobody."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await channel.unary_unary("/test/held")(b"", timeout=0.05)
        assert code_of(error) == grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: held.cancelled == 1)

    held = Held()
    run(body, {"/test/held": held})


def test_a_client_that_gives_up_cancels_the_work() -> None:
    """Cancelled by RST_STREAM, or because the connection is gone."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        call = channel.unary_unary("/test/held")(b"")
        await until(lambda: held.started == 1)
        call.cancel()
        await until(lambda: held.cancelled == 1)
        left = asyncio.ensure_future(channel.unary_unary("/test/held")(b""))
        await until(lambda: held.started == 2)
        await channel.close()
        await until(lambda: held.cancelled == 2)
        with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
            await left

    held = Held()
    run(body, {"/test/held": held})


def test_work_that_waits_answers_later() -> None:
    """Calls that wait hold up no others, and are answered when they are done."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        waiting = [asyncio.ensure_future(channel.unary_unary("/test/held")(b"%d" % number)) for number in range(50)]
        await until(lambda: held.started == 50)
        assert await channel.unary_unary("/test/echo")(b"x", timeout=WAIT_S) == b"x"
        held.go_on.set()
        assert await asyncio.gather(*waiting) == [b"%d" % number for number in range(50)]

    held = Held()
    run(body, {"/test/held": held})


def test_stopping_waits_for_what_is_under_way() -> None:
    """As long as it is told to; then it closes everything."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        call = asyncio.ensure_future(channel.unary_unary("/test/held")(b"late"))
        await until(lambda: held.started == 1)
        stopping = asyncio.ensure_future(server.stop(WAIT_S))
        await asyncio.sleep(0)
        held.go_on.set()
        assert await call == b"late"
        await stopping

    held = Held()
    run(body, {"/test/held": held})


def test_keepalive() -> None:
    """Pings of a client that wants to know often are answered, and are no reason to hang up."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        await channel.unary_unary("/test/echo")(b"x", timeout=WAIT_S)
        call = asyncio.ensure_future(channel.unary_unary("/test/held")(b"x"))
        await asyncio.sleep(0.5)
        held.go_on.set()
        assert await call == b"x"

    held = Held()
    options = (
        ("grpc.keepalive_time_ms", 20),
        ("grpc.keepalive_timeout_ms", 200),
        ("grpc.http2.max_pings_without_data", 0),
    )
    run(body, {"/test/held": held}, options)  # fmt: skip


def test_tls_speaks_h2_only() -> None:
    """ALPN says h2, an older TLS is refused, and gRPC's client is content with the certificate."""
    certificate = create_certificate("node3", "127.0.0.1", time.time())

    async def main() -> None:
        server = Http2Server(METHODS)
        port = await server.listen("127.0.0.1", 0, certificate.context())
        credentials = grpc.ssl_channel_credentials(certificate.certificate)
        async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
            messages = [b"x", bytes(300_000)]
            call = channel.unary_unary("/test/echo")
            assert await asyncio.gather(*(call(message, timeout=WAIT_S) for message in messages)) == messages
        assert await asyncio.to_thread(negotiated, port) == "h2"
        await server.stop(0.1)

    def negotiated(port: int) -> str | None:
        context = ssl.create_default_context(cadata=certificate.certificate.decode())
        context.set_alpn_protocols(["h2", "http/1.1"])
        plain = socket.create_connection(("127.0.0.1", port))
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            return secure.selected_alpn_protocol()

    uvloop.run(main())


def test_a_taken_port_is_an_error() -> None:
    """Never a second listener on the same port."""

    async def main() -> None:
        one, other = Http2Server({}), Http2Server({})
        port = await one.listen("127.0.0.1", 0)
        with pytest.raises(OSError, match="in use"):
            await other.listen("127.0.0.1", port)
        await one.stop(0.0)

    uvloop.run(main())


def test_garbage_on_the_wire() -> None:
    """Whoever speaks something else is told so and left, and others do not notice."""

    async def body(server: Http2Server, channel: grpc.aio.Channel) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.listen("127.0.0.1", 0))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        told = await reader.read()
        reason = "Unexpected HTTP/1.x request: GET / "
        assert told.endswith(frames.goaway(frames.MAX_STREAM_ID, ErrorCode.PROTOCOL_ERROR, reason))
        writer.close()
        assert await channel.unary_unary("/test/echo")(b"x", timeout=WAIT_S) == b"x"

    run(body)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
