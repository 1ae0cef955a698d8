"""All charts of one report."""

from __future__ import annotations

from typing import NamedTuple

from reports.render.charts import ChartData
from reports.render.plots import curves, over_time, rows
from reports.render.plots.drawing import Plot
from reports.render.plots.rows import Rows


class Plots(NamedTuple):
    """Each chart, None where there is nothing to draw.

    Attributes:
        intervals: What Hedera adds.
        within: For each comparison, how many are done within a time.
        difference: For each comparison, in how many pairs Hedera took so much longer.
        phases: Where the time goes.
        timeline: The run over time.
        knee: The rates that were tried.
        cpu: Processor use.
        memory: Memory.
    """

    intervals: Rows | None
    within: list[Plot]
    difference: list[Plot]
    phases: Rows | None
    timeline: Plot | None
    knee: Plot | None
    cpu: Plot
    memory: Plot


def draw(data: ChartData) -> Plots:
    """Draw a report's charts."""
    return Plots(
        intervals=rows.intervals(data["intervals"], decades_apart=data["intervals_log"]) if data["intervals"] else None,
        within=[curves.within(one, name) for one, name in zip(data["curves"], data["compared"], strict=True)],
        difference=[curves.difference(one, mean) for one, mean in zip(data["curves"], data["difference"], strict=True)],
        phases=rows.phases(data["phases"]) if data["phases"]["rows"] else None,
        timeline=over_time.timeline(data) if data["timeline"] else None,
        knee=curves.knee(data["knee"]) if data["knee"] else None,
        cpu=over_time.processor_use(data["resources"], data["duration_s"]),
        memory=over_time.memory(data["usage"], data["duration_s"]),
    )
