"""The embedded network's throttles and latencies, measured over the wire and drawn beside the figures they come from.

    python -m benchmarks.localnet_profiles [--seconds 12] [--transactions 1500] [--over 90]

Throttles: each operation is offered far above its limit to all four nodes, and what is accepted is counted. The line is
the source's: the burst at once, then the rate (system file 0.0.123; the figures stand below). Latencies: transactions
are sent at a constant rate to a network with `--latency mainnet`; the ledger tells when each arrived, its consensus
timestamp, when that was known, and when the mirror showed it. Writes docs/images/localnet-throttles.png and
docs/images/localnet-latency.png, and prints what is in them.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import grpc
import matplotlib as mpl
import requests

mpl.use("Agg")
from matplotlib import pyplot as plt

from benchmarks.wire import Transactions
from localnet import pb
from localnet_launcher import Localnet, start_localnet

IMAGES = Path(__file__).parents[1] / "docs" / "images"
METHOD = "/proto.ConsensusService/submitMessage"
OK = b""
OFFERED_PER_S = 60
LIFETIME = {"seconds": 7_776_000}

Make = Callable[[], pb.TransactionBody]

SOURCE = {  # network-wide: (burst, operations per second); throttles.json of the public networks
    "FileCreate": (30, 10.0),
    "ConsensusCreateTopic": (75, 5.0),
    "CryptoCreate": (30, 2.0),
}


def makers(transactions: Transactions) -> dict[str, Make]:
    """A body of each operation."""
    key = pb.Key(ed25519=transactions.public)
    return {
        "FileCreate": lambda: pb.TransactionBody(
            fileCreate={"contents": b"c", "expirationTime": {"seconds": int(time.time()) + LIFETIME["seconds"]}}
        ),
        "ConsensusCreateTopic": lambda: pb.TransactionBody(consensusCreateTopic={"autoRenewPeriod": LIFETIME}),
        "CryptoCreate": lambda: pb.TransactionBody(cryptoCreateAccount={"key": key, "autoRenewPeriod": LIFETIME}),
    }


def senders(network: Localnet) -> list[grpc.UnaryUnaryMultiCallable]:
    """A call on each node."""
    return [grpc.insecure_channel(address).unary_unary(METHOD) for address in network.network.nodes]


def accepted(operation: str, seconds: float) -> list[float]:
    """When each accepted transaction was offered, in seconds; to a fresh network, which has all its room."""
    network = start_localnet("--latency", "instant", "--throttles", "mainnet", "--limits", "off")
    try:
        transactions = Transactions(network, 0)
        make, calls = makers(transactions)[operation], senders(network)
        times, begin = [], time.monotonic()
        for number in range(int(seconds * OFFERED_PER_S)):
            time.sleep(max(0.0, begin + number / OFFERED_PER_S - time.monotonic()))
            node = number % len(calls)
            if calls[node](transactions.sign(make(), transactions.nodes[node])) == OK:
                times.append(time.monotonic() - begin)
        return times
    finally:
        network.stop()


def draw_throttles(seconds: float) -> None:
    """Measure and draw what is accepted of each operation."""
    figure, axes = plt.subplots(1, len(SOURCE), figsize=(12, 3.6), layout="constrained")
    for axis, (operation, (burst, rate)) in zip(axes, SOURCE.items(), strict=True):
        times = accepted(operation, seconds)
        axis.plot([0, *times], range(len(times) + 1), drawstyle="steps-post", label="accepted")
        axis.plot(
            [0, seconds], [burst, burst + rate * seconds], "--", color="black", label=f"{burst} at once + {rate:g}/s"
        )
        axis.plot([0, seconds], [0, OFFERED_PER_S * seconds], ":", color="grey", label=f"offered, {OFFERED_PER_S}/s")
        axis.set(title=operation, xlabel="seconds", ylim=(0, 1.35 * (burst + rate * seconds)))
        axis.legend(loc="lower right", fontsize=8)
        allowed = burst + rate * times[-1]
        print(f"{operation:22} accepted {len(times):4} in {times[-1]:5.1f} s; the source allows {allowed:6.1f}")
    axes[0].set_ylabel("transactions")
    figure.savefig(IMAGES / "localnet-throttles.png", dpi=110)


def ledger(network: Localnet) -> list[dict[str, float]]:
    """The ledger's entries of what reached the mirror."""
    headers = {"Authorization": f"Bearer {network.token}"}
    answer = requests.get(f"{network.network.control}/ledger?limit=10000", headers=headers, timeout=30)
    return [entry for entry in answer.json()["entries"] if entry["mirror_visible"]]


