"""Load on the JSON-RPC relay: only for who asks for it by name, and only where there is a relay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.locust_command import OwnNetwork, free_port

READS = {"relay.eth_blockNumber", "relay.eth_chainId", "relay.eth_gasPrice"}
SHORT = (
    *("--headless", "--only-summary", "--users", "6", "--spawn-rate", "6", "--run-time", "4s"),
    *("--think-time", "0.1", "--localnet-consensus-delay", "0.1", "--receipt-interval", "0.05"),
)


def of_relay(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The report's operations on the relay, by name."""
    return {one["name"]: one for one in report["operations"] if one["name"].startswith("relay.")}


def test_who_is_named_reads_from_the_relay(spawn: Any, finish: Any) -> None:
    """A worker that was told no names does what the master was told; every read is in the report, without a level."""
    port = free_port()
    worker = spawn("--worker", "--master-port", port)
    finished = finish(spawn(*SHORT, "--master", "--master-bind-port", port, "--expect-workers", "1", "RelayReader"), 90)
    assert finish(worker, 30).exit_code == 0
    assert finished.exit_code == 0, finished.output
    report = finished.report
    reads = of_relay(report)
    assert set(reads) == READS == {one["name"] for one in report["operations"]}
    assert all(one["confirm"] is None and one["arm"] is None for one in reads.values())
    assert all(one["succeeded"] == one["started"] > 10 for one in reads.values())
    assert all(one["latency_ms"]["mean"] >= one["phases_ms"]["ack"]["mean"] > 0 for one in reads.values())
    assert report["accounting"]["balanced"] is True
    assert "0/relay" in {one["name"] for one in report["resilience"]["breakers"]}


def test_reads_are_due_by_a_schedule(run_locust: Any) -> None:
    """Under an arrival rate the reads share it, beside the users named with them."""
    finished = run_locust(*SHORT, "--arrival-rate", "30/s", "--confirm", "ack", "RelayReader", "HcsSubmitter")
    assert finished.exit_code == 0, finished.output
    report = finished.report
    assert set(of_relay(report)) <= READS
    assert of_relay(report)
    accounting = report["accounting"]
    assert accounting["balanced"] is True
    assert 60 < accounting["scheduled"] < 150
    assert report["audit"]["delivered"] == report["audit"]["acknowledged"] > 0


def test_nobody_reads_from_the_relay_unasked(run_locust: Any) -> None:
    """Without names, the mix is what it was."""
    finished = run_locust(*SHORT, "--processes", "2")
    assert finished.exit_code == 0, finished.output
    report = finished.report
    assert of_relay(report) == {}
    assert {"audit-event", "hcs.submit", "hfs.store"} <= {one["name"] for one in report["operations"]}


def test_without_a_relay_nothing_starts(
    run_locust: Any, own_network: Callable[..., OwnNetwork], tmp_path: Path
) -> None:
    """Naming the class on a network that has no relay ends with 2 in one line; without it the same network will do."""
    own = own_network("--latency", "instant")
    file = tmp_path / "network.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "relay": None}))
    finished = run_locust(*SHORT, *own.arguments, "RelayReader", **own.environment)
    lines = [line for line in finished.output.splitlines() if line.startswith("locust: error:")]
    assert (finished.exit_code, len(lines)) == (2, 1), finished.output
    assert "RelayReader" in lines[0]
    assert "Traceback" not in finished.output
    assert not (tmp_path / "out").exists()
    assert own.ledger() == []
    assert run_locust(*SHORT, *own.arguments, **own.environment).exit_code == 0
