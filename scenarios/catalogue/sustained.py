"""Operations due at the same distance from each other: each 5 s have to be as those before."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final, NamedTuple

from hedera_users.hcs_submitter import HcsSubmitter
from reports.schema.report import Report
from reports.wording.phrases import milliseconds
from scenarios.scenario import Expectation, Judged, Scenario

SLICE_S: Final = 5

LEAST_SLICES: Final = 3

THROUGHPUT_TOLERANCE: Final = 0.2
LATENCY_TOLERANCE: Final = 0.25
"""How far a slice may be from the median of all, as a part of it."""


class Slice(NamedTuple):
    """A part of a run.

    Attributes:
        from_s: Where it begins.
        per_s: Operations that succeeded in it, per second.
        latency_ms: Mean of its points' median latencies, weighted with how many succeeded; None where none did.
    """

    from_s: int
    per_s: float
    latency_ms: float | None


def slices(report: Report) -> list[Slice]:
    """The parts of a run of 5 s each, or of as much longer as its timeline's points are.

    The first is left out, since operations that began before would end in it, and what is not a whole one at the end.
    """
    resolution = report["timeline"]["resolution_s"]
    length = -(-SLICE_S // resolution) * resolution
    whole = int(report["run"].get("load_s", report["run"]["duration_s"]) // length)
    counts, weighted = [0] * whole, [0.0] * whole
    for series in report["timeline"]["series"]:
        for point in series["points"]:
            number = int(point["t"] // length)
            if number < whole and point["p50_ms"] is not None:
                counts[number] += point["succeeded"]
                weighted[number] += point["succeeded"] * point["p50_ms"]
    return [
        Slice(number * length, count / length, total / count if count else None)
        for number, (count, total) in enumerate(zip(counts, weighted, strict=True))
        if number
    ]


def throughput(report: Report) -> Judged:
    """As many operations succeed in each slice."""
    return _steady(report, lambda one: one.per_s, THROUGHPUT_TOLERANCE, lambda value: f"{value:.1f}/s")


def latency(report: Report) -> Judged:
    """They take as long in each slice."""
    return _steady(report, lambda one: one.latency_ms, LATENCY_TOLERANCE, milliseconds)


def _steady(
    report: Report, value_of: Callable[[Slice], float | None], tolerance: float, show: Callable[[float], str]
) -> Judged:
    found = slices(report)
    values = [value for one in found if (value := value_of(one)) is not None]
    if len(found) < LEAST_SLICES or not values:
        return Judged(f"{len(found)} whole slices after the first are too few", None)
    usual = median(values)
    low, high = min(values), max(values)
    told = f"{show(low)} to {show(high)} in {len(found)} slices, in the median {show(usual)}"
    kept = len(values) == len(found) and (1 - tolerance) * usual <= low and high <= (1 + tolerance) * usual
    return Judged(told, kept and usual > 0)


SCENARIO = Scenario(
    name="sustained",
    question="Does it stay as it is while the load stays as it is?",
    users=(HcsSubmitter,),
    brief=("--run-time", "25s"),
    expectations=(
        Expectation(
            "throughput is steady",
            f"operations succeed in each {SLICE_S} s within {THROUGHPUT_TOLERANCE:.0%} of the median",
            throughput,
        ),
        Expectation(
            "latency is steady",
            f"the median latency of each {SLICE_S} s is within {LATENCY_TOLERANCE:.0%} of the median of all",
            latency,
        ),
    ),
)
