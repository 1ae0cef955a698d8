"""`resources`: what generating the load took."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Count

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


@GROWING
class Resources(TypedDict):
    """The section."""

    processes: list[Process]
    warnings: list[str]
