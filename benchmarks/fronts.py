"""What real nodes' limits cost a load: the same load with and without them, before the embedded network, side by side.

    python -m benchmarks.fronts                          # prints a Markdown table; ends with 1 where a ratio is missed
    python -m benchmarks.fronts --rounds 1 --seconds 20  # quicker, and noisier
    python -m benchmarks.fronts --keep FOLDER            # leaves every run's report there

A gRPC server on Netty stands before every node (tests/fronts/programs/NettyFront.java; needs a JDK, 17 or newer). Once
it has the limits of a real consensus node, once none; every byte takes half of the round trip longer each way.
Both take turns in one run of this program, and the best of the rounds counts: what else runs only takes away.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localnet_launcher import Localnet, start_localnet
from tests.e2e.locust_command import LOCUST, ROOT, clean_environment, free_port
from tests.fronts.row import Row
from tests.fronts.servers import NONE, REAL, Limits

GOAL: Final = 0.9
FRONTS: Final[dict[str, Limits]] = {"no limits": NONE, "real limits": REAL}


@dataclass(frozen=True)
class Load:
    """One load.

    Attributes:
        users: How many.
        workers: Processes besides the master; 0 is one process for all.
    """

    users: int
    workers: int

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.users} users" + (f", {self.workers} workers" if self.workers else "")


def main() -> int:
    """Print the table, and return 0 if every load reaches GOAL of its rate without limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=200, help="(default 200)")
    parser.add_argument("--workers", type=int, nargs="*", default=[0], help="0 is one process for all (default 0)")
    parser.add_argument("--seconds", type=int, default=40, help="per round; connections live for 15 s (default 40)")
    parser.add_argument("--rounds", type=int, default=3, help="(default 3)")
    parser.add_argument("--keep", type=Path, help="a new folder for the runs; without it, only what failed is told")
    parser.add_argument("--round-trip", type=int, default=100, help="milliseconds (default 100)")
    options = parser.parse_args()
    loads = [Load(options.users, workers) for workers in options.workers]
    if options.keep is not None:
        options.keep.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        found = measure_all(options.keep or Path(scratch), loads, options)
    print(table(found, options.round_trip))
    for load, reports in found.items():
        for one in (one for name in FRONTS for one in reports[name] if not clean([one])):
            print(f"\n{load}: {accounted(one)}")
    missed = [load for load, reports in found.items() if ratio(reports) < GOAL or not clean(reports["real limits"])]
    for load in missed:
        print(f"\nLIMIT: {load}: less than {GOAL} times the rate without limits, or failures")
    return 1 if missed else 0


def measure_all(
    scratch: Path, loads: list[Load], options: argparse.Namespace
) -> dict[Load, dict[str, list[dict[str, Any]]]]:
    """The reports of every load, by the limits that it met."""
    found: dict[Load, dict[str, list[dict[str, Any]]]] = {load: {name: [] for name in FRONTS} for load in loads}
    for number in range(options.rounds):
        for load in loads:
            # Turned round every time, so that neither is always first.
            for name in list(FRONTS)[:: 1 if number % 2 == 0 else -1]:
                folder = scratch / f"{number}-{load.workers}-{name.replace(' ', '-')}"
                folder.mkdir()
                with behind(folder, FRONTS[name], options.round_trip) as (localnet, row):
                    found[load][name].append(one_run(folder, load, localnet, row, options.seconds))
    return found


@contextmanager
def behind(folder: Path, limits: Limits, round_trip_ms: int) -> Iterator[tuple[Localnet, Row]]:
    """An embedded network without limits of its own, behind fronts."""
    localnet = start_localnet("--latency", "instant", "--throttles", "off", *unlimited())
    try:
        row = Row("netty", folder / "fronts", localnet.network, limits=limits, delay_ms=round_trip_ms // 2)
        row.start()
        try:
            yield localnet, row
        finally:
            row.stop()
    finally:
        localnet.stop()


def unlimited() -> tuple[str, ...]:
    """The option that takes the embedded network's own limits away."""
    return ("--limits", "off")


def one_run(folder: Path, load: Load, localnet: Localnet, row: Row, seconds: int) -> dict[str, Any]:
    """Run `locust`; returns its report."""
    file = folder / "network.json"
    file.write_text(row.network.model_dump_json(exclude={"name", "control"}))
    port = free_port()
    processes = ("--processes", str(load.workers), "--master-bind-port", port, "--master-port", port)
    command = [
        *LOCUST,
        *("--headless", "--only-summary", "--users", str(load.users), "--spawn-rate", "200"),
        *("--run-time", f"{seconds}s", "--think-time", "0", "--confirm", "ack", "--stop-timeout", "40"),
        *("--network", "custom", "--network-file", str(file), "--report-dir", str(folder / "out")),
        *(processes if load.workers else ()),
        "HcsSubmitter",
    ]
    environment = clean_environment(OPERATOR_ID=localnet.operator_id, OPERATOR_KEY=localnet.operator_key)
    done = subprocess.run(  # noqa: S603 (our own)
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds + 240, check=False
    )
    report = folder / "out" / "latest" / "report.json"
    if not report.exists():
        raise RuntimeError(f"locust left no report: {done.stdout}{done.stderr}")
    loaded: dict[str, Any] = json.loads(report.read_text())
    return loaded


def best(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """The report of the highest rate."""
    return max(reports, key=rate)


def rate(report: dict[str, Any]) -> float:
    """Operations per second."""
    return float(report["operations"][0]["throughput_per_s"])


def ratio(reports: dict[str, list[dict[str, Any]]]) -> float:
    """Rate with real limits as a share of that without."""
    return rate(best(reports["real limits"])) / rate(best(reports["no limits"]))


def clean(reports: list[dict[str, Any]]) -> bool:
    """Whether every operation of every round succeeded, no circuit opened, and all arrived once."""
    return all(
        one["accounting"]["succeeded"] == one["accounting"]["scheduled"]
        and not opened(one)
        and one["audit"]["delivered"] == one["audit"]["acknowledged"]
        and not one["audit"]["duplicated"]
        for one in reports
    )


def accounted(report: dict[str, Any]) -> str:
    """Where the operations of a run are that did not succeed, with the first errors."""
    accounting = report["accounting"]
    counts = {name: number for name, number in accounting.items() if isinstance(number, int) and number}
    errors = [f"{one['count']} × {one['status']} ({one['phase']}): {one['message']}" for one in report["errors"][:3]]
    return "; ".join([str(counts), *accounting["reasons"], *errors])


def opened(report: dict[str, Any]) -> int:
    """How often circuits opened."""
    return sum(
        change["to"] == "open" for breaker in report["resilience"]["breakers"] for change in breaker["transitions"]
    )


def table(found: dict[Load, dict[str, list[dict[str, Any]]]], round_trip_ms: int) -> str:
    """What was measured, as Markdown."""
    lines = [
        f"Round trip {round_trip_ms} ms, level ack; {platform.machine()}, Python {platform.python_version()}",
        "",
        "| load | limits | per s | × no limits | p50 ms | p99 ms | failed | retries | circuits opened |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for load, reports in found.items():
        for name, rounds in reports.items():
            one = best(rounds)
            entry, accounting = one["operations"][0], one["accounting"]
            cells = [
                *(str(load), name, f"{rate(one):,.0f}", f"{rate(one) / rate(best(reports['no limits'])):.2f}"),
                *(f"{entry['response_ms'][key]:.0f}" for key in ("p50", "p99")),
                str(accounting["scheduled"] - accounting["succeeded"]),
                str(one["resilience"]["retries"]["attempts"]),
                str(opened(one)),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
