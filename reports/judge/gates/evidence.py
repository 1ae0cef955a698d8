"""What gates are judged by: parts of a report, as far as they are known yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reports.schema.audit import Audit
from reports.schema.operations import Operation
from reports.schema.overhead import Overhead
from reports.schema.report import Cost
from reports.schema.resilience import Resilience
from reports.schema.resources import Trend
from reports.schema.run import Rate


@dataclass(frozen=True)
class Evidence:
    """What was seen of a run, in the form of its report.

    Attributes:
        operations: The report's `operations`, as far as the run has come.
        load_s: How long the load has lasted.
        rate: The report's `run.rate`; None where no rate was asked for.
        overhead: Returns the report's `overhead`, which takes a while to compute.
        trends: Returns the report's `resources.trends`.
        resilience: The report's; None while the run goes on.
        audit: The report's; None while the run goes on.
        cost: The report's; None while the run goes on.
    """

    operations: Sequence[Operation]
    load_s: float
    rate: Rate | None = None
    overhead: Callable[[], Sequence[Overhead]] = field(default=tuple)
    trends: Callable[[], Sequence[Trend]] = field(default=tuple)
    resilience: Resilience | None = None
    audit: Audit | None = None
    cost: Cost | None = None
