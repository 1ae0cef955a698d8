"""`operations`: how many of each kind ended how, and how long they took."""

from __future__ import annotations

from typing import Annotated, Final, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Count, Latency, Side

ALWAYS: Final = ("prepare", "ack", "consensus", "receipt", "mirror")
"""Phases that reports of all versions name."""

Phases = Annotated[dict[str, Latency | None], Field(json_schema_extra={"required": list(ALWAYS)})]
"""Latency by phase, of operations that succeeded; null for a phase that took place in none of them."""


@GROWING
class Segment(TypedDict):
    """Milliseconds of one segment."""

    mean: Amount


@CLOSED
class SlowOperation(TypedDict):
    """One of the slowest, with its timeline in milliseconds from its scheduled moment."""

    response_ms: Amount
    scheduled_at: float
    transaction_id: str
    attempts: Count
    segments_ms: dict[str, Amount]
    reached_ms: dict[str, float]


@GROWING
class Operation(TypedDict):
    """Operations of one name, arm and level."""

    name: str
    arm: Side
    confirm: str | None
    started: Count
    succeeded: Count
    failed: Count
    rejected: Count
    unknown: Count
    stopped: NotRequired[Count]
    """How many of those that failed or stayed unknown the end of the run cut off."""

    attempts: Count
    throughput_per_s: Amount
    """Succeeded operations per second."""

    bytes_per_s: Amount
    latency_ms: Latency | None
    """From the start, operations that succeeded."""

    latency_failed_ms: Latency | None
    """The same of those that failed or stayed unknown."""

    response_ms: Latency | None
    """From the scheduled start, operations that succeeded."""

    phases_ms: Phases
    patience_ms: NotRequired[Latency | None]
    """How much of the latency may be our own waiting at most (between two looks for a receipt, or until a broken stream
    of the mirror was noticed), of operations that had any."""

    noticed_late: NotRequired[Count]
    """How many of the operations that succeeded may have ended sooner than was noticed."""

    segments_ms: NotRequired[dict[str, Segment | None]]
    """What the response time was spent on; parts that do not overlap and add up to it. Means are over all operations
    that succeeded."""

    slowest: NotRequired[list[SlowOperation]]
    """The slowest that succeeded, each with its whole timeline in milliseconds from its scheduled moment."""
