"""Whole runs of the real command: what is sent arrives, is counted once, and is reported."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

from tests.e2e.locust_command import wait_for_run

ROOT = Path(__file__).resolve().parents[2]
SHORT = (
    *(
        "--headless",
        "--only-summary",
        "--run-time",
        "6s",
        "--spawn-rate",
        "20",
        "--stop-timeout",
        "15",
        "--think-time",
        "0.1",
    ),
    *("--receipt-interval", "0.02", "--model-bytes", "9000"),
)
SCHEMA = json.loads((ROOT / "reports" / "schema" / "report-1.json").read_text())


def operation(report: dict[str, Any], name: str, arm: str | None = None) -> dict[str, Any]:
    """The entry of one operation."""
    (found,) = [entry for entry in report["operations"] if entry["name"] == name and entry["arm"] == arm]
    return dict(found)


def succeeded_messages(report: dict[str, Any]) -> int:
    """Messages that operations with an acknowledged message sent."""
    return sum(
        entry["succeeded"]
        for entry in report["operations"]
        if entry["name"] == "hcs.submit"
        or (entry["name"] in ("audit-event", "store-model") and entry["arm"] == "hedera")
    )


def assert_clean(report: dict[str, Any]) -> None:
    """Everything was accounted for and arrived once, and the report is of the published form."""
    jsonschema.validate(report, SCHEMA)
    assert report["accounting"]["balanced"] is True
    audit = report["audit"]
    assert (audit["lost"], audit["duplicated"], audit["out_of_order"]) == (0, 0, 0)
    assert audit["running_hash_verified"] is True
    assert audit["acknowledged"] == audit["delivered"] == succeeded_messages(report)


def test_the_main_job(run_locust: Any) -> None:
    """One command, offline: messages, models read back, pairs, a clean audit, four files and exit code 0."""
    finished = run_locust(*SHORT, "--users", "12", "--localnet-consensus-delay", "0.2")
    assert finished.exit_code == 0, finished.output
    report = finished.report
    assert_clean(report)
    assert operation(report, "hcs.submit")["succeeded"] > 20
    stored, fetched = operation(report, "hfs.store"), operation(report, "hfs.fetch")
    assert stored["succeeded"] >= fetched["succeeded"] > 0
    assert fetched["failed"] == 0
    (overhead,) = [entry for entry in report["overhead"] if entry["operation"] == "audit-event"]
    low, high = overhead["absolute_ms"]["ci95"]
    assert overhead["pairs"] >= 20
    assert low <= overhead["absolute_ms"]["estimate"] <= high
    assert low > 150, "consensus alone takes 200 ms"
    latest = finished.report_dir / "latest"
    assert {file.name for file in latest.iterdir()} >= {"report.html", "report.md", "report.json", "junit.xml"}
    assert not list(latest.glob("baseline-*")), "the stand-in database is gone"
    assert "Traceback" not in finished.output


def test_mirror_level_waits_for_the_mirror(run_locust: Any) -> None:
    """With --confirm mirror an operation ends when the mirror shows it, and that phase is reported."""
    finished = run_locust(*SHORT, "--users", "6", "--confirm", "mirror", "--localnet-consensus-delay", "0.1")
    assert finished.exit_code == 0, finished.output
    assert_clean(finished.report)
    phases = operation(finished.report, "hcs.submit")["phases_ms"]
    assert phases["mirror"]["mean"] > 0
    assert 10 < phases["consensus"]["mean"] < 90, "the timestamp comes long before it is known, after 100 ms"


def test_ack_level_reads_no_receipt(run_locust: Any) -> None:
    """With --confirm ack messages end at the node's acknowledgement; they still all arrive."""
    finished = run_locust(
        *SHORT, "--users", "6", "--confirm", "ack", "--localnet-consensus-delay", "0.1", "HcsSubmitter"
    )
    assert finished.exit_code == 0, finished.output
    assert_clean(finished.report)
    assert operation(finished.report, "hcs.submit")["phases_ms"]["receipt"] is None


def test_long_messages_arrive_whole(run_locust: Any) -> None:
    """A message of three chunks is one message for the audit."""
    finished = run_locust(
        *SHORT, "--users", "4", "--message-bytes", "2500", "--localnet-consensus-delay", "0.05", "HcsSubmitter"
    )
    assert finished.exit_code == 0, finished.output
    assert_clean(finished.report)


