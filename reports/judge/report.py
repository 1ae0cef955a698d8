"""Puts the report together: the content of report.json, by the published schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema

from config.run import Run
from reports.collect.collector import Collector, Sender
from reports.collect.facts import Facts
from reports.judge import provenance
from reports.judge.accounting import account
from reports.judge.answers import answers, headline, where
from reports.judge.causes import errors
from reports.judge.connections import connections
from reports.judge.dead_workers import Schedule
from reports.judge.limits import limit
from reports.judge.mirror_streams import mirror_streams
from reports.judge.operations import operations, timeline
from reports.judge.overhead import overhead
from reports.judge.rate import rate
from reports.judge.verdict import Check, KeptRate, checks, exit_code
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey
from resilience import merge_snapshots
from resilience.depth import add_up

SCHEMA: Final = "hedera-load-report/1"
SCHEMA_FILE: Final = Path(__file__).parent.parent / "schema" / "report-1.json"

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a report is made of.

    Attributes:
        run: The run.
        collector: Everything that was measured.
        ended_at: Unix time in seconds when the users had stopped, where no process says it better.
        audit: What the audit found.
        facts: What is true of it where it ran.
        consensus: Time to the consensus timestamp per operation, from the audit.
        exceptions: Messages of exceptions that Locust caught in users.
        master: What the master used, where there is one.
        faults: Faults that were injected on purpose, as the embedded network lists them (`GET /faults`): `name` or
            `kind`, `started` and `ended` in Unix seconds. One that has not started is left out, one that has not ended
            lasts to the end of the run.
        clock_offset_ms: How far the network's clock is ahead of this machine's; None where it was not measured.
        unwritten: Why not all of the run's journal could be written; "" where it could.
    """

    run: Run
    collector: Collector
    ended_at: float
    audit: Mapping[str, Any]
    facts: Facts
    consensus: Mapping[OperationKey, Distribution] = field(default_factory=dict)
    exceptions: Sequence[str] = ()
    master: dict[str, Any] | None = None
    faults: Sequence[Mapping[str, Any]] = ()
    clock_offset_ms: float | None = None
    unwritten: str = ""


def build(evidence: Evidence) -> Report:
    """Return the report of a run."""
    run, collector = evidence.run, evidence.collector
    measured = collector.measurements
    senders = list(collector.senders.values())
    # What it took to set the run up before, and to bring the data together afterwards, is no part of the load.
    began_at = measured.timeline.began_at
    ended_at = max([began_at, *(sender.last_at for sender in senders if sender.complete)])
    if ended_at == began_at:
        ended_at = max(began_at, evidence.ended_at)
    duration_s = ended_at - began_at
    load_s = load_seconds(senders, began_at, duration_s)
    found = _found(evidence, began_at, load_s)
    limited = limit(found)
    kept = rate(run.settings.arrival_rate, found["accounting"]["arrivals"])
    results = checks(
        found["accounting"],
        evidence.audit,
        evidence.exceptions,
        found["operations"],
        found["overhead"],
        KeptRate(kept, run.settings.least_rate, limited["by"]),
        found["errors"],
    )
    if evidence.unwritten:
        results.append(Check("journal", False, f"not all of it could be written: {evidence.unwritten}"))
    told = answers(found, where(run), kept)
    report: Report = {
        "schema": SCHEMA,
        "run": {
            "id": run.run_id,
            "started_at": began_at,
            "ended_at": ended_at,
            "duration_s": round(duration_s, 3),
            "load_s": round(load_s, 3),
            "headline": headline(told),
            "answers": told,
            "exit_code": int(exit_code(results)),
            "checks": [check.as_report() for check in results],
            "confirm": ", ".join(run.settings.confirm),
            "baseline": provenance.settings(run)["baseline"],
            "seed": run.settings.seed,
            "workers": len(senders),
            "command": provenance.command_line(evidence.facts.arguments),
            "settings": provenance.settings(run),
            "network": provenance.network(run),
            "topics": dict(run.topics),
            "operator_id": run.operator_id,
            "project": dict(evidence.facts.project),
            "load": dict(evidence.facts.load),
            "versions": evidence.facts.versions,
            "machine": evidence.facts.machine,
            "clock_offset_ms": evidence.clock_offset_ms,
            "limit": limited,
            "rate": kept,
        },
        **found,
        "cost": {
            "hbar": None,
            "usd": None,
            "by_operation": {},
            "source": None,
            "budget_hbar": None,
            "note": "Fees are not measured in this version.",
        },
        "gates": [],
        "drills": [],
    }
    report["resources"]["warnings"] += _of_shared_circuits(report["resilience"]["breakers"])
    report["timeline"]["queue"] = _queue(report["resilience"]["queue"], began_at)
    return report


