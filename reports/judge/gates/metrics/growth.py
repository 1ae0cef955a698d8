"""Whether processes grow: an estimate from their memory over time, with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.gates.language import Call
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import Kind, Metric, Reading, unknown
from reports.schema.resources import Trend

PROCESSES: Final = ("generator", "master", "network", "watched")
OURS: Final = ("generator", "master")
"""Whose growth is meant where nobody is named: the load generator's."""

HOUR_S: Final = 3600.0


def read(evidence: Evidence, call: Call, kind: Kind) -> Sequence[Reading]:
    """The growth of each process that is spoken of, within the part of the run after its warm-up."""
    kinds = (call.arguments[0].text,) if call.arguments else OURS
    found = [one for one in evidence.trends() if one["measure"] == "memory" and one["kind"] in kinds]
    return [_reading(one, kind) for one in found] or [unknown("the run was too short to see it")]


def _reading(trend: Trend, kind: Kind) -> Reading:
    slope, level, since, until = trend["per_hour"], trend["level"], trend["from_s"], trend["to_s"]
    if slope is None or not level or since is None or until is None:
        return unknown("the run was too short to see it", trend["subject"])
    factor = (until - since) / HOUR_S * (1.0 if kind == "memory" else 100 / level)
    low, high = (factor * bound for bound in slope["ci95"])
    return Reading(factor * slope["estimate"], low, high, trend["subject"])


METRICS: Final = (
    Metric(
        "rss_growth",
        "by how much the memory of a process grew after its warm-up, of the level that it had then",
        "resources.trends[]: per_hour, level, from_s, to_s where measure is memory",
        ("percent", "memory"),
        read,
        ("process",),
        estimate=True,
    ),
)
