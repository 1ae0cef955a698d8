"""What the embedded network can take, beside a gRPC server of the same kind that only says OK.

    python benchmarks/localnet.py [--rate 3000] [--seconds 60] [--messages 30000]

One process sends (this one), one serves; with two cores each has its own. All transactions are signed beforehand, so
that the sender can keep up. In one run it measures: the highest rate of the empty handler and of the network, each with
256 calls in flight; a constant rate for some time, and the precheck's latency at half that rate, counted from the
scheduled moment; memory per retained message; and the time from start to ready.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that it runs by its path, from anywhere

import grpc
import grpc.aio
import psutil

from benchmarks.wire import MESSAGE, Transactions
from config.launcher import start_localnet
from localnet import pb

METHOD = "/proto.ConsensusService/submitMessage"
IN_FLIGHT = 256
OUTSTANDING = 1_000
NETWORK = ("--consensus-delay", "0.1", "--mirror-lag", "0.1")

EMPTY_SERVER = """
import asyncio, grpc, grpc.aio
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
asyncio.run(main())
"""

Send = Callable[[bytes], Awaitable[bytes]]


@dataclass
class Server:
    """Channels to the addresses of a server and the process that serves."""

    senders: list[Send]
    process: psutil.Process

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def connect(addresses: list[str], pid: int) -> Server:
    """Open one channel per address."""
    senders: list[Send] = [grpc.aio.insecure_channel(address).unary_unary(METHOD) for address in addresses]
    return Server(senders, psutil.Process(pid))


async def highest_rate(server: Server, work: list[tuple[int, bytes]]) -> tuple[float, float]:
    """Send everything with IN_FLIGHT calls at once; returns calls per second and the server's CPU in µs per call."""
    left = iter(work)
    refused = 0

    async def sender() -> None:
        nonlocal refused
        for at, raw in left:
            refused += bool(await server.senders[at](raw))

    cpu, begin = server.cpu_s(), time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(IN_FLIGHT)))
    took = time.perf_counter() - begin
    if refused:
        sys.exit(f"{refused} of {len(work)} transactions were refused: the figures would mean nothing")
    return len(work) / took, (server.cpu_s() - cpu) / len(work) * 1e6


async def constant_rate(server: Server, work: list[tuple[int, bytes]], rate: float) -> tuple[float, list[float]]:
    """Send at a constant rate, whatever comes back; returns the rate of answers and all latencies in seconds."""
    latencies: list[float] = []
    refused = 0
    begin = time.perf_counter()

    async def send(at: int, raw: bytes, due: float) -> None:
        nonlocal refused
        refused += bool(await server.senders[at](raw))
        latencies.append(time.perf_counter() - due)

    tasks = set()
    for number, (at, raw) in enumerate(work):
        due = begin + number / rate
        wait = due - time.perf_counter()
        if wait > 0 or number % 64 == 0:
            await asyncio.sleep(max(0.0, wait))
        while len(tasks) >= OUTSTANDING:  # what is late is counted late: its clock began when it was due
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.ensure_future(send(at, raw, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    took = time.perf_counter() - begin
    if refused:
        sys.exit(f"{refused} of {len(work)} transactions were refused: the figures would mean nothing")
    return len(work) / took, sorted(latencies)


async def create_topic(server: Server, transactions: Transactions) -> int:
    """Create the topic; the entity numbers begin at a known one, and this is the first entity made."""
    body = pb.TransactionBody()
    body.consensusCreateTopic.autoRenewPeriod.seconds = 7_776_000
    raw = transactions.sign(body, transactions.nodes[0])
    if await server.senders[0](raw):
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


async def empty_rate(work: list[tuple[int, bytes]]) -> tuple[float, float]:
    """The highest rate of the empty handler with the same sender, calls and bytes."""
    with subprocess.Popen(  # noqa: S603 (the lines above)
        [sys.executable, "-c", EMPTY_SERVER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        server = connect([f"127.0.0.1:{port}"] * 4, process.pid)
        try:
            return await highest_rate(server, work)
        finally:
            process.terminate()


async def measure(options: argparse.Namespace) -> None:
    """Measure everything and print it."""
    ready = await asyncio.to_thread(time_to_ready)
    network = start_localnet(*NETWORK, *options.localnet)
    try:
        server = connect(list(network.network.nodes), network.process.pid)
        transactions = Transactions(network, 1002)
        transactions.topic = await create_topic(server, transactions)
        await highest_rate(server, transactions.messages(2_000))  # warm up
        empty, empty_cpu, full, full_cpu = [], [], [], []
        before = server.process.memory_info().rss
        for _ in range(3):
            work = transactions.messages(options.messages // 3)
            for rates, cpus, (rate, cpu) in (
                (empty, empty_cpu, await empty_rate(work)),
                (full, full_cpu, await highest_rate(server, work)),
            ):
                rates.append(rate)
                cpus.append(cpu)
        await asyncio.sleep(1.0)
        per_message = (server.process.memory_info().rss - before) / (options.messages // 3 * 3)
        work = transactions.messages(int(options.rate * options.seconds))
        sustained, _ = await constant_rate(server, work, options.rate)
        half_work = transactions.messages(int(options.rate / 2 * min(20, options.seconds)))
        _, half = await constant_rate(server, half_work, options.rate / 2)
    finally:
        network.stop()
    show(
        [
            (f"empty grpc.aio handler, {IN_FLIGHT} in flight", rate_text(empty, empty_cpu), ""),
            (f"signed HCS submits, {IN_FLIGHT} in flight", rate_text(full, full_cpu), ""),
            ("ratio of the two rates", f"{statistics.median(full) / statistics.median(empty):.2f}", "≥ 0.50"),
            (
                f"constant {options.rate:,.0f}/s for {options.seconds:.0f} s: answered",
                f"{sustained:,.0f}/s",
                f"≥ {options.rate * 0.99:,.0f}/s",
            ),
            (
                f"precheck at {options.rate / 2:,.0f}/s: p50 / p99 / max",
                " / ".join(f"{1e3 * value:.1f}" for value in (percentile(half, 0.5), percentile(half, 0.99), half[-1]))
                + " ms",
                "p99 < 50 ms",
            ),
            (f"memory per retained message of {len(MESSAGE)} bytes", f"{per_message:,.0f} bytes", "≤ 1,536 bytes"),
            ("start to ready", f"{ready:.2f} s", "< 1.5 s"),
        ]
    )


def rate_text(rates: list[float], cpus: list[float]) -> str:
    """The median of some rates, and of the CPU that each call took."""
    return f"{statistics.median(rates):,.0f}/s, {statistics.median(cpus):.0f} µs CPU"


def show(rows: list[tuple[str, str, str]]) -> None:
    """Print the table with the machine above it."""
    print(f"{platform.machine()}, {psutil.cpu_count()} cores, CPython {platform.python_version()}, ", end="")
    print(f"grpcio {grpc.__version__}\n\n| what | measured | wanted |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=3_000, help="constant rate, submits per second (default: 3000)")
    parser.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--messages", type=int, default=30_000, help="messages for the highest rate (default: 30000)")
    parser.add_argument("--localnet", nargs="*", default=[], help="further options of `python -m localnet`")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
