"""What one unary gRPC call costs in `grpc_http2` and in h2, the library that others build HTTP/2 on: bytes only.

    python -m benchmarks.http2_libraries               # prints a Markdown table
    python -m benchmarks.http2_libraries --rounds 3    # quicker, and noisier

Each gets the bytes that its other side would send, made before, and makes what it would send itself: on the client's
side a request with a message of 400 bytes, then an answer of headers, DATA and trailers; on the server's side the same
the other way round. Requests use HPACK's table, as gRPC's clients do; so do answers to h2, while `grpc_http2` asks for
answers without one. What is around it (sockets, threads, event loop) is in `benchmarks.client` and
`benchmarks.localnet`, which compare with gRPC's own library. The figure is processor time per call, the lowest of the
rounds, in which the ways take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import time
from collections.abc import Callable
from importlib.metadata import version

import h2.config
import h2.connection
import h2.events
import h2.settings
from hpack import Encoder

from grpc_http2.client.headers import request_head, timeout_value
from grpc_http2.client.protocol import ClientProtocol
from grpc_http2.client.stream import Stream
from grpc_http2.server import UNLIMITED, RequestMemory
from grpc_http2.server.connection import Connection
from grpc_http2.wire import frames
from grpc_http2.wire.header_blocks import literal
from grpc_http2.wire.messages import read_message, write_message

CALLS = 2_000
MESSAGE = b"m" * 400
ANSWER = b""
METHOD = "/test.Test/call"
AUTHORITY = "127.0.0.1:50211"
AGENT = "benchmark"
REQUEST_HEADERS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", METHOD),
    (":authority", AUTHORITY),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
    ("user-agent", AGENT),
    ("grpc-accept-encoding", "identity"),
    ("grpc-timeout", "10000m"),
]
ANSWER_HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
TRAILERS = [("grpc-status", "0")]
WIDE = frames.window_update(0, 2**30)
NO_SETTINGS = frames.settings({})

Way = Callable[[], None]


def without_table(headers: list[tuple[str, str]]) -> bytes:
    """A header block that uses no table."""
    return b"".join(literal(name.encode(), value.encode()) for name, value in headers)


def answers(encode: Callable[[list[tuple[str, str]]], bytes]) -> list[bytes]:
    """What a server sends, by call."""
    data = write_message(ANSWER)
    return [
        frames.frame(frames.HEADERS, frames.END_HEADERS, number, encode(ANSWER_HEADERS))
        + frames.frame(frames.DATA, 0, number, data)
        + frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, number, encode(TRAILERS))
        for number in range(1, 2 * CALLS, 2)
    ]


def requests() -> list[bytes]:
    """What a client sends, by call."""
    encoder, data = Encoder(), write_message(MESSAGE)
    return [
        frames.frame(frames.HEADERS, frames.END_HEADERS, number, encoder.encode(REQUEST_HEADERS))
        + frames.frame(frames.DATA, frames.END_STREAM, number, data)
        for number in range(1, 2 * CALLS, 2)
    ]


def own_client(given: list[bytes]) -> None:
    """`grpc_http2.client.protocol`, as a connection uses it."""
    protocol = ClientProtocol()
    protocol.receive(frames.settings({3: 100}) + WIDE)
    head = request_head(METHOD, authority=AUTHORITY, tls=False, user_agent=AGENT)
    for data in given:
        stream = Stream(head, timeout_value(10.0), MESSAGE, 0.0, 10.0, _nothing)
        protocol.start(stream)
        protocol.outgoing()
        protocol.receive(data)
        assert stream.done
        assert stream.answer == ANSWER


def h2_client(given: list[bytes]) -> None:
    """The same with h2, without its checks of what we send ourselves."""
    config = h2.config.H2Configuration(
        client_side=True, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
    )
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    connection.receive_data(frames.settings({3: 100}) + WIDE)
    for data in given:
        number = connection.get_next_available_stream_id()
        connection.send_headers(number, REQUEST_HEADERS)
        connection.send_data(number, write_message(MESSAGE), end_stream=True)
        connection.data_to_send()
        body, status = b"", b""
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                body += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, number)
            elif isinstance(event, h2.events.TrailersReceived):
                status = dict(event.headers)[b"grpc-status"]
        assert (status, read_message(body)) == (b"0", ANSWER)


class _Nowhere(asyncio.Transport):
    """Takes what is written."""

    def write(self, data: object) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


def own_server(given: list[bytes]) -> None:
    """`grpc_http2.server.connection`, as asyncio uses it."""
    loop = asyncio.new_event_loop()
    methods = {METHOD: lambda _: ANSWER}
    connection = Connection(methods, _nothing, _nothing, UNLIMITED, loop, RequestMemory(), 0.5)
    connection.connection_made(_Nowhere())
    connection.data_received(frames.PREFACE + NO_SETTINGS + frames.SETTINGS_ACK + WIDE)
    for data in given:
        connection.data_received(data)
    connection.connection_lost(None)
    loop.close()


def h2_server(given: list[bytes]) -> None:
    """The same with h2."""
    config = h2.config.H2Configuration(
        client_side=False, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
    )
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    connection.receive_data(frames.PREFACE + NO_SETTINGS + frames.SETTINGS_ACK + WIDE)
    for data in given:
        bodies: dict[int, bytes] = {}
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                assert dict(event.headers)[b":path"] == METHOD.encode()
                bodies[event.stream_id] = b""
            elif isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                read_message(bodies[event.stream_id])
                connection.send_headers(event.stream_id, ANSWER_HEADERS)
                connection.send_data(event.stream_id, write_message(ANSWER))
                connection.send_headers(event.stream_id, TRAILERS, end_stream=True)
        connection.data_to_send()


def _nothing(*_: object) -> None:
    """What nobody waits for."""


def cheapest(ways: dict[str, Way], rounds: int) -> dict[str, float]:
    """Microseconds of processor time per call: the lowest of the rounds."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            cost = (time.process_time() - begin) / CALLS * 1e6
            best[name] = min(best.get(name, cost), cost)
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="how often each way has its turn (default: 7)")
    options = parser.parse_args()
    with_table, of_client = Encoder(), requests()
    of_server, of_h2_server = answers(without_table), answers(with_table.encode)
    best = cheapest(
        {
            "own client": lambda: own_client(of_server),
            "h2 client": lambda: h2_client(of_h2_server),
            "own server": lambda: own_server(of_client),
            "h2 server": lambda: h2_server(of_client),
        },
        options.rounds,
    )
    packages = ", ".join(f"{name} {version(name)}" for name in ("h2", "hpack"))
    print(f"{platform.machine()}, CPython {platform.python_version()}, {packages}; bytes only\n")
    print("| µs CPU per call | `grpc_http2` | h2 | ratio |\n|---|---|---|---|")
    for side in ("client", "server"):
        own, other = best[f"own {side}"], best[f"h2 {side}"]
        print(f"| {side} | {own:.1f} | {other:.0f} | {other / own:.1f} |")


if __name__ == "__main__":
    main()
