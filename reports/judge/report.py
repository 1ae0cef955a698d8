"""Judges a run: the content of report.json, by its schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from reports.audit.run import Audited
from reports.collect.collector import Collector, Sender
from reports.collect.ending import Ending, InjectedFault, Kept
from reports.judge import provenance
from reports.judge.accounting import account
from reports.judge.answers import answers, headline
from reports.judge.attempts import attempts, backoffs
from reports.judge.capacity import since_start
from reports.judge.connections import connections
from reports.judge.dead_workers import Schedule, asked_mean, schedule_of
from reports.judge.edge_faults import edge_faults
from reports.judge.errors import errors
from reports.judge.event_streams import event_streams
from reports.judge.gates.defaults import default_gates, left_to_gates, readable
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.judging import check_of, judge_gates
from reports.judge.leaks import trends, usage_over_time
from reports.judge.limits import limit
from reports.judge.mirror_streams import mirror_streams
from reports.judge.operations import operations, timeline
from reports.judge.overhead import overhead
from reports.judge.rate import rate
from reports.judge.verdict import Check, KeptRate, checks, exit_code
from reports.schema.report import SCHEMA, Cost, Findings, Report
from reports.schema.resilience import Breaker, Resilience
from reports.schema.timeline import Fault
from reports.wording import checks as wording
from reports.wording.clocks import behind
from reports.wording.network import where
from reports.wording.trends import warnings as leak_warnings
from reports.wording.warnings import NO_FEES, circuits_not_shared
from resilience import merge_snapshots
from resilience.depth import add_up


def judge_run(kept: Kept, audited: Audited) -> Report:
    """Return the report of a run, of all that is known of it and of what its audit found."""
    collector, _, facts, ending = kept
    run, measured = collector.run, collector.measurements
    senders = list(collector.senders.values())
    # What it took to set the run up before, and to bring the data together afterwards, is no part of the load.
    began_at = measured.timeline.began_at
    ended_at = max([began_at, *(sender.last_at for sender in senders if sender.complete)])
    if ended_at == began_at:
        ended_at = max(began_at, ending.ended_at)
    duration_s = ended_at - began_at
    load_s = load_seconds(senders, began_at, duration_s)
    found = _found(collector, ending, audited, load_s)
    limited = limit(found)
    mean_per_s = asked_mean(senders, schedule_of(run, senders, began_at + load_s))
    rate_kept = rate(run.settings.arrival_rate, mean_per_s, found["accounting"]["arrivals"])
    results = checks(
        found["accounting"],
        audited.audit,
        ending.exceptions,
        found["operations"],
        found["overhead"],
        KeptRate(rate_kept, run.settings.least_rate, limited["by"]),
        found["errors"],
    )
    evidence = Evidence(
        found["operations"],
        load_s,
        rate_kept,
        overhead=lambda: found["overhead"],
        trends=lambda: found["resources"].get("trends", []),
        resilience=found["resilience"],
        audit=found["audit"],
        cost=_cost(),
    )
    named = readable(run.gates)
    results = left_to_gates(results, named, found["operations"])
    gates = judge_gates(run.gates, evidence, ending.aborted)
    results += check_of(gates)
    if ending.unwritten:
        results.append(Check("journal", False, wording.not_written(ending.unwritten)))
    searched = since_start(ending.capacity, began_at)
    told = answers(found, where(run.settings), rate_kept, searched)
    return {
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
            "baseline": str(provenance.settings(run)["baseline"]),
            "with_hedera": str(provenance.settings(run)["with_hedera"]),
            "seed": run.settings.seed,
            "workers": len(senders),
            "command": provenance.command_line(facts.arguments),
            "settings": provenance.settings(run),
            "network": provenance.network(run),
            "topics": dict(run.topics),
            "operator_id": run.operator_id,
            "project": facts.project,
            "load": facts.load,
            "versions": facts.versions,
            "machine": facts.machine,
            "clock_offset_ms": audited.clock_offset_ms,
            "limit": limited,
            "rate": rate_kept,
        },
        **found,
        "cost": _cost(),
        "gates": [*gates, *default_gates(results, evidence, named, run.settings.least_rate)],
        "drills": [],
        "capacity": searched,
    }


def load_seconds(senders: Sequence[Sender], began_at: float, duration_s: float) -> float:
    """How long the load lasted: until the last process asked its users to stop, which is before they are done.

    Rates are per second of this: what comes after is only what they were at. All of it where nobody told.
    """
    told = [sender.sources["load"]["ended_at"] for sender in senders if sender.sources.get("load")]
    return min(duration_s, max(told) - began_at) if told and max(told) > began_at else duration_s


def _found(collector: Collector, ending: Ending, audited: Audited, load_s: float) -> Findings:
    """The parts of the report that hold what was counted and measured, and that the run is judged by."""
    run, measured, senders = collector.run, collector.measurements, list(collector.senders.values())
    began_at = measured.timeline.began_at
    settings = run.settings
    resilience, queue = _resilience(senders, began_at)
    schedule = schedule_of(run, senders, began_at + load_s)
    resources = provenance.resources(senders, ending.master, began_at - run.started_at)
    over_time = timeline(measured.timeline)
    closed = {sender.name: sum(sum(counts.values()) for counts in sender.received.values()) for sender in senders}
    used = usage_over_time(collector.usage, began_at - run.started_at, load_s)
    resources |= {"usage": used, "trends": trends(used, over_time, closed, load_s)}
    found: Findings = {
        "operations": operations(measured.operations, audited.consensus, load_s),
        "resilience": resilience,
        "accounting": account(senders, measured.operations, schedule),
        "resources": resources,
        "errors": errors(measured.errors.groups, began_at),
        "overhead": overhead(measured.pairs.samples, settings.seed, measured.operations),
        "audit": audited.audit,
        "timeline": {
            **over_time,
            "faults": _faults(ending.faults, began_at) + edge_faults(run, senders, began_at, began_at + load_s),
            "asked": _asked(schedule, began_at),
            "queue": queue,
        },
    }
    resources["warnings"] += leak_warnings(resources["trends"])
    resources["warnings"] += _of_shared_circuits(resilience["breakers"])
    resources["warnings"] += behind(resilience["retries"].get("by_member", {}))
    return found


def _resilience(senders: Sequence[Sender], began_at: float) -> tuple[Resilience, list[list[float]]]:
    """What the guards of all processes did, and the depth of their queues together over time, since the start."""
    merged = merge_snapshots(sender.sources["resilience"] for sender in senders if "resilience" in sender.sources)
    queue = merged["queue"]
    histories = queue.pop("histories", []) if queue else []
    activity = merged.pop("activity")
    merged["retries"]["backoffs"] = backoffs(merged["retries"]["backoffs"])
    resilience: Resilience = {
        **cast(Resilience, merged),  # the form in which `resilience` publishes it
        "attempts": attempts(activity, began_at),
        "connections": connections(sender.sources.get("connections", {}) for sender in senders),
        "mirror_streams": mirror_streams(sender.sources.get("mirror_streams", {}) for sender in senders),
        "event_streams": event_streams((sender.sources.get("event_streams", {}) for sender in senders), began_at),
    }
    return resilience, [[max(0.0, round(second - began_at, 1)), depth] for second, depth in add_up(histories)]


def _of_shared_circuits(breakers: Sequence[Breaker]) -> list[str]:
    """What has to be said where circuits were to be shared, and were not all the time."""
    away = {one["name"].partition("@")[0] for one in breakers if one.get("storage", {}).get("failures")}
    return [circuits_not_shared(sorted(away))] if away else []


def _asked(schedule: Schedule, began_at: float) -> list[list[float]]:
    """The report's `timeline.asked`; empty where the rate never changed, or there was none."""
    points = schedule.curve.points
    if len(points) < 2:
        return []
    return [[round(max(0.0, point.at - began_at), 3), round(point.level, 3)] for point in points]


def _faults(injected: Sequence[InjectedFault], began_at: float) -> list[Fault]:
    """The report's `timeline.faults`."""
    return [
        {
            "name": str(fault.get("name") or fault.get("kind") or "fault"),
            "from_s": round(max(0.0, started - began_at), 3),
            "to_s": None if (ended := fault.get("ended")) is None else round(max(0.0, ended - began_at), 3),
            "kind": str(fault.get("kind", "")),
            "hits": int(fault.get("hits", 0)),
        }
        for fault in injected
        if (started := fault["started"]) is not None
    ]


def _cost() -> Cost:
    """Fees are not measured in this version."""
    return {"hbar": None, "usd": None, "by_operation": {}, "source": None, "budget_hbar": None, "note": NO_FEES}
