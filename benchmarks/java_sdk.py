"""The whole way of one HCS submit beside the warmed-up Java SDK and the bare Python SDK, in one run.

    python -m benchmarks.java_sdk                # needs java 17 or newer, with its compiler (a JDK)
    python -m benchmarks.java_sdk --jar sdk.jar  # another build of the Java SDK with its dependencies in it

All submit 256-byte messages to the node of `benchmarks.client` and take turns. The Java SDK runs in a process of its
own that stays alive, so that its compiler has long finished; its figure is that process's processor time per
`TopicMessageSubmitTransaction.execute`. The whole way is Locust's user, operation, guard, client, acknowledgement,
event and recorder: much more than what the SDKs do. Each figure is the lowest of the rounds.
"""

from __future__ import annotations

import locust  # noqa: F401 (patches the standard library)

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.agreeing_node import server
from benchmarks.client import KEY, MESSAGE, NODE, TOPIC, Cost, Measure, Users, in_greenlets, make_ways
from benchmarks.java_jar import DISTRIBUTION, fetch_java_sdk
from hedera_client.greenlets import prepare_process

COUNTS: Final = (1, 20)
JAVA, WHOLE, BARE = "Java SDK, warmed up", "whole way (Python)", "bare Python SDK"


@contextmanager
def java_sdk(given: Path | None) -> Iterator[Path]:
    """The Java SDK's jar: the given one, or that of DISTRIBUTION, for as long as the context lasts."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        yield fetch_java_sdk(Path(folder))


class Java:
    """The Java SDK in a process of its own.

    Args:
        jar: The SDK with its dependencies.
        address: Of the node.
    """

    def __init__(self, jar: Path, address: str) -> None:
        source = str(Path(__file__).with_name("JavaSubmit.java"))
        command = ["java", "-cp", str(jar), source, address, NODE, TOPIC, "0.0.1001", KEY, str(len(MESSAGE))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603

    def measure(self, threads: int, seconds: float) -> Cost:
        """Submit in so many threads for so long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{threads} {seconds}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the Java SDK has ended; is java 17 or newer, with its compiler, installed?")
        microseconds, rate = line.split()
        return float(microseconds), float(rate)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def measure_all(java: Java, address: str, options: argparse.Namespace) -> dict[int, dict[str, Cost]]:
    """The cheapest cost of each way, by how many submit at once."""
    prepare_process(max(COUNTS) + 50)
    users = Users(address, max(COUNTS), 0.0)
    bare = make_ways(address)["bare SDK"]
    costs: dict[int, dict[str, Cost]] = {}
    for count in COUNTS:
        sys.stderr.write(f"warming the Java SDK up with {count} at once, {options.warm_up:g} s\n")
        java.measure(count, options.warm_up)
        measures: dict[str, Measure] = {
            BARE: in_greenlets(bare, count),
            JAVA: lambda seconds, count=count: java.measure(count, seconds),  # type: ignore[misc] # mypy: no default in a Callable
            WHOLE: users.whole_way(count),
        }
        rounds = [{name: measure(options.seconds) for name, measure in measures.items()} for _ in range(options.rounds)]
        costs[count] = {name: min(one[name] for one in rounds) for name in measures}
    return costs


def table(costs: dict[int, dict[str, Cost]]) -> str:
    """As Markdown."""
    head = "".join(f" {count} at once | × Java | per s |" for count in costs)
    rows = [f"| µs CPU per submit |{head}", "|---|" + "---|---|---|" * len(costs)]
    for name in (BARE, JAVA, WHOLE):
        cells = ""
        for by_name in costs.values():
            cost, rate = by_name[name]
            cells += f" {cost:.0f} | {cost / by_name[JAVA][0]:.2f} | {rate:,.0f} |"
        rows.append(f"| {name} |{cells}")
    return "\n".join(rows)


def main() -> int:
    """Print the table, and return 0 if the whole way costs no more than the Java SDK."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="per way and round (default 2)")
    parser.add_argument("--rounds", type=int, default=5, help="the cheapest of so many counts (default 5)")
    parser.add_argument("--warm-up", type=float, default=40.0, help="seconds before the first count (default 40)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of the table")
    parser.add_argument("--jar", type=Path, help=f"the Java SDK (default: that of {DISTRIBUTION})")
    options = parser.parse_args()
    with java_sdk(options.jar) as jar, server() as address:
        java = Java(jar, address)
        try:
            costs = measure_all(java, address, options)
        finally:
            java.close()
    print(json.dumps(costs) if options.json else table(costs))
    dearer = [count for count, by_name in costs.items() if by_name[WHOLE][0] > by_name[JAVA][0]]
    for count in dearer:
        print(
            f"\nLIMIT: the whole way, {count} at once, costs more than the Java SDK",
            file=sys.stderr if options.json else sys.stdout,
        )
    return 1 if dearer else 0


if __name__ == "__main__":
    sys.exit(main())
