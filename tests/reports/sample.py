"""A report of a made-up run, made by the real recorder, collector and judge: pairs at three levels, and a fault."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from config.networks import Network
from config.run import Run
from config.settings import RunSettings
from records.operation import Arm, OperationRecord, Outcome
from reports.audit.messages import nothing_audited
from reports.audit.run import Audited
from reports.collect.collector import Collector, Sender
from reports.collect.ending import Ending, Kept
from reports.collect.facts import Facts
from reports.collect.journal import Journal
from reports.judge.report import judge_run
from reports.measure.recorder import Recorder
from reports.schema.report import Report

BEGAN = 1_795_000_000.0
LEVELS = {"ack": 0.005, "receipt": 0.116, "mirror": 0.65}
LENGTH_S = 60


QUIET_CONNECTIONS = {
    "opened": 3,
    "closed": 0,
    "failed": 0,
    "lost": 0,
    "drained": 0,
    "aged": 0,
    "open": 3,
    "most_open": 1,
    "waited": 6,
    "waited_s": 0.014,
    "moved": 0,
}
"""What a node's connections were in a run in which nothing happened to them."""


def sample_report(
    folder: Path, pairs: int = 900, text: str = "", load_s: float | None = None, gates: tuple[str, ...] = ()
) -> Report:
    """Build a report.

    Args:
        folder: Receives the journal.
        pairs: How many, spread over the levels and a minute.
        text: Stands wherever a network, a file or a fault can put words of its own.
        load_s: After how long its users were asked to stop; None where the process does not say.
        gates: What somebody wants to hold of it.
    """
    settings = RunSettings(seed=7, localnet_consensus_delay=0.1)
    run = Run(
        run_id="20261124-101500-3f9a",
        started_at=BEGAN,
        settings=settings,
        network=Network(name="localnet", nodes={"127.0.0.1:1": "0.0.3"}, mirror_rest="http://mirror", mirror_grpc=""),
        operator_id="0.0.2",
        topics={"events": f"0.0.1010{text}"},
        gates=gates,
    )
    collector = Collector(run, Journal(folder / "journal.sqlite"))
    recorder, counted = Recorder(BEGAN), dict[str, dict[str, int]]()
    for record in records(pairs, text):
        recorder.record(record)
        counts = counted.setdefault(
            f"{record.name}|{record.arm or ''}", dict.fromkeys(("scheduled", "shed", "started", "in_flight"), 0)
        )
        counts["scheduled"] += 1
        counts["started"] += 1
    collector.measurements.merge_dump(recorder.take()[0].dump())
    sender = Sender(f"local{text}", final=True, last_at=BEGAN + LENGTH_S, resources=resources())
    sender.sources = {
        "operation_counts": counted,
        "resilience": resilience(text),
        "connections": {f"0.0.3{text}": QUIET_CONNECTIONS},
    }
    if load_s is not None:
        sender.sources["load"] = {"ended_at": BEGAN + load_s}
    collector.senders["local"] = sender
    ending = Ending(
        ended_at=BEGAN + LENGTH_S,
        exceptions=[f"ValueError{text}"] if text else [],
        faults=[{"name": f"BUSY 30 %{text}", "started": BEGAN + 20, "ended": BEGAN + 28}],
    )
    audited = Audited({**nothing_audited(), "files": files(text)}, clock_offset_ms=1.4)
    return judge_run(Kept(collector, folder / "journal.sqlite", facts(text), ending), audited)


def facts(text: str = "") -> Facts:
    """Where it ran, and with which users."""
    return Facts(
        arguments=["locust", "--headless", "--memo", text],
        project={"name": "hedera-load", "version": "0.1.0", "revision": "47ee47c0ffee", "modified": True},
        versions={"python": "3.11.7", "locust": "2.47.0", "hiero-sdk-python": "0.3.0", "grpcio": "1.85.1"},
        machine={"system": f"Linux 6.1{text}", "architecture": "x86_64", "cores": 2, "memory_gb": 8.1},
        load={
            "users": 30,
            "users_there": 30,
            "spawn_rate_per_s": 10.0,
            "run_time_s": 60.0,
            "shape": None,
            "user_classes": [
                {"name": f"HcsSubmitter{text}", "weight": 5, "fixed_count": 0, "users": 19},
                {"name": "OverheadUser", "weight": 3, "fixed_count": 0, "users": 11},
            ],
        },
    )


def files(text: str = "") -> dict[str, Any]:
    """What became of files: most were read back as stored, one could not be cleared away."""
    return {
        "attempted": 14,
        "stored": 12,
        "verified": 11,
        "mismatched": 0,
        "not_read_back": 1,
        "appends": 24,
        "bytes": 122_880,
        "deleted": 1,
        "left_over": 1,
        "uncertain": 0,
        "bytes_per_s": 1_714.5,
        "slowest_append": {"file_id": "0.0.1011", "transaction_id": "0.0.2@1.000000001", "ms": 2_410.0},
        "offenders": [
            {
                "kind": "left",
                "file_id": f"0.0.1012{text}",
                "transaction_id": "0.0.2@1.000000002",
                "size_bytes": 10_240,
                "sha256": "00",
                "outcome": "failed",
                "status": f"UNAVAILABLE{text}",
            }
        ],
    }


