"""`resources`: what generating the load took."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Bounds, Count

Role = Literal["local", "master", "worker"]

Sample = Annotated[list[float], Field(min_length=3, max_length=3)]


@CLOSED
class CpuPercent(TypedDict):
    """Percent of one core."""

    mean: Amount
    max: Amount


@CLOSED
class Rss(TypedDict):
    """Resident memory in MB."""

    max: Amount


@GROWING
class Usage(TypedDict):
    """What one process used."""

    pid: Count
    cores: Count
    cpu_percent: CpuPercent
    rss_mb: Rss
    thread_pool_size: Count
    samples: list[Sample]
    """[seconds since the start, percent of one core, resident MB]"""


@GROWING
class Process(Usage):
    """One process of the load generator, and what it used."""

    role: Role
    name: str


UsageKind = Literal["generator", "master", "network", "watched"]
"""What a process is in the run: it generates load, leads those that do, is the embedded network, or was named by
--watch-pid or --watch-metrics."""

UsagePoint = Annotated[list[float | None], Field(min_length=5, max_length=5)]


@CLOSED
class UsageOverTime(TypedDict):
    """What one process used over time."""

    kind: UsageKind
    name: str
    resolution_s: Annotated[int, Field(ge=1)]
    points: list[UsagePoint]
    """[seconds since the start, resident MB, private MB, handles, threads], means of a slice of time; null where it
    could not be seen"""


Measure = Literal["memory", "handles", "threads", "latency", "unsettled"]

TrendVerdict = Literal["leak", "no leak", "grows", "steady", "cannot tell"]


@CLOSED
class Slope(TypedDict):
    """How fast something grows, with its 95 % confidence interval."""

    estimate: float
    ci95: Bounds


@GROWING
class Trend(TypedDict):
    """Whether something grew while the load went on, after a warm-up."""

    kind: UsageKind | Literal["operation"]
    subject: str
    """The process; for latency the operation, for unsettled operations all of them."""

    measure: Measure
    """memory: private where it is known, else resident; unsettled: operations that have started and whose fate is not
    known."""

    unit: Literal["MB", "handles", "threads", "ms", "operations"]
    verdict: TrendVerdict
    """leak and no leak of what processes use, grows and steady of the others."""

    sentence: str
    from_s: Amount | None
    to_s: Amount | None
    """The part of the run that was looked at, seconds since the start; null where there was too little."""

    level: float | None
    """Where the line through that part begins."""

    growth_percent: float | None
    """By how much the line grows from its beginning to its end."""

    per_hour: Slope | None
    per_1000_operations: Slope | None
    matters_per_hour: Amount | None
    """Growth above this is called a leak; it follows from the level and the operations per second."""


@GROWING
class Resources(TypedDict):
    """The section."""

    processes: list[Process]
    warnings: list[str]
    usage: NotRequired[list[UsageOverTime]]
    """What processes used over time, those among them that are watched and generate no load."""

    trends: NotRequired[list[Trend]]
    """Empty where the run was too short for any."""
