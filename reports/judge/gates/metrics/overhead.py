"""What Hedera adds to an operation: an estimate from pairs, with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.gates.language import Call
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import Kind, Metric, Reading, unknown
from reports.judge.gates.subjects import named
from reports.schema.overhead import Estimate, Overhead

FIGURES: Final = ("mean", "p50", "p95", "p99")
MEAN: Final = "mean"


def read(evidence: Evidence, call: Call, kind: Kind) -> Sequence[Reading]:
    """The difference of a figure, in milliseconds or in percent of the baseline's, at each level that is spoken of."""
    name, level, figure = spoken_of(call)
    entries = [one for one in evidence.overhead() if one["operation"] == name and level in ("", one["confirm"])]
    return [_reading(entry, figure, kind) for entry in entries]


def spoken_of(call: Call) -> tuple[str, str, str]:
    """Operation, level ("" for every) and figure of `overhead(operation, level, figure)`; one may be enough."""
    first, *rest = call.arguments
    words = [argument.text for argument in rest]
    name, level = named(first, ())
    if words and words[0] not in FIGURES:
        level = words.pop(0)
    return name, level, words[0] if words else MEAN


def _reading(entry: Overhead, figure: str, kind: Kind) -> Reading:
    of = f"{entry['operation']}.{entry['confirm']}" if entry["confirm"] else entry["operation"]
    if entry["reason"] is not None:
        return unknown(entry["reason"], of)
    row = next((one for one in entry.get("figures", []) if one["figure"] == figure), None)
    if row is None or row["reason"] is not None:
        return unknown("no such figure was computed" if row is None else str(row["reason"]), of)
    found: Estimate = row["absolute"] if kind == "time" else row["relative_pct"]
    if found["estimate"] is None or found["ci95"] is None:
        return unknown("it has no interval", of)
    low, high = found["ci95"]
    return Reading(found["estimate"], low, high, of)


METRICS: Final = (
    Metric(
        "overhead",
        "what Hedera adds to an operation, in the mean or at a percentile",
        "overhead[].figures[].absolute and relative_pct",
        ("percent", "time"),
        read,
        ("paired operation", "level", "figure"),
        1,
        estimate=True,
    ),
)