def records(pairs: int, text: str = "") -> list[OperationRecord]:
    """What users did: pairs at three levels, single submissions of which some fail during the fault."""
    source = random.Random(3)
    made = []
    for number in range(pairs):
        at = BEGAN + LENGTH_S * number / max(1, pairs)
        level = list(LEVELS)[number % len(LEVELS)]
        base = 0.045 + source.gammavariate(2, 0.003)
        slow = 3.0 if 20 <= at - BEGAN < 28 else 1.0
        extra = LEVELS[level] * slow * source.uniform(0.8, 1.2)
        phases = {"prepare": 0.001, "ack": LEVELS["ack"], "receipt": max(0.0, extra - 0.01)}
        if level == "mirror":
            phases = phases | {"receipt": 0.11, "mirror": extra - 0.116}
        for arm in (Arm.BASELINE, Arm.HEDERA):
            made.append(closed("audit-event", arm, f"0.{number}", at, base, "" if arm is Arm.BASELINE else level))
        made[-1].latency_s += extra
        made[-1].phases_s = phases
        outcome = (
            source.choice([Outcome.FAILED, Outcome.REJECTED, Outcome.SUCCEEDED]) if slow > 1 else Outcome.SUCCEEDED
        )
        single = closed("hcs.submit", None, None, at, 0.116 * slow, "receipt", outcome)
        if outcome is not Outcome.SUCCEEDED:
            single.status = "CIRCUIT_OPEN" if outcome is Outcome.REJECTED else f"BUSY{text}"
            single.error = f"the node was busy {text}"
        made.append(single)
    return made


def closed(
    name: str,
    arm: Arm | None,
    pair: str | None,
    at: float,
    took: float,
    confirm: str,
    outcome: Outcome = Outcome.SUCCEEDED,
) -> OperationRecord:
    """One closed operation."""
    record = OperationRecord(name, arm, pair, confirm, at, at, took, outcome, status="SUCCESS", attempts=1)
    record.phases_s = {} if arm is Arm.BASELINE else {"prepare": 0.001, "ack": 0.004, "receipt": took - 0.006}
    return record


def resources() -> dict[str, Any]:
    """What the process used."""
    samples = [[float(t), 35.0 + t % 7, 120.0] for t in range(LENGTH_S)]
    return {
        "pid": 1,
        "cores": 2,
        "cpu_percent": {"mean": 38.0, "max": 41.0},
        "rss_mb": {"max": 120.0},
        "thread_pool_size": 44,
        "samples": samples,
    }


def resilience(text: str = "") -> dict[str, Any]:
    """What the guards did: a circuit that opened, tried and closed again, and a queue that filled meanwhile."""
    states = [
        (21, "closed", "open"),
        (24, "open", "half-open"),
        (24.5, "half-open", "open"),
        (27, "open", "half-open"),
        (28, "half-open", "closed"),
    ]
    breaker = {
        "name": f"0/hcs{text}",
        "state": "closed",
        "opened": 2,
        "half_opened": 2,
        "closed": 1,
        "rejected": 40,
        "open_s": 5.5,
        "transitions": [{"time": BEGAN + t, "from": a, "to": b} for t, a, b in states],
        "transitions_dropped": 0,
    }
    quiet = {
        **breaker,
        "name": f"0/hfs{text}",
        **dict.fromkeys(("opened", "half_opened", "closed", "rejected"), 0),
        "open_s": 0.0,
        "transitions": [],
    }
    return {
        "retries": {
            "attempts": 64,
            "recovered": 31,
            "exhausted": 12,
            "by_status": {f"BUSY{text}": 60, "UNAVAILABLE": 4},
        },
        "rejected": {"QUEUE_FULL": 7, "QUEUE_EXPIRED": 3},
        "cut_short": {"BUDGET_EXHAUSTED": 2},
        "waits": {"circuit": {"count": 50, "seconds": 90.0, "max_s": 5.4}},
        "breakers": [breaker, quiet],
        "limiters": [
            {
                "name": f"0/hcs{text}",
                "kind": "adaptive",
                "limit": 18,
                "limit_min": 9,
                "limit_max": 31,
                "waits": 5,
                "busy": 60,
            }
        ],
        "budget": {"capacity": 500, "left": 480, "lowest": 190, "spent": 310, "given_back": 290, "refused": 2},
        "queue": {
            "queues": 3,
            "capacity": 1000,
            "max_depth": 41,
            "enqueued": 60,
            "drained": 55,
            "expired": 3,
            "rejected": 7,
            "left": 2,
            "withdrawn": 0,
            "depth": 0,
            "max_continuing": 4,
            "waited_s": 90.0,
            "waited_max_s": 5.4,
            "histories": [
                [
                    [int(BEGAN) + at, depth, depth]
                    for at, depth in ((21, 8), (22, 30), (24, 41), (27, 40), (28, 12), (29, 0))
                ]
            ],
        },
    }
