"""Whether a gate holds: passed, failed, or the run cannot tell.

A gate is held against the interval in which the value lies; what was counted has one of a single point. It passed where
it holds of the whole interval, and failed where it holds of no part of it. Where it holds of one part and not of
another, the run cannot tell; nor where there is no value. Where a metric has several values (a level each), all of them
have to hold: one that fails decides, then one that cannot be told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from config.gates.language import COMPARISONS, Gate
from reports.judge.gates.catalogue import METRICS
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import FACTORS, Kind, Reading, unknown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a gate.

    Attributes:
        passed: None where the run cannot tell.
        reading: The value that decided it.
        kind: What the value is of.
        values: How many values were looked at.
    """

    passed: bool | None
    reading: Reading
    kind: Kind
    values: int = 1


def judge(gate: Gate, evidence: Evidence) -> Verdict:
    """Hold a gate, one that `refusals` found nothing wrong with, against what was seen."""
    metric = METRICS[gate.call.metric]
    kind = metric.kind_of(gate.bound.unit)
    assert kind is not None, "refused where the run was started"
    bound = gate.bound.value * FACTORS[kind][gate.bound.unit]
    readings = list(metric.read(evidence, gate.call, kind)) or [unknown("nothing of the kind ended")]
    decided = [(holds(one, gate.comparison, bound), one) for one in readings]
    for result in (False, None, True):
        of_result = [one for passed, one in decided if passed is result]
        if of_result:
            nearest = min(of_result, key=lambda one: _margin(one, gate.comparison, bound))
            return Verdict(result, nearest, kind, len(decided))
    raise AssertionError("there is a reading")


def holds(reading: Reading, comparison: str, bound: float) -> bool | None:
    """Whether a comparison holds of the whole interval of a value (True), of no part of it (False), or of some."""
    if reading.value is None:
        return None
    if comparison == "==":
        whole = reading.low == reading.high == bound
        some = reading.low <= bound <= reading.high
    else:
        compare = COMPARISONS[comparison]
        ends = compare(reading.low, bound), compare(reading.high, bound)
        whole, some = all(ends), any(ends)
    return True if whole else None if some else False


def _margin(reading: Reading, comparison: str, bound: float) -> float:
    """How far a value is on the right side: the least decides."""
    if reading.value is None:
        return -math.inf
    if comparison == "==":
        return -abs(reading.value - bound)
    return (bound - reading.value) * (1 if comparison in ("<", "<=") else -1)
