"""What the client costs beside the bare SDK: one HCS submit, waiting for a receipt, and ten thousand idle users.

    python -m benchmarks.client                                       # prints Markdown tables
    python -m benchmarks.client --json                                # the figures in one line, for benchmarks.against
    python -m benchmarks.client --seconds 1 --rounds 2                # quicker, and noisier
    python -m benchmarks.client --only whole --greenlets 20 --seconds 20   # one thing, to be profiled (see below)
    py-spy record -d 15 -o profile.svg -- python -m benchmarks.client --only whole --greenlets 20 --seconds 20

Every way submits 256-byte messages to one node, a gRPC server in a process of its own that answers OK to everything.
All ways of a table take turns in one process; the figure is processor time of that process per submit, the lowest of
the rounds, since everything else on the machine only adds. `whole way` is a Locust user class with its operation,
guard, client, acknowledgement, Locust's event and statistics, and the recorder, run by Locust's own user loop. The same
is measured against a node with the real nodes' limits (10 calls per connection, an end after 15 s) beside one without.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.agreeing_node import server
from benchmarks.limited_node import limited_node

NODE = "0.0.3"
TOPIC = "0.0.1002"
KEY = "302e020100300506032b657004220420" + "ab" * 32
MESSAGE = b"m" * 256
GREENLETS = (1, 20, 200)
THREADS = (1, 20)
IDLE_USERS = 10_000
SPAWNED_AT_ONCE = 200
WHOLE_LIMIT, MEMORY_LIMIT_MB, LOOKS_PER_S_LIMIT = 0.6, 600.0, 4.0
LIMITED_LIMIT = 1.1
LIMITED_GREENLETS = (20, 200)

Way = Callable[[], object]
Cost = tuple[float, float]
Measure = Callable[[float], Cost]


def make_ways(address: str) -> dict[str, Way]:
    """Each way to submit one message, by name."""
    from hiero_sdk_python import AccountId, Client, PrivateKey, TopicId, TopicMessageSubmitTransaction
    from hiero_sdk_python.client.network import Network as SdkNetwork
    from hiero_sdk_python.node import _Node

    from hedera_client import bodies

    sdk = Client(SdkNetwork("solo", nodes=[_Node(AccountId.from_string(NODE), address, None)]))
    sdk.set_operator(AccountId.from_string("0.0.1001"), PrivateKey.from_string(KEY))
    topic = TopicId.from_string(TOPIC)
    # SDK's own ids collide at this rate, which the server does not mind: it looks at nothing.
    ways: dict[str, Way] = {
        "bare SDK": lambda: TopicMessageSubmitTransaction(topic_id=topic, message=MESSAGE).execute(
            sdk, wait_for_receipt=False
        )
    }
    for transport in ("grpc", "http2"):
        client = make_client(address, transport)

        def submit(client: Any = client) -> None:
            body = bodies.submit_message(TOPIC, MESSAGE)
            client.submit(client.prepare(body, client.next_node(), client.new_transaction_id()))

        ways[f"client, {transport}"] = submit
    prepared = make_client(address, "http2")
    ways["  of it, prepare"] = lambda: prepared.prepare(
        bodies.submit_message(TOPIC, MESSAGE), NODE, prepared.new_transaction_id()
    )
    return ways


def make_client(address: str, transport: str) -> Any:
    """A client of that one node."""
    from hedera_client import HederaClient, Operator

    operator = Operator.parse("0.0.1001", KEY)
    return HederaClient(make_network(address), operator, lane=0, rpc_timeout=10, transport=transport)  # type: ignore[arg-type]


def make_network(address: str) -> Any:
    """A network of that one node."""
    from config.networks import Network

    return Network(name="custom", nodes={address: NODE}, mirror_rest="http://127.0.0.1:1", mirror_grpc="127.0.0.1:1")


class Meter:
    """Processor time of this process and passed time since it was made, per piece of work."""

    def __init__(self) -> None:
        self._begin, self._cpu = time.perf_counter(), time.process_time()

    def cost(self, done: int) -> Cost:
        """Microseconds of processor time per piece, and pieces per second."""
        took, used = time.perf_counter() - self._begin, time.process_time() - self._cpu
        return used / done * 1e6, done / took


def in_greenlets(way: Way, count: int) -> Measure:
    """Repeat a way in so many greenlets."""
    import gevent

    def loop(end: float) -> int:
        made = 0
        while time.perf_counter() < end:
            way()
            made += 1
        return made

    def measure(seconds: float) -> Cost:
        way()
        meter, end = Meter(), time.perf_counter() + seconds
        jobs = [gevent.spawn(loop, end) for _ in range(count)]
        gevent.joinall(jobs, raise_error=True)
        return meter.cost(sum(job.value for job in jobs))

    return measure


def in_threads(way: Way, count: int) -> Measure:
    """Repeat a way in so many threads."""

    def measure(seconds: float) -> Cost:
        made = [0] * count
        way()
        meter, end = Meter(), time.perf_counter() + seconds

        def loop(index: int) -> None:
            while time.perf_counter() < end:
                way()
                made[index] += 1

        threads = [threading.Thread(target=loop, args=(index,)) for index in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return meter.cost(sum(made))

    return measure


class Users:
    """Locust users of this project, run as Locust runs them, in this process.

    Args:
        address: Of the node.
        users: How many may be started.
        think_time: Seconds that each waits after an operation.
    """

    def __init__(self, address: str, users: int, think_time: float) -> None:
        from locust.env import Environment

        from config.run import Run
        from config.settings import RunSettings
        from hedera_client import Operator
        from hedera_users.hcs_submitter import HcsSubmitter
        from hedera_users.session import open_session
        from reports.measure.recorder import Recorder

        self._scratch = tempfile.TemporaryDirectory()
        settings = RunSettings(confirm="ack", think_time=think_time, seed=1, report_dir=self._scratch.name)
        (Path(self._scratch.name) / "run").mkdir()
        topics = {"events": TOPIC, "models": TOPIC}
        run = Run(
            run_id="run",
            started_at=time.time(),
            settings=settings,
            network=make_network(address),
            operator_id="0.0.1001",
            topics=topics,
        )
        self.environment = Environment(user_classes=[HcsSubmitter])
        self.environment.create_local_runner()  # which brings Locust's own statistics
        self.recorder = Recorder(run.started_at)
        events: Any = self.environment.events
        events.request.add_listener(self.recorder.on_request)
        self._session = open_session(self.environment, run, Operator.parse("0.0.1001", KEY), 0, users)
        self._user_class = HcsSubmitter
        self._cut_off = 0

    @property
    def succeeded(self) -> int:
        """Operations that succeeded, as Locust counts them; none has failed.

        Raises:
            RuntimeError: one has, and what was measured is worth nothing.
        """
        total = self.environment.stats.total
        if total.num_failures > self._cut_off:
            raise RuntimeError(f"operations failed: {self.environment.stats.errors}")
        return int(total.num_requests - total.num_failures)

    def stop(self, group: Any) -> None:
        """End users that `start` has started; the operation that each has under way is cut off and counts as failed."""
        group.kill()
        self._cut_off = self.environment.stats.total.num_failures

    def start(self, count: int) -> Any:
        """Start so many users; returns their group of greenlets."""
        from gevent.pool import Group

        group = Group()
        for _ in range(count):
            self._user_class(self.environment).start(group)
        return group

    def whole_way(self, count: int) -> Measure:
        """So many users, each submitting as fast as it can; what the recorder holds is folded, as in a run."""
        import gevent

        def measure(seconds: float) -> Cost:
            group = self.start(count)
            gevent.sleep(0.3)
            self.recorder.take()
            before, meter = self.succeeded, Meter()
            gevent.sleep(seconds)
            self.recorder.take()
            cost = meter.cost(self.succeeded - before)
            self.stop(group)
            return cost

        return measure


def greenlet_costs(address: str, options: argparse.Namespace) -> dict[str, dict[str, Cost]]:
    """Microseconds and rates by number of greenlets and way, in this process, patched as Locust patches it."""
    import locust  # noqa: F401 (patches the standard library)

    from hedera_client.greenlets import prepare_process

    prepare_process(max(GREENLETS) + 50)
    ways = make_ways(address)
    users = Users(address, max(GREENLETS), 0.0)
    costs = {}
    for count in [options.greenlets] if options.greenlets else GREENLETS:
        ways_to_measure = {name: in_greenlets(way, count) for name, way in ways.items()}
        ways_to_measure["whole way"] = users.whole_way(count)
        costs[str(count)] = cheapest(ways_to_measure, options)
    return costs


def thread_costs(address: str, options: argparse.Namespace) -> dict[str, dict[str, Cost]]:
    """The same in a process without gevent; there is no Locust user there."""
    ways = make_ways(address)
    return {
        str(count): cheapest({name: in_threads(way, count) for name, way in ways.items()}, options) for count in THREADS
    }


def cheapest(measures: dict[str, Measure], options: argparse.Namespace) -> dict[str, Cost]:
    """Lowest cost of each way over rounds in which they take turns, and its rate in that round."""
    best: dict[str, Cost] = {}
    for _ in range(options.rounds):
        for name, measure in measures.items():
            if name.startswith(options.only):
                cost = measure(options.seconds)
                best[name] = min(best.get(name, cost), cost)
    return best


def limited_costs(_: str, options: argparse.Namespace) -> dict[str, dict[str, Cost]]:
    """The whole way by number of users, against a node without limits and one with the real nodes'."""
    import locust  # noqa: F401 (patches the standard library)

    from hedera_client.greenlets import prepare_process

    prepare_process(max(LIMITED_GREENLETS) + 50)
    costs = {}
    with limited_node("off") as off, limited_node("real") as real:
        users = {name: Users(address, max(LIMITED_GREENLETS), 0.0) for name, address in (("off", off), ("real", real))}
        for count in LIMITED_GREENLETS:
            costs[str(count)] = cheapest({name: one.whole_way(count) for name, one in users.items()}, options)
    return costs


