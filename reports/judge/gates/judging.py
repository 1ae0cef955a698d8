"""Judges the gates of a run: what its report says of each, and the check that they are."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from config.exit_codes import ExitCode
from config.gates.language import Gate, GateError
from config.gates.parser import parse_gate
from reports.judge.gates.catalogue import METRICS
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import BASE
from reports.judge.gates.verdicts import judge
from reports.judge.verdict import Check
from reports.schema.report import Gate as Entry
from reports.wording import gates as wording

logger = logging.getLogger(__name__)

NAME = "gates"
"""Of the check."""


def judge_gates(texts: Sequence[str], evidence: Evidence, aborted: Entry | None = None) -> list[Entry]:
    """Return what came of each gate that somebody named, as entries of the report's `gates`.

    Args:
        texts: The gates, as `Run.gates` has them.
        evidence: What was seen of the whole run.
        aborted: The entry of the gate that ended the run; it stays as it was then.
    """
    known = {} if aborted is None else {aborted["expression"]: aborted}
    return [known.get(text) or _of_text(text, evidence) for text in texts]


def check_of(entries: Sequence[Entry]) -> list[Check]:
    """The check that all gates held; none where nobody named one."""
    if not entries:
        return []
    failed = any(entry["passed"] is False for entry in entries)
    code = ExitCode.FAILED if failed else ExitCode.INCONCLUSIVE
    return [Check(NAME, all(entry["passed"] for entry in entries), wording.summary(entries), code)]


def judged(gate: Gate, evidence: Evidence) -> Entry:
    """What came of one gate; a metric that raises costs its own answer, and not the run's report."""
    try:
        verdict = judge(gate, evidence)
    except Exception as error:
        logger.exception("The gate %s could not be judged", gate)
        return _cannot_tell(str(gate), f"it could not be judged: {type(error).__name__}: {error}")
    reading = verdict.reading
    bounds = [reading.low, reading.high]
    entry: Entry = {
        "expression": str(gate),
        "observed": reading.value,
        "passed": verdict.passed,
        "unit": BASE[verdict.kind],
        "interval": bounds if reading.estimated and all(map(math.isfinite, bounds)) else None,
        "detail": "",
        "check": None,
        "aborted_at_s": None,
    }
    entry["detail"] = wording.detail(entry, reading.low, reading.high, reading.of, reading.reason, verdict.values)
    return entry


def _of_text(text: str, evidence: Evidence) -> Entry:
    """A gate of a run may be of another version, where the run is concluded later."""
    try:
        gate = parse_gate(text)
    except GateError as error:
        return _cannot_tell(text, str(error))
    metric = METRICS.get(gate.call.metric)
    if metric is None or metric.kind_of(gate.bound.unit) is None:
        return _cannot_tell(text, wording.UNKNOWN_HERE)
    return judged(gate, evidence)


def _cannot_tell(text: str, why: str) -> Entry:
    return {
        "expression": text,
        "observed": None,
        "passed": None,
        "unit": "",
        "interval": None,
        "detail": why,
        "check": None,
        "aborted_at_s": None,
    }