def ledger_counts(transactions: Iterable[dict[str, Any]]) -> Counter[str]:
    """Successful transactions by type."""
    return Counter(entry["type"] for entry in transactions if entry["status"] == "SUCCESS")


def assert_equals_ledger(report: dict[str, Any], counts: Counter[str]) -> None:
    """The merged report counts what the network itself counted."""
    stores = operation(report, "hfs.store")["succeeded"]
    paired = (
        operation(report, "store-model", "hedera")["succeeded"]
        if any(entry["name"] == "store-model" for entry in report["operations"])
        else 0
    )
    assert counts["CONSENSUSSUBMITMESSAGE"] == succeeded_messages(report)
    assert counts["FILECREATE"] == stores + paired
    assert counts["FILEAPPEND"] == 2 * (stores + paired), "9,000 bytes are a create and two appends"
    assert counts["CONSENSUSCREATETOPIC"] == 2


def test_processes_give_one_merged_report(run_locust: Any, own_network: Any) -> None:
    """--processes 2: nothing hangs, and the merged counts are those of the network's ledger."""
    network = own_network("--consensus-delay", "0.1")
    finished = run_locust(*SHORT, "--users", "10", "--processes", "2", *network.arguments, **network.environment)
    assert finished.exit_code == 0, finished.output
    assert_clean(finished.report)
    assert_equals_ledger(finished.report, ledger_counts(network.ledger()))
    assert finished.report["run"]["workers"] == 2


def test_a_master_with_two_workers_gives_one_merged_report(spawn: Any, finish: Any, own_network: Any) -> None:
    """A swarm of separate processes does the same."""
    network = own_network("--consensus-delay", "0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    master = spawn(
        *SHORT, "--users", "10", "--master", "--expect-workers", "2", "--master-bind-port", port,
        *network.arguments, **network.environment,
    )  # fmt: skip
    workers = [spawn("--worker", "--master-port", port, **network.environment) for _ in range(2)]
    finished = finish(master)
    assert finished.exit_code == 0, finished.output
    assert_clean(finished.report)
    assert_equals_ledger(finished.report, ledger_counts(network.ledger()))
    for worker in workers:
        worker.communicate(timeout=20)
        assert worker.returncode == 0


def test_the_embedded_network_serves_a_swarm_and_ends_with_it(run_locust: Any, tmp_path: Path) -> None:
    """Workers are told where the master's embedded network is; nothing is left running."""
    mark = str(tmp_path)  # its processes inherit it; others on this machine do not have it
    finished = run_locust(*SHORT, "--users", "8", "--processes", "2", "--localnet-consensus-delay", "0.1", TMPDIR=mark)
    assert finished.exit_code == 0, finished.output
    assert_clean(finished.report)
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline", "environ"])
        if (process.info["environ"] or {}).get("TMPDIR") == mark
    ]
    assert left == []


def kill_localnet_of(process: subprocess.Popen[str]) -> None:
    """Kill the embedded network that a running locust has started."""
    (child,) = [
        child for child in psutil.Process(process.pid).children(recursive=True) if "localnet" in child.cmdline()
    ]
    child.kill()


def test_killing_the_network_mid_run_ends_in_a_report(spawn: Any, finish: Any, tmp_path: Path) -> None:
    """Exit code 1 and a report that balances, not a hang or a traceback."""
    process = spawn(
        *(
            "--headless",
            "--only-summary",
            "--users",
            "6",
            "--spawn-rate",
            "6",
            "--run-time",
            "10s",
            "--stop-timeout",
            "3",
        ),
        *("--backoff", "0.05", "--confirm-timeout", "0.5", "--audit-timeout", "1", "--localnet-consensus-delay", "0.1"),
        *("--attempts", "2", "--queue", "0", "--breaker-failures", "1"),
    )
    wait_for_run(tmp_path)
    kill_localnet_of(process)
    finished = finish(process, 60)
    assert finished.exit_code == 1, finished.output
    assert "Traceback" not in finished.output
    report = finished.report
    jsonschema.validate(report, SCHEMA)
    assert report["accounting"]["balanced"] is True
    assert report["accounting"]["rejected"] > 0, "the circuits of all nodes opened, and nobody waits for them"
    assert any(breaker["opened"] for breaker in report["resilience"]["breakers"])
    assert report["errors"]


