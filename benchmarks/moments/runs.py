"""A real run on an embedded network of its own, and everything that it left."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.ledger import read_ledger
from benchmarks.moments.held import OPERATION, WAY_S, Check, checks, joined
from localnet.consensus.latency import PROFILES
from localnet_launcher import Localnet, start_localnet

ROOT: Final = Path(__file__).resolve().parents[2]
LOCUSTFILE: Final = "benchmarks/moments/keeping_locustfile.py"
LONGEST_S: Final = 8.0
"""Seconds for which there are users enough, whatever the network takes: arrivals that waited for one would be none."""
ENDING_S: Final = 20
"""Seconds that operations under way at the end of the load may take."""
AROUND_S: Final = 180
"""Seconds that a run may take on top of those: its start, its audit, its report."""


@dataclass(frozen=True)
class Told:
    """What a run left: its records, its report, and the network's ledger after it."""

    records: list[dict[str, Any]]
    report: dict[str, Any]
    histogram: list[tuple[float, float, int]]
    ledger: list[dict[str, Any]]

    def held(self, latency: str, allowed_s: float = WAY_S) -> list[Check]:
        """What is held against the ledger.

        Args:
            latency: The network's profile.
            allowed_s: What the way to a node and back may take in any case.

        Raises:
            MissingError: the ledger does not know a message of the run.
        """
        messages = joined(self.records, self.ledger)
        return checks(messages, self.report, self.histogram, PROFILES[latency], allowed_s)


class NotRunError(RuntimeError):
    """The run did not end well; the message is what it printed."""


def run(workers: int, rate: float, seconds: float, latency: str) -> Told:
    """Run HCS submitters for so long, so many messages a second at random, on a network of their own.

    Raises:
        NotRunError: `locust` ended with something else than 0, or took too long.
    """
    with tempfile.TemporaryDirectory() as name, network(latency) as localnet:
        folder = Path(name)
        (folder / "records").mkdir()
        (folder / "network.json").write_text(localnet.network.model_dump_json(exclude={"name"}))
        payer = environment(localnet, folder / "records")
        code, output = ended(command(folder, workers, rate, seconds), payer, seconds + ENDING_S + AROUND_S)
        if code:
            raise NotRunError(f"locust ended with {code}:\n{output}")
        return told(folder, localnet)


def ended(words: list[str], payer: dict[str, str], within_s: float) -> tuple[int, str]:
    """Exit code and output of `locust`; nothing of it is left where it takes too long, or this process is stopped.

    Raises:
        NotRunError: it took too long.
    """
    with subprocess.Popen(  # noqa: S603 (our own command)
        words,
        cwd=ROOT,
        env=payer,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that its workers end with it
    ) as process:
        try:
            output, _ = process.communicate(timeout=within_s)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise NotRunError(f"locust had not ended after {within_s:g} s") from error
            raise
        return process.returncode, output


@contextmanager
def network(latency: str) -> Iterator[Localnet]:
    """A running embedded network, which outlives the run, so that its ledger can be read."""
    localnet = start_localnet("--latency", latency, "--seed", "11")
    try:
        yield localnet
    finally:
        localnet.stop()


def command(folder: Path, workers: int, rate: float, seconds: float) -> list[str]:
    """What a user would type."""
    words = [sys.executable, "-m", "locust", "-f", LOCUSTFILE, "--headless", "--only-summary", "HcsSubmitter"]
    users = str(math.ceil(rate * LONGEST_S))
    words += ["--users", users, "--spawn-rate", users, "--run-time", f"{seconds:g}s", "--seed", "7"]
    words += ["--stop-timeout", str(ENDING_S), "--arrival-rate", f"{rate:g}/s", "--arrivals", "poisson"]
    words += ["--network", "custom", "--network-file", str(folder / "network.json")]
    words += ["--report-dir", str(folder / "out")]
    if workers:
        with socket.socket() as free:  # Locust's own default port may be somebody else's
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        words += ["--processes", str(workers), "--master-bind-port", port, "--master-port", port]
    return words


def environment(localnet: Localnet, records: Path) -> dict[str, str]:
    """Without anybody's own options or credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "OPERATOR_"))}
    payer = {"OPERATOR_ID": localnet.operator_id, "OPERATOR_KEY": localnet.operator_key}
    return {**kept, **payer, "MOMENTS_RECORDS": str(records)}


def told(folder: Path, localnet: Localnet) -> Told:
    """Read what a run has left."""
    kept = sorted((folder / "records").glob("*.jsonl"))
    latest = folder / "out" / "latest"
    with (latest / "histograms.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["distribution"] == "phase.consensus"]
    return Told(
        [json.loads(line) for file in kept for line in file.read_text().splitlines()],
        json.loads((latest / "report.json").read_text()),
        [
            (float(row["from_ms"]) / 1000, float(row["to_ms"]) / 1000, int(row["count"]))
            for row in rows
            if row["operation"] == OPERATION
        ],
        read_ledger(localnet),
    )
