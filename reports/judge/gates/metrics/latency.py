"""How long operations took: their latency, of those that succeeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Final, Literal

from config.gates.language import Call
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import Kind, Metric, Reading, exact, unknown
from reports.judge.gates.subjects import chosen, label
from reports.schema.operations import Operation

Figure = Literal["mean", "max", "p50", "p90", "p95", "p99", "p99_9"]

BEYOND: Final[dict[Figure, float]] = {"p50": 0.5, "p90": 0.1, "p95": 0.05, "p99": 0.01, "p99_9": 0.001}
"""Which part of the operations took longer than a percentile."""


def fewest(figure: Figure) -> int:
    """Operations that a percentile needs: with fewer it is the slowest one, and nothing of its own."""
    return math.ceil(1 / BEYOND[figure] - 1e-9) if figure in BEYOND else 1


def _of(operation: Operation, figure: Figure) -> Reading:
    found, done = operation["latency_ms"], operation["succeeded"]
    if found is None:
        return unknown("none succeeded", label(operation))
    if done < fewest(figure):
        return unknown(f"{done} of them succeeded, and this figure needs {fewest(figure):,}", label(operation))
    return exact(found[figure], label(operation))


def read(figure: Figure, evidence: Evidence, call: Call, _: Kind) -> Sequence[Reading]:
    """A figure of each operation and level that is spoken of."""
    return [_of(operation, figure) for operation in chosen(evidence.operations, call.arguments[0])]


def _metric(figure: Figure, meaning: str) -> Metric:
    return Metric(
        name=figure.replace("_", "."),
        meaning=meaning,
        source=f"operations[].latency_ms.{figure}",
        kinds=("time",),
        read=partial(read, figure),
        parameters=("operation or *",),
        required=1,
    )


METRICS: Final = (
    _metric("mean", "mean latency"),
    _metric("p50", "median latency"),
    _metric("p90", "latency that 90 of 100 operations do not exceed"),
    _metric("p95", "latency that 95 of 100 operations do not exceed"),
    _metric("p99", "latency that 99 of 100 operations do not exceed"),
    _metric("p99_9", "latency that 999 of 1,000 operations do not exceed"),
    _metric("max", "longest latency"),
)
