"""Whether the load was made, and what the client did to get it through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.gates.language import Call
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import Kind, Metric, Reading, exact, unknown


def _rate_kept(evidence: Evidence, _: Call, __: Kind) -> Sequence[Reading]:
    if evidence.rate is None:
        return [unknown("no rate was asked for")]
    return [exact(evidence.rate["kept_percent"])]


def _retries(evidence: Evidence, _: Call, __: Kind) -> Sequence[Reading]:
    return [] if evidence.resilience is None else [exact(evidence.resilience["retries"]["attempts"])]


def _queue_depth(evidence: Evidence, _: Call, __: Kind) -> Sequence[Reading]:
    queue = None if evidence.resilience is None else evidence.resilience["queue"]
    return [exact(queue["max_depth"] if queue else 0)]


METRICS: Final = (
    Metric(
        "rate_kept",
        "how much of what was due by --arrival-rate was started",
        "run.rate.kept_percent",
        ("percent",),
        _rate_kept,
    ),
    Metric(
        "retries",
        "attempts beyond the first of a transaction or query",
        "resilience.retries.attempts",
        ("count",),
        _retries,
        live=False,
    ),
    Metric(
        "queue_depth",
        "the most operations that waited in the client's queues at once",
        "resilience.queue.max_depth",
        ("count",),
        _queue_depth,
        live=False,
    ),
)
