"""The gates that apply where nobody named one for the same: rate kept, no failures, delivery.

Each stands for a check of `reports.judge.verdict`, which decides about the exit code; a gate that somebody named takes
its place. Whether every message arrived once is always checked: a gate on it can add to that, and take nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from config.gates.language import Gate, GateError
from config.gates.parser import parse_gate
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.judging import judged
from reports.judge.gates.metrics.outcomes import failures
from reports.judge.gates.subjects import chosen
from reports.judge.success import falls_short
from reports.judge.verdict import Check
from reports.schema.operations import Operation
from reports.schema.report import Gate as Entry
from reports.wording import gates as wording

RATE: Final = "rate"
REQUESTS: Final = "requests"
SUCCESS: Final = "success"
INTEGRITY: Final = "integrity"
"""Names of the checks."""

ON_FAILURES: Final = ("error_rate", "failures")
"""Metrics whose gates speak of failed operations."""


def left_to_gates(checks: Iterable[Check], gates: Sequence[Gate], operations: Sequence[Operation]) -> list[Check]:
    """The checks of a run, those in whose place somebody named gates as left to these.

    Args:
        checks: Of the run.
        gates: That somebody named.
        operations: The report's: what failed is left to gates only where they speak of every operation that did.
    """
    on_failures = [gate for gate in gates if gate.call.metric in ON_FAILURES]
    instead = {
        RATE: [gate for gate in gates if gate.call.metric == "rate_kept"],
        REQUESTS: _covering(on_failures, [one for one in operations if failures(one) > 0], operations),
        SUCCESS: _covering(on_failures, [one for one in operations if falls_short(one)], operations),
    }
    return [
        replace(check, passed=True, detail=wording.left_to([str(gate) for gate in named], check.detail))
        if not check.passed and (named := instead.get(check.name, []))
        else check
        for check in checks
    ]


def default_gates(checks: Sequence[Check], evidence: Evidence, gates: Sequence[Gate], least_rate: float) -> list[Entry]:
    """What came of the default set, as entries of the report's `gates`.

    Args:
        checks: Of the run; a gate of the default set is there where its check is.
        evidence: What was seen of the run.
        gates: That somebody named; where one speaks of the same metric, or all failures, the default gives way.
        least_rate: `--least-rate`.
    """
    texts = {
        f"rate_kept >= {least_rate:.6g}%": RATE,
        "failures(*) == 0": REQUESTS,
        **{f"{kind} == 0": INTEGRITY for kind in ("lost", "duplicated", "out_of_order", "corrupted")},
    }
    there = {check.name for check in checks}
    spoken_of = {gate.call.metric for gate in gates if all(one.every for one in gate.call.arguments)}
    if spoken_of & set(ON_FAILURES):
        spoken_of |= set(ON_FAILURES)
    found: list[Entry] = []
    for text, check in texts.items():
        gate = parse_gate(text)
        if check in there and gate.call.metric not in spoken_of:
            found.append({**judged(gate, evidence), "check": check})
    return found


def readable(texts: Iterable[str]) -> list[Gate]:
    """The gates of a run that this version can read."""
    found = []
    for text in texts:
        try:
            found.append(parse_gate(text))
        except GateError:
            continue
    return found


def _covering(gates: Sequence[Gate], failed: Sequence[Operation], operations: Sequence[Operation]) -> list[Gate]:
    """The gates, where they speak of all operations that failed; else none."""
    spoken_of = [one for gate in gates for one in chosen(operations, gate.call.arguments[0], both_sides=True)]
    return list(gates) if failed and all(one in spoken_of for one in failed) else []
