"""What the embedded network can take, beside gRPC servers that only say OK.

    python -m benchmarks.localnet [--rate 3000] [--seconds 60] [--messages 30000] [--json]

One process sends (this one), one serves; with two cores each has its own. All transactions are signed beforehand, and
the sender is one of its own (localnet_sender.py), so that it can keep up. In one run it measures: the highest rate of
an empty handler of grpc.aio, of one of the network's own server, and of the network, each with 256 calls in flight;
what grpcio's asyncio client gets out of the network; a constant rate for some time, and the precheck's latency then and
at half that rate, counted from the scheduled moment; memory per retained message; and the time from start to ready.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc
import psutil
import uvloop

from benchmarks.localnet_sender import Sender
from benchmarks.wire import MESSAGE, Transactions
from localnet import pb
from localnet_launcher import start_localnet

METHOD = "/proto.ConsensusService/submitMessage"
IN_FLIGHT = 256
NETWORK = ("--limits", "off", "--consensus-delay", "0.1", "--mirror-lag", "0.1")

EMPTY_SERVER = """
import asyncio, grpc, grpc.aio, uvloop
class Empty(grpc.GenericRpcHandler):
    def __init__(self):
        self._method = grpc.unary_unary_rpc_method_handler(self._answer)
    def service(self, details):
        return self._method
    async def _answer(self, request, context):
        return b""
async def main():
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Empty(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()
uvloop.run(main())
"""

EMPTY_OWN_SERVER = """
import asyncio, uvloop
from grpc_http2.server import Http2Server
async def main():
    server = Http2Server({"/proto.ConsensusService/submitMessage": lambda request: b""})
    print(await server.listen("127.0.0.1", 0), flush=True)
    await asyncio.Event().wait()
uvloop.run(main())
"""

Work = list[tuple[int, bytes]]
"""Calls as (index of the sender, bytes)."""
Rates = tuple[list[float], list[float]]
"""Calls per second, and the server's CPU in µs per call, of each measurement."""
Found = dict[str, dict[str, float]]
"""Every figure: rates per second, CPU in µs, latencies in ms."""


@dataclass
class Server:
    """Connections to the addresses of a server and the process that serves."""

    senders: list[Sender]
    process: psutil.Process

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


async def connect(addresses: list[str], pid: int) -> Server:
    """Open one connection per address."""
    return Server([await Sender.connect(address, METHOD) for address in addresses], psutil.Process(pid))


def refuse_to_go_on(refused: int, sent: int) -> None:
    """End the benchmark where anything was refused."""
    if refused:
        sys.exit(f"{refused} of {sent} transactions were refused: the figures would mean nothing")


async def highest_rate(server: Server, work: Work) -> tuple[float, float]:
    """Send everything with IN_FLIGHT calls at once; returns calls per second and the server's CPU in µs per call."""
    left = iter(work)
    answered = refused = 0
    over = asyncio.get_running_loop().create_future()

    def send_next() -> None:
        for at, raw in left:
            server.senders[at].send(raw, done)
            return

    def done(ok: bool) -> None:
        nonlocal answered, refused
        answered += 1
        refused += not ok
        send_next()
        if answered == len(work):
            over.set_result(None)

    cpu, begin = server.cpu_s(), time.perf_counter()
    for _ in range(IN_FLIGHT):
        send_next()
    await over
    took = time.perf_counter() - begin
    refuse_to_go_on(refused, len(work))
    return len(work) / took, (server.cpu_s() - cpu) / len(work) * 1e6


async def constant_rate(server: Server, work: Work, rate: float) -> Constant:
    """Send at a constant rate, whatever comes back, until everything was answered."""
    latencies: list[float] = []
    refused = 0
    over = asyncio.get_running_loop().create_future()
    begin = time.perf_counter()

    def finished(due: float, ok: bool) -> None:
        nonlocal refused
        refused += not ok
        latencies.append(time.perf_counter() - due)
        if len(latencies) == len(work):
            over.set_result(None)

    latest = 0.0
    for number, (at, raw) in enumerate(work):
        due = begin + number / rate
        while (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        latest = max(latest, -wait)
        server.senders[at].send(raw, partial(finished, due))
        if number % 64 == 0:
            await asyncio.sleep(0)
    await over
    took = time.perf_counter() - begin
    refuse_to_go_on(refused, len(work))
    return Constant(len(work) / took, sorted(latencies), latest)


@dataclass
class Constant:
    """What a constant rate came to.

    Attributes:
        rate: Answers per second, from the first call's moment to the last answer.
        latencies: From each call's scheduled moment to its answer, in seconds, sorted.
        latest: How late the sender was at worst, in seconds; the latencies hold it.
    """

    rate: float
    latencies: list[float]
    latest: float

    def figures(self, asked: float) -> dict[str, float]:
        """Rates per second and percentiles in milliseconds."""
        return {
            "asked_per_s": asked,
            "per_s": self.rate,
            "p50_ms": 1e3 * percentile(self.latencies, 0.5),
            "p99_ms": 1e3 * percentile(self.latencies, 0.99),
            "max_ms": 1e3 * self.latencies[-1],
            "sender_late_ms": 1e3 * self.latest,
        }


async def create_topic(server: Server, transactions: Transactions) -> int:
    """Create the topic; the entity numbers begin at a known one, and this is the first entity made."""
    body = pb.TransactionBody()
    body.consensusCreateTopic.autoRenewPeriod.seconds = 7_776_000
    raw = transactions.sign(body, transactions.nodes[0])
    answered = asyncio.get_running_loop().create_future()
    server.senders[0].send(raw, answered.set_result)
    if not await answered:
        sys.exit("the topic was refused")
    await asyncio.sleep(0.5)
    return 1002


def time_to_ready() -> float:
    """Seconds from the start of the process to its ready line; the best of three."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        network = start_localnet()
        times.append(time.perf_counter() - begin)
        network.stop()
    return min(times)


def percentile(values: list[float], share: float) -> float:
    """A percentile of sorted values."""
    return values[min(len(values) - 1, int(share * len(values)))]


async def grpc_client_rate(addresses: list[str], work: Work) -> float:
    """Calls per second that grpcio's asyncio client gets answered, with IN_FLIGHT calls at once."""
    channels = [grpc.aio.insecure_channel(address) for address in addresses]
    calls = [channel.unary_unary(METHOD) for channel in channels]
    left, refused = iter(work), 0

    async def sender() -> None:
        nonlocal refused
        for at, raw in left:
            refused += bool(await calls[at](raw))

    begin = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(IN_FLIGHT)))
    took = time.perf_counter() - begin
    refuse_to_go_on(refused, len(work))
    for channel in channels:
        await channel.close()
    return len(work) / took


