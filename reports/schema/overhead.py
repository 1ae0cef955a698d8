"""`overhead`: what Hedera adds to an operation, from pairs, with intervals."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, Amount, Bounds, Count, Percent

Conclusion = Literal["costs", "saves", "no difference", "cannot tell"]
Figure = Literal["mean", "p50", "p95", "p99", "throughput"]
Unit = Literal["ms", "per s"]
Several = Annotated[int, Field(ge=2)]

Curve = Annotated[list[Bounds], Field(description="Cumulative distribution: [milliseconds, share].")]


@CLOSED
class PairLatency(TypedDict):
    """Milliseconds, over the pairs that were kept."""

    min: Amount
    mean: Amount
    p50: Amount
    p95: Amount
    p99: Amount
    max: Amount


@CLOSED
class Estimate(TypedDict):
    """A figure and its 95 % bootstrap interval; null where none can be given."""

    estimate: float | None
    ci95: Bounds | None


@CLOSED
class Comparison(TypedDict):
    """One figure of both arms and its difference.

    Throughput is what one caller gets done per second, one operation after another.
    """

    figure: Figure
    unit: Unit
    baseline: float | None
    hedera: float | None
    absolute: Estimate
    relative_pct: Estimate
    reason: str | None
    """Why no figure is given."""


@CLOSED
class FailedArms(TypedDict):
    """Pairs whose arm did not succeed."""

    baseline: Count
    hedera: Count


@CLOSED
class Intervals(TypedDict):
    """The 95 % intervals of the mean difference in milliseconds; absolute_ms.ci95 holds both."""

    pairs: Bounds | None
    blocks: Bounds | None
    """Over blocks of consecutive pairs; null where there are too few."""

    block_pairs: Several | None
    blocks_count: Several | None


@CLOSED
class Curves(TypedDict):
    """Of both arms, and of the difference of each pair."""

    baseline: Curve
    hedera: Curve
    difference: Curve


@CLOSED
class Overhead(TypedDict):
    """One operation at one confirmation level."""

    operation: str
    confirm: str
    pairs: Count
    """Pairs whose two arms both succeeded."""

    broken_pairs: Count
    """Pairs of which at least one arm did not succeed; they are left out."""

    failed: NotRequired[FailedArms]
    """Pairs whose arm did not succeed."""

    sampled_pairs: NotRequired[Count]
    """Pairs that the figures are computed from: all, or a random sample of a long run."""

    baseline_ms: PairLatency | None
    hedera_ms: PairLatency | None
    absolute_ms: Estimate
    relative_pct: Estimate
    figures: NotRequired[list[Comparison]]
    """Mean, p50, p95, p99 and throughput of both arms with their differences; empty where no figure is given."""

    intervals: NotRequired[Intervals]
    worth_pairs: NotRequired[Amount | None]
    """Independent pairs that would tell as much about the mean as the sampled ones, which resemble their neighbours."""

    detectable_ms: NotRequired[Amount | None]
    """The smallest true difference that 80 of 100 such runs would have seen."""

    slower_pct: NotRequired[Percent | None]
    """Percent of pairs in which the Hedera arm took longer."""

    conclusion: NotRequired[Conclusion]
    short: NotRequired[str]
    """The amount in words."""

    reason: str | None
    """Why no figure is given."""

    verdict: str
    curves: Curves
