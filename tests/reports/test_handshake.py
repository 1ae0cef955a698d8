"""The final counts of every worker arrive, and what a killed one takes with it is named. Real masters and workers."""

from __future__ import annotations

import signal
from contextlib import closing
from typing import Any

import requests

from reports.collect.journal import JournalError, open_journal
from reports.measure.measurements import OUTCOMES
from reports.schema.published import violations
from tests.reports.runs import Runs, free_port, wait_until

LOAD = (
    *("--users", "8", "--spawn-rate", "4", "--think-time", "0.05", "--receipt-interval", "0.02"),
    *("--stop-timeout", "10", "--audit-timeout", "5"),
)


def messages_on_the_ledger(runs: Runs) -> int:
    """Messages that reached consensus, as the network itself counts them."""
    answer = requests.get(
        f"{runs.localnet.network.control}/ledger/summary",
        headers={"Authorization": f"Bearer {runs.localnet.token}"},
        timeout=10,
    ).json()
    return int(answer["statuses"]["CONSENSUSSUBMITMESSAGE"]["SUCCESS"])


def ended(report: dict[str, Any]) -> int:
    """Operations with an outcome."""
    return sum(entry[outcome] for entry in report["operations"] for outcome in OUTCOMES)


def test_every_workers_last_counts_arrive_though_statistics_are_reset(runs: Runs) -> None:
    """Two busy workers, Locust's statistics reset in the middle: the counts are those of the network's ledger."""
    port = free_port()
    process = runs.start(
        *("--headless", "--processes", "2", "--master-bind-port", port, "--master-port", port),
        *("--reset-stats", "--run-time", "4s", *LOAD, "HcsSubmitter"),
    )
    output, _ = process.communicate(timeout=110)
    assert process.returncode == 0, output
    report = runs.report()
    accounting = report["accounting"]
    assert violations(report) == []
    assert report["run"]["workers"] == 2
    assert (accounting["balanced"], accounting["incomplete_workers"], accounting["unreported"]) == (True, [], 0)
    assert accounting["started"] == ended(report) == report["audit"]["acknowledged"] == messages_on_the_ledger(runs)
    assert report["timeline"]["series"][0]["points"][0]["started"] > 0, "what came before the reset is still there"

    assert runs.audit(runs.newest).returncode == 0
    again = runs.report()
    assert again["audit"].pop("mirror_clock") >= report["audit"].pop("mirror_clock")  # it went on meanwhile
    assert again == report, "settled again from its folder, a finished run has the same report"


def test_a_killed_worker_loses_only_what_the_report_names(runs: Runs) -> None:
    """Kill -9 of one worker of two: the master ends, names it, counts what it took along, and audits all the same."""
    port = free_port()
    master = runs.start(
        *("--headless", "--master", "--expect-workers", "2", "--master-bind-port", port, "--run-time", "10s", *LOAD),
        "HcsSubmitter",
    )
    workers = [runs.start("--worker", "--master-port", port) for _ in range(2)]
    wait_until(lambda: (runs.folder / "out").exists() and _rows(runs) > 20, seconds=90)
    workers[0].send_signal(signal.SIGKILL)
    output, _ = master.communicate(timeout=110)
    report = runs.report()
    accounting = report["accounting"]
    assert violations(report) == []
    assert master.returncode != 0, output
    (killed,) = accounting["incomplete_workers"]
    assert any(killed in reason for reason in accounting["reasons"])
    assert accounting["balanced"] is False
    assert accounting["scheduled"] == accounting["shed"] + accounting["started"]
    assert accounting["started"] == ended(report) + accounting["in_flight"] + accounting["unreported"]
    audit = report["audit"]
    assert (audit["lost"], audit["duplicated"], audit["out_of_order"], audit["corrupted"]) == (0, 0, 0, 0)
    assert audit["running_hash_verified"] is True
    shown = audit["delivered"] + audit["landed_after_failure"] + audit["of_unreported_senders"]
    assert shown == messages_on_the_ledger(runs), "every message of the network is told of or named as unreported"
    assert ended(report) >= audit["acknowledged"] > 0


def _rows(runs: Runs) -> int:
    """Messages that are journaled so far."""
    try:
        with closing(open_journal(runs.newest / "journal.sqlite")) as connection:
            return int(connection.execute("SELECT count(*) FROM sent").fetchone()[0])
    except (JournalError, ValueError):
        return 0