async def empty_rate(script: str, work: Work) -> tuple[float, float]:
    """The highest rate of an empty handler with the same sender, calls and bytes."""
    with subprocess.Popen(  # noqa: S603 (the lines above)
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        server = await connect([f"127.0.0.1:{port}"] * 4, process.pid)
        try:
            return await highest_rate(server, work)
        finally:
            process.terminate()


async def measure(options: argparse.Namespace) -> Found:
    """Measure everything."""
    ready = await asyncio.to_thread(time_to_ready)
    network = start_localnet(*NETWORK, *options.localnet)
    try:
        server = await connect(list(network.network.nodes), network.process.pid)
        transactions = Transactions(network, 1002)
        transactions.topic = await create_topic(server, transactions)
        await highest_rate(server, transactions.messages(2_000))  # warm up
        found = await highest_rates(server, transactions, options.messages // 3)
        work = transactions.messages(options.messages // 3)
        found["grpc_client"] = {"per_s": await grpc_client_rate(list(network.network.nodes), work)}
        for name, rate, seconds in (
            ("sustained", options.rate, options.seconds),
            ("half", options.rate / 2, min(20, options.seconds)),
        ):
            work = transactions.messages(int(rate * seconds))
            found[name] = (await constant_rate(server, work, rate)).figures(rate)
    finally:
        network.stop()
    found["start"] = {"ready_s": ready}
    return found


async def highest_rates(server: Server, transactions: Transactions, messages: int) -> Found:
    """The highest rates of the empty servers and of the network, by turns, and the memory that the messages took."""
    measured: dict[str, Rates] = {name: ([], []) for name in ("empty_grpc_aio", "empty_http2", "network")}
    before = server.process.memory_info().rss
    for _ in range(3):
        work = transactions.messages(messages)
        for name, (rate, cpu) in (
            ("empty_grpc_aio", await empty_rate(EMPTY_SERVER, work)),
            ("empty_http2", await empty_rate(EMPTY_OWN_SERVER, work)),
            ("network", await highest_rate(server, work)),
        ):
            measured[name][0].append(rate)
            measured[name][1].append(cpu)
    await asyncio.sleep(1.0)
    per_message = (server.process.memory_info().rss - before) / (3 * messages)
    medians = {
        name: {"per_s": statistics.median(rates), "us_cpu": statistics.median(cpus)}
        for name, (rates, cpus) in measured.items()
    }
    return {**medians, "memory": {"bytes_per_message": per_message}}


def rows(found: Found, seconds: float) -> list[tuple[str, str, str]]:
    """What was measured, in words, with what is wanted."""
    full, sustained, half = found["network"], found["sustained"], found["half"]
    rate = sustained["asked_per_s"]
    return [
        (f"empty grpc.aio handler, {IN_FLIGHT} in flight", rate_text(found["empty_grpc_aio"]), ""),
        (f"empty handler of grpc_http2, {IN_FLIGHT} in flight", rate_text(found["empty_http2"]), ""),
        (f"signed HCS submits, {IN_FLIGHT} in flight", rate_text(full), ""),
        ("its rate to that of grpc.aio", f"{full['per_s'] / found['empty_grpc_aio']['per_s']:.2f}", "≥ 0.50"),
        ("the same, sent by grpcio's asyncio client", f"{found['grpc_client']['per_s']:,.0f}/s", ""),
        (
            f"constant {rate:,.0f}/s for {seconds:.0f} s: answered",
            f"{sustained['per_s']:,.0f}/s",
            f"≥ {rate * 0.99:,.0f}/s",
        ),
        (f"precheck at {rate:,.0f}/s: p50 / p99 / max", latency_text(sustained), ""),
        (f"precheck at {half['asked_per_s']:,.0f}/s: p50 / p99 / max", latency_text(half), "p99 < 50 ms"),
        (
            f"memory per retained message of {len(MESSAGE)} bytes",
            f"{found['memory']['bytes_per_message']:,.0f} bytes",
            "≤ 1,536 bytes",
        ),
        ("start to ready", f"{found['start']['ready_s']:.2f} s", "< 1.5 s"),
    ]


def rate_text(found: dict[str, float]) -> str:
    """A rate, and the CPU that each call took."""
    return f"{found['per_s']:,.0f}/s, {found['us_cpu']:.0f} µs CPU"


def latency_text(found: dict[str, float]) -> str:
    """Percentiles of a constant rate."""
    values = " / ".join(f"{found[name]:.1f}" for name in ("p50_ms", "p99_ms", "max_ms"))
    return f"{values} ms (the sender up to {found['sender_late_ms']:.1f})"


def show(lines: list[tuple[str, str, str]]) -> None:
    """Print the table with the machine above it."""
    print(f"{platform.machine()}, {psutil.cpu_count()} cores, CPython {platform.python_version()}, ", end="")
    print(f"grpcio {grpc.__version__}\n\n| what | measured | wanted |\n|---|---|---|")
    for line in lines:
        print(f"| {' | '.join(line)} |")


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=3_000, help="constant rate, submits per second (default: 3000)")
    parser.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--messages", type=int, default=30_000, help="messages for the highest rate (default: 30000)")
    parser.add_argument("--localnet", nargs="*", default=[], help="further options of `python -m localnet`")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of the table")
    options = parser.parse_args()
    found = uvloop.run(measure(options))
    if options.json:
        print(json.dumps(found))
    else:
        show(rows(found, options.seconds))


if __name__ == "__main__":
    main()
