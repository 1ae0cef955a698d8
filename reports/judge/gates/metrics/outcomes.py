"""How operations ended. What the end of the run cut off counts as none of them: it says nothing of the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from config.gates.language import Call
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import Kind, Metric, Parameter, Reading, exact, unknown
from reports.judge.gates.subjects import chosen
from reports.schema.operations import Operation

Count = Callable[[Operation], float]
Reader = Callable[[Evidence, Call, Kind], Sequence[Reading]]


def errors(operation: Operation) -> int:
    """Operations that did not succeed, without those that the end of the run cut off."""
    return failures(operation) + operation["rejected"]


def failures(operation: Operation) -> int:
    """Operations that were sent and did not succeed, for certain or as far as is known."""
    return operation["failed"] + operation["unknown"] - operation.get("stopped", 0)


def _sum(count: Count, *, both_sides: bool = False) -> Reader:
    def read(evidence: Evidence, call: Call, _: Kind) -> Sequence[Reading]:
        found = chosen(evidence.operations, call.arguments[0], both_sides=both_sides)
        return [exact(sum(map(count, found)))] if found else []

    return read


def _quotient(above: Count, below: Count, times: float, *, both_sides: bool = False) -> Reader:
    def read(evidence: Evidence, call: Call, _: Kind) -> Sequence[Reading]:
        found = chosen(evidence.operations, call.arguments[0], both_sides=both_sides)
        total = sum(map(below, found))
        if not total:
            return [unknown("none of them ended")] if found else []
        return [exact(times * sum(map(above, found)) / total)]

    return read


def _rate(evidence: Evidence, call: Call, _: Kind) -> Sequence[Reading]:
    found = chosen(evidence.operations, call.arguments[0])
    return [exact(sum(one["succeeded"] for one in found) / evidence.load_s)] if found and evidence.load_s > 0 else []


ALL: Final[tuple[Parameter, ...]] = ("operation or *",)

METRICS: Final = (
    Metric(
        "error_rate",
        "part of the operations that failed, stayed unknown or were rejected",
        "operations[]: (failed + unknown + rejected - stopped) / (started - stopped)",
        ("percent",),
        _quotient(errors, lambda one: one["started"] - one.get("stopped", 0), 100, both_sides=True),
        ALL,
        1,
    ),
    Metric(
        "failures",
        "operations that failed or stayed unknown",
        "operations[]: failed + unknown - stopped",
        ("count",),
        _sum(failures, both_sides=True),
        ALL,
        1,
    ),
    Metric(
        "unknown",
        "operations that were sent, and whose fate could not be learned",
        "operations[].unknown, without those among stopped",
        ("count",),
        _sum(lambda one: max(0, one["unknown"] - one.get("stopped", 0)), both_sides=True),
        ALL,
        1,
    ),
    Metric(
        "rejected",
        "operations that were never sent: an open circuit, a limit, the queue, the deadline",
        "operations[].rejected",
        ("count",),
        _sum(lambda one: one["rejected"]),
        ALL,
        1,
    ),
    Metric(
        "succeeded",
        "operations that succeeded",
        "operations[].succeeded",
        ("count",),
        _sum(lambda one: one["succeeded"]),
        ALL,
        1,
    ),
    Metric(
        "rate",
        "operations per second of load that succeeded",
        "operations[].throughput_per_s",
        ("rate",),
        _rate,
        ALL,
        1,
    ),
    Metric(
        "amplification",
        "attempts per operation",
        "operations[]: attempts / started",
        ("factor",),
        _quotient(lambda one: one["attempts"], lambda one: one["started"], 1),
        ALL,
        1,
    ),
)