def latencies(count: int, seconds: float) -> tuple[list[float], list[float], list[float]]:
    """Seconds to the timestamp, until it is known, and from there to the mirror, of `count` transactions; sorted."""
    network = start_localnet("--latency", "mainnet", "--throttles", "off", "--limits", "off", "--seed", "7")
    try:
        transactions = Transactions(network, 999)
        calls, begin = senders(network), time.monotonic()
        for number, (node, raw) in enumerate(transactions.messages(count)):
            time.sleep(max(0.0, begin + seconds * number / count - time.monotonic()))
            calls[node](raw)
        entries: list[dict[str, float]] = []
        while len(entries) < count:
            time.sleep(0.5)
            entries = ledger(network)
        spans = (("arrival", "consensus"), ("arrival", "known"), ("known", "mirror_visible"))
        stamped, known, mirror = (sorted(entry[to] - entry[since] for entry in entries) for since, to in spans)
        return stamped, known, mirror
    finally:
        network.stop()


def draw_latencies(count: int, seconds: float) -> None:
    """Measure and draw the distributions of the mainnet profile."""
    stamped, known, mirror = latencies(count, seconds)
    figure, (first, left, right) = plt.subplots(1, 3, figsize=(14, 3.8), layout="constrained")
    shares = [(rank + 1) / count for rank in range(count)]
    sigma = math.log(5.0 / 2.5) / NormalDist().inv_cdf(0.99)
    grid = [0.5 + 0.05 * step for step in range(140)]
    first.plot(stamped, shares, label=f"measured, {count} transactions")
    first.plot([0, 0.15, 0.45, 0.6], [0, 0, 1, 1], ":k", label="the profile's bounds")
    first.set(title="arrival to consensus timestamp", xlabel="seconds", ylabel="share", xlim=(0, 0.6))
    left.plot(known, shares, label=f"measured over {seconds:g} s")
    left.plot(
        grid,
        [NormalDist(math.log(2.5), sigma).cdf(math.log(x)) for x in grid],
        "--k",
        label="log-normal, over a long while",
    )
    left.plot([2.5, 5.0], [0.5, 0.99], "o", color="tab:red", label="published: about 2.5 s; finality within 5 s")
    left.set(title="arrival to known", xlabel="seconds", xlim=(0, 7.5))
    right.plot(mirror, shares, label="measured")
    right.plot([0, 2, 4, 5.5], [0, 0, 1, 1], "--k", label="even, 2 s to 4 s")
    right.set(title="known to mirror", xlabel="seconds", xlim=(0, 5.5))
    for axis in (first, left, right):
        axis.legend(loc="lower right", fontsize=8)
    figure.savefig(IMAGES / "localnet-latency.png", dpi=110)
    middle, late = known[count // 2], known[int(count * 0.99)]
    print(f"timestamp: median {stamped[count // 2]:.2f} s (profile 0.30), from {stamped[0]:.2f} to {stamped[-1]:.2f} s")
    print(f"known:     median {middle:.2f} s (profile 2.50), 99th percentile {late:.2f} s (profile 5.00)")
    print(f"mirror:    median {mirror[count // 2]:.2f} s (profile 3.00), from {mirror[0]:.2f} to {mirror[-1]:.2f} s")


def main() -> None:
    """Parse the command line, measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12, help="how long each operation is offered (default: 12)")
    parser.add_argument("--transactions", type=int, default=1_500, help="for the latencies (default: 1500)")
    parser.add_argument("--over", type=float, default=90, help="seconds that they are sent over (default: 90)")
    options = parser.parse_args()
    draw_throttles(options.seconds)
    draw_latencies(options.transactions, options.over)


if __name__ == "__main__":
    main()
