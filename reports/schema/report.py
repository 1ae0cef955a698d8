"""The whole report: what judge hands to render, and what report.json holds."""

from __future__ import annotations

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reports.schema.accounting import Accounting
from reports.schema.audit import Audit
from reports.schema.capacity import Capacity
from reports.schema.operations import Operation
from reports.schema.overhead import Overhead
from reports.schema.parts import CLOSED, GROWING, Amount, Bounds, Count, Side
from reports.schema.resilience import Resilience
from reports.schema.resources import Resources
from reports.schema.run import Run
from reports.schema.timeline import Fault, Timeline

SCHEMA: Final = "hedera-load-report/1"


@GROWING
class Cost(TypedDict):
    """What the run cost."""

    hbar: Amount | None
    usd: Amount | None
    by_operation: dict[str, object]
    source: Literal["balance", "records", "estimate"] | None
    budget_hbar: Amount | None
    note: str


@GROWING
class Gate(TypedDict):
    """What had to hold of the run: one that somebody named, or one of the default set."""

    expression: str
    observed: float | None
    """In the unit; null where nothing of the kind was seen."""

    passed: bool | None
    """null: the run cannot tell."""

    unit: NotRequired[str]
    interval: NotRequired[Bounds | None]
    """The 95 % interval of what was observed, in the unit; null where it is no estimate."""

    detail: NotRequired[str]
    """What was observed, in words, and why the run cannot tell where it cannot."""

    check: NotRequired[str | None]
    """Of the default set: the entry of run.checks that decides it. null for one that somebody named."""

    aborted_at_s: NotRequired[Amount | None]
    """Seconds since the start at which it ended the run; null where it did not."""


@GROWING
class Drill(TypedDict):
    """What a scenario expected, of a fault on purpose or of the whole run, and what was observed."""

    name: str
    kind: NotRequired[Literal["drill", "expectation"]]
    expected: object
    observed: object
    passed: bool | None
    """null: the run cannot tell."""

    key: NotRequired[str]
    """The drill's short name, for --drills."""

    faults: NotRequired[list[Fault]]
    """What was injected for it, when, and how often it hit."""


@GROWING
class Error(TypedDict):
    """Operations that ended by one status, message and phase."""

    operation: str
    arm: Side
    outcome: str
    status: str
    message: str
    phase: str | None
    """The phase (prepare, ack, receipt, mirror) or layer (queue, limiter, circuit, deadline) that ended these
    operations."""

    count: Count
    first_s: Amount
    last_s: Amount
    cause: str | None


class Findings(TypedDict):
    """What was counted and measured, and what the run is judged by: a report without its `run`."""

    operations: list[Operation]
    overhead: list[Overhead]
    resilience: Resilience
    accounting: Accounting
    audit: Audit
    resources: Resources
    errors: list[Error]
    timeline: Timeline


@CLOSED
class Report(TypedDict):
    """Times are Unix time in seconds, durations say their unit in their name.

    Later versions may add properties to what rooms publish (resilience, audit, cost, resources, operations); what is
    described here stays as it is.
    """

    schema: Literal["hedera-load-report/1"]
    run: Run
    operations: list[Operation]
    overhead: list[Overhead]
    resilience: Resilience
    accounting: Accounting
    audit: Audit
    cost: Cost
    resources: Resources
    gates: list[Gate]
    drills: list[Drill]
    errors: list[Error]
    timeline: Timeline
    capacity: NotRequired[Capacity | None]
    """The search for the highest rate; null where there was none."""