def load_seconds(senders: Sequence[Sender], began_at: float, duration_s: float) -> float:
    """How long the load lasted: until the last process asked its users to stop, which is before they are done.

    Rates are per second of this: what comes after is only what they were at. All of it where nobody told.
    """
    told = [sender.sources["load"]["ended_at"] for sender in senders if sender.sources.get("load")]
    return min(duration_s, max(told) - began_at) if told and max(told) > began_at else duration_s


def _found(evidence: Evidence, began_at: float, load_s: float) -> Report:
    """The parts of the report that hold what was counted and measured, and that the run is judged by."""
    collector = evidence.collector
    measured, senders, settings = collector.measurements, list(collector.senders.values()), evidence.run.settings
    faults = [_fault(fault, began_at) for fault in evidence.faults if fault["started"] is not None]
    resilience = [sender.sources["resilience"] for sender in senders if "resilience" in sender.sources]
    return {
        "operations": operations(measured.operations, evidence.consensus, load_s),
        "resilience": {
            **merge_snapshots(resilience),
            "connections": connections(sender.sources.get("connections", {}) for sender in senders),
            "mirror_streams": mirror_streams(sender.sources.get("mirror_streams", {}) for sender in senders),
        },
        "accounting": account(
            senders, measured.operations, Schedule(settings.arrival_rate, evidence.run.workers, began_at + load_s)
        ),
        "resources": provenance.resources(senders, evidence.master, began_at - evidence.run.started_at),
        "errors": errors(measured.errors.groups, began_at),
        "overhead": overhead(measured.pairs.samples, settings.seed, measured.operations),
        "audit": dict(evidence.audit),
        "timeline": timeline(measured.timeline) | {"faults": faults},
    }


def _of_shared_circuits(breakers: Sequence[Mapping[str, Any]]) -> list[str]:
    """What has to be said where circuits were to be shared, and were not all the time."""
    away = sorted({one["name"].partition("@")[0] for one in breakers if one.get("storage", {}).get("failures")})
    if not away:
        return []
    return [
        f"Redis did not answer all the time (--breaker-storage): meanwhile each worker had circuits of its own for "
        f"{', '.join(away)}"
    ]


def _fault(fault: Mapping[str, Any], began_at: float) -> dict[str, Any]:
    """An injected fault as an entry of `timeline.faults`."""
    ended = fault.get("ended")
    return {
        "name": str(fault.get("name") or fault.get("kind") or "fault"),
        "from_s": round(max(0.0, fault["started"] - began_at), 3),
        "to_s": None if ended is None else round(max(0.0, ended - began_at), 3),
    }


def _queue(queue: dict[str, Any] | None, began_at: float) -> list[list[float]]:
    """Take the histories out of the queues' snapshot; return their depth together, in seconds since the start."""
    histories = queue.pop("histories", []) if queue else []
    return [[max(0.0, round(second - began_at, 1)), depth] for second, depth in add_up(histories)]


@cache
def schema() -> Any:
    """The published JSON Schema of report.json."""
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def violations(report: Report) -> list[str]:
    """Where a report departs from the schema, one line each; empty when it holds."""
    validator = jsonschema.Draft202012Validator(schema())
    return [f"{'/'.join(map(str, fault.absolute_path)) or '(top)'}: {fault.message[:200]}"
            for fault in validator.iter_errors(report)]  # fmt: skip
