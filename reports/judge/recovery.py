"""How long after the last fault a run was back at the rate of before the first."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Final

from reports.schema.timeline import Timeline

BACK: Final = 0.5
"""Part of the usual successes per point of the timeline from which on the rate is called that of before."""


def recovery_s(timeline: Timeline) -> float | None:
    """Seconds from the end of the last fault to the first point of the timeline at the rate of before.

    None where there was no fault, one never ended, nothing succeeded before the first, or the rate did not come back.

    Args:
        timeline: The report's; its resolution is that of the answer.
    """
    faults = timeline["faults"]
    ends = [fault["to_s"] for fault in faults if fault["to_s"] is not None]
    if not faults or len(ends) < len(faults):
        return None
    done: Counter[int] = Counter()
    for series in timeline["series"]:
        if series["arm"] != "baseline":
            for point in series["points"]:
                done[int(point["t"])] += point["succeeded"]
    began, ended = min(fault["from_s"] for fault in faults), max(ends)
    step = timeline["resolution_s"]
    before = [done[t] for t in range(0, int(began), step)]
    usual = median(before) if before else 0
    if not usual:
        return None
    last = max(done)
    for t in range(int(ended) // step * step, last + 1, step):
        if done[t] >= BACK * usual:
            return float(max(0.0, t - ended))
    return None