def receipt_costs(address: str, _: argparse.Namespace) -> dict[str, float]:
    """What it costs 200 greenlets to wait for a receipt that is there after RECEIPT_AFTER_S."""
    import locust  # noqa: F401 (patches the standard library)

    import gevent

    client = make_client(address, "http2")
    looks: list[int] = []
    waited_s: list[float] = []

    def wait() -> None:
        begin = time.perf_counter()
        looks.append(client.await_receipt(client.new_transaction_id(), NODE, timeout=10).looks)
        waited_s.append(time.perf_counter() - begin)

    wait()
    looks.clear()
    waited_s.clear()
    cpu = time.process_time()
    gevent.joinall([gevent.spawn(wait) for _ in range(200)], raise_error=True)
    used = time.process_time() - cpu
    return {"looks_per_s": sum(looks) / sum(waited_s), "us_per_look": used / sum(looks) * 1e6}


def memory_cost(address: str, _: argparse.Namespace) -> dict[str, float]:
    """Resident megabytes of a process with IDLE_USERS users that have submitted once and think."""
    import locust  # noqa: F401 (patches the standard library)

    import gevent
    import psutil

    users = Users(address, IDLE_USERS, 3_600.0)
    before = psutil.Process().memory_info().rss / 1e6
    groups = []
    for started in range(0, IDLE_USERS, SPAWNED_AT_ONCE):
        groups.append(users.start(SPAWNED_AT_ONCE))
        while users.succeeded < started + SPAWNED_AT_ONCE:
            gevent.sleep(0.02)
    after = psutil.Process().memory_info().rss / 1e6
    for group in groups:
        users.stop(group)
    return {"before_mb": before, "mb": after, "kb_per_user": (after - before) / IDLE_USERS * 1e3}


