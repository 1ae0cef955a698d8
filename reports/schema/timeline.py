"""`timeline`: how the run went over time."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Bounds, Count, Side


@CLOSED
class Point(TypedDict):
    """What happened in one slice of time; latencies are those of operations that succeeded in it."""

    t: Amount
    started: Count
    succeeded: Count
    failed: Count
    rejected: Count
    unknown: Count
    p50_ms: Amount | None
    p95_ms: Amount | None
    p99_ms: Amount | None


@CLOSED
class Series(TypedDict):
    """The points of one name, arm and level."""

    operation: str
    arm: Side
    confirm: str | None
    points: list[Point]


@GROWING
class Fault(TypedDict):
    """A fault that was injected on purpose."""

    name: str
    from_s: float
    to_s: float | None
    """null: it lasted to the end."""

    kind: NotRequired[str]
    """What was broken, e.g. node-down."""

    hits: NotRequired[Count]
    """Calls or messages that it hit; at the client's edge: connections, or pieces of answers."""

    edge: NotRequired[bool]
    """true: made at the client's own edge, between the load generator and the network, which was not touched."""


@CLOSED
class Timeline(TypedDict):
    """The section."""

    resolution_s: Annotated[int, Field(ge=1)]
    series: list[Series]
    faults: NotRequired[list[Fault]]
    """Faults that were injected on purpose, in seconds since the start."""

    asked: NotRequired[list[Bounds]]
    """Corners of the rate that was asked for, where it changed: [seconds since the start, operations per second]; it
    goes in straight lines between them, and two at one time are a jump."""

    queue: NotRequired[list[Bounds]]
    """Operations waiting in the clients' queues: [seconds since the start, depth]."""