def test_interrupting_a_run_ends_in_a_report(spawn: Any, finish: Any, tmp_path: Path) -> None:
    """SIGINT in the middle of a run still leaves a balanced report."""
    process = spawn(
        *(
            "--headless",
            "--only-summary",
            "--users",
            "6",
            "--spawn-rate",
            "6",
            "--run-time",
            "60s",
            "--stop-timeout",
            "5",
        ),
        *("--localnet-consensus-delay", "0.1"),
    )
    wait_for_run(tmp_path)
    process.send_signal(signal.SIGINT)
    finished = finish(process, 40)
    assert finished.exit_code == 0, finished.output
    assert_clean(finished.report)
    assert "Traceback" not in finished.output


@pytest.mark.background
def test_calibration_contains_the_networks_own_truth(run_locust: Any, own_network: Any) -> None:
    """A baseline of 51 ms and a network that adds about 116 ms: the interval contains what the network counted.

    The truth is the mean time from a transaction's arrival at its node to the moment its receipt was served. What the
    client itself takes (about 2 ms: sign, send, read) comes on top; the network's spread is chosen so that the interval
    is wider than that.
    """
    network = own_network("--consensus-delay", "0.11", "--consensus-jitter", "0.08", "--seed", "7")
    finished = run_locust(
        *(
            "--headless",
            "--only-summary",
            "--users",
            "4",
            "--spawn-rate",
            "4",
            "--run-time",
            "14s",
            "--stop-timeout",
            "10",
        ),
        *("--baseline", "fixed:51ms", "--think-time", "0.1", "--receipt-interval", "0.01", "OverheadUser"),
        *network.arguments,
        **network.environment,
    )
    assert finished.exit_code == 0, finished.output
    served = [
        entry["receipt_served"] - entry["arrival"]
        for entry in network.ledger()
        if entry["type"] == "CONSENSUSSUBMITMESSAGE"
    ]
    (overhead,) = [entry for entry in finished.report["overhead"] if entry["operation"] == "audit-event"]
    low, high = overhead["absolute_ms"]["ci95"]
    truth_ms = 1000 * sum(served) / len(served)
    assert overhead["pairs"] >= 100
    # A busy machine wakes the baseline late from its one sleep, and the client from each of some ten looks.
    late_ms = max(0.0, overhead["baseline_ms"]["mean"] - 51)
    assert low - 8 * late_ms <= truth_ms <= high, (low, truth_ms, high, late_ms)
    assert abs(overhead["baseline_ms"]["mean"] - 51) < 10


def test_the_report_holds_no_key(run_locust: Any, own_network: Any) -> None:
    """Neither what a run prints nor any file it leaves holds the operator's key."""
    network = own_network("--consensus-delay", "0")
    key = network.environment["OPERATOR_KEY"]
    finished = run_locust(
        *("--headless", "--users", "3", "--run-time", "2s", "--stop-timeout", "5", "--loglevel", "DEBUG"),
        *network.arguments,
        **network.environment,
    )
    raw = key[-64:]
    assert raw not in finished.output
    for file in (finished.report_dir / "latest").iterdir():
        assert raw.encode() not in file.read_bytes(), file.name
    assert re.search(r"report\.html", finished.output), "the path is printed"


def test_the_report_draws_what_was_broken(run_locust: Any, tmp_path: Path) -> None:
    """A run with planned faults survives them, says so, and shows where its operations' time went."""
    plan = tmp_path / "plan.json"
    plan.write_text(
        json.dumps(
            [
                {"kind": "status", "status": "BUSY", "share": 0.5, "start": 1, "duration": 3},
                {"kind": "stall", "start": 600, "duration": 1},
            ]
        )
    )
    finished = run_locust(*SHORT, "--users", "8", "--localnet-consensus-delay", "0.1", "--localnet-faults", str(plan))
    assert finished.exit_code == 0, finished.output
    report = finished.report
    assert_clean(report)
    assert [fault["name"] for fault in report["timeline"]["faults"]] == ["status"]
    assert report["resilience"]["retries"]["by_status"]["BUSY"] > 0
    submitted = operation(report, "hcs.submit")
    assert submitted["segments_ms"]["retry_wait"]["mean"] > 0
    for entry in report["operations"]:
        parts = sum(segment["mean"] for segment in entry["segments_ms"].values())
        assert abs(parts - entry["response_ms"]["mean"]) <= 0.01 * entry["response_ms"]["mean"] + 0.01