PARTS: dict[str, Callable[[str, argparse.Namespace], Any]] = {
    "greenlets": greenlet_costs,
    "threads": thread_costs,
    "limited": limited_costs,
    "receipt": receipt_costs,
    "memory": memory_cost,
}


def in_process_of_its_own(part: str, options: argparse.Namespace) -> Any:
    """One part's figures; each needs a process that is patched, or not, from the start."""
    command = [sys.executable, "-m", "benchmarks.client", "--part", part]
    command += ["--seconds", str(options.seconds), "--rounds", str(options.rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)  # noqa: S603 (itself)
    return json.loads(done.stdout.splitlines()[-1])


def cost_table(title: str, costs: dict[str, dict[str, list[float]]]) -> str:
    """Microseconds, ratio to the bare SDK and rate of every way."""
    ways = next(iter(costs.values()))
    head = "".join(f" {count} {title} | × SDK | per s |" for count in costs)
    rows = [f"| µs CPU per submit |{head}", "|---|" + "---|---|---|" * len(costs)]
    for way in ways:
        cells = ""
        for by_way in costs.values():
            us, rate = by_way[way]
            shown = f"{rate:,.0f}" if "prepare" not in way else ""
            cells += f" {us:.0f} | {us / by_way['bare SDK'][0]:.2f} | {shown} |"
        rows.append(f"| {way.strip() if not way.startswith(' ') else '… ' + way.strip()} |{cells}")
    return "\n".join(rows)


def limited_table(costs: dict[str, dict[str, list[float]]]) -> str:
    """What the real nodes' limits cost: the whole way with them beside the whole way without."""
    rows = ["| users | µs CPU without limits | with the real nodes' | ratio |", "|---|---|---|---|"]
    for count, by_limits in costs.items():
        off, real = by_limits["off"][0], by_limits["real"][0]
        rows.append(f"| {count} | {off:.0f} | {real:.0f} | {real / off:.2f} |")
    return "\n".join(rows)


def report(figures: dict[str, Any]) -> str:
    """Everything, as Markdown."""
    versions = ", ".join(
        f"{name} {version(name)}"
        for name in ("hiero-sdk-python", "grpcio", "gevent", "locust", "cryptography", "pynacl", "hpack")
    )
    receipt, memory = figures["receipt"], figures["memory"]
    return "\n\n".join(
        (
            f"{platform.machine()}, {os.cpu_count()} cores, CPython {platform.python_version()}; {versions}",
            cost_table("greenlets", figures["greenlets"]),
            cost_table("threads", figures["threads"]),
            limited_table(figures["limited"]),
            f"Waiting for a receipt, 200 greenlets: {receipt['looks_per_s']:.2f} looks per second of waiting "
            f"(limit {LOOKS_PER_S_LIMIT:g}), {receipt['us_per_look']:.0f} µs CPU each.",
            f"{IDLE_USERS:,} idle users: {memory['mb']:.0f} MB (limit {MEMORY_LIMIT_MB:g}), of which "
            f"{memory['before_mb']:.0f} MB before them; {memory['kb_per_user']:.1f} kB each.",
        )
    )


def kept(figures: dict[str, Any]) -> list[str]:
    """The limits that were not kept, one line each."""
    broken = []
    for count, by_way in figures["greenlets"].items():
        ratio = by_way["whole way"][0] / by_way["bare SDK"][0]
        if ratio > WHOLE_LIMIT:
            broken.append(f"the whole way with {count} greenlets costs {ratio:.2f} × the bare SDK, not {WHOLE_LIMIT}")
    for count, by_limits in figures["limited"].items():
        ratio = by_limits["real"][0] / by_limits["off"][0]
        if ratio > LIMITED_LIMIT:
            broken.append(f"the real nodes' limits cost {ratio:.2f} × with {count} users, not {LIMITED_LIMIT}")
    if figures["memory"]["mb"] > MEMORY_LIMIT_MB:
        broken.append(f"{IDLE_USERS} idle users take {figures['memory']['mb']:.0f} MB")
    if figures["receipt"]["looks_per_s"] > LOOKS_PER_S_LIMIT:
        broken.append(f"{figures['receipt']['looks_per_s']:.2f} looks for a receipt per second")
    return broken


def main() -> int:
    """Run it, print the tables, and return 0 if every limit was kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="per way and round (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="the cheapest of so many counts (default 3)")
    parser.add_argument("--only", default="", metavar="WAY", help="only ways whose name begins so, under greenlets")
    parser.add_argument("--greenlets", type=int, default=0, help="only with so many greenlets")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON; --only does so in any case")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part or options.only:
        with server() as address:
            print(json.dumps(PARTS[options.part or "greenlets"](address, options)))
        return 0
    figures = {part: in_process_of_its_own(part, options) for part in PARTS}
    print(json.dumps(figures) if options.json else report(figures))
    broken = kept(figures)
    for line in broken:
        print(f"\nLIMIT: {line}", file=sys.stderr if options.json else sys.stdout)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
