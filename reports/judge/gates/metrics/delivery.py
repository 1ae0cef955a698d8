"""What became of the messages, by the audit. As long as that has a doubt, a count may still be higher."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal

from config.gates.language import Call
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.metric import Kind, Metric, Reading, at_least, exact, unknown
from reports.wording.audit import doubt_of

Counted = Literal["lost", "duplicated", "out_of_order", "corrupted", "not_shown_yet", "landed_after_failure"]


def read(key: Counted, evidence: Evidence, _: Call, __: Kind) -> Sequence[Reading]:
    """A count of the audit."""
    if evidence.audit is None:
        return []
    count = evidence.audit.get(key)
    doubt = doubt_of(evidence.audit)
    if count is None:
        return [unknown(doubt or "the audit did not say")]
    return [at_least(count, doubt) if doubt and key != "not_shown_yet" else exact(count)]


def _metric(key: Counted, meaning: str) -> Metric:
    return Metric(key, meaning, f"audit.{key}", ("count",), partial(read, key), live=False)


METRICS: Final = (
    _metric("lost", "acknowledged messages that the mirror, which is past them, does not show"),
    _metric("duplicated", "messages that the mirror shows more than once"),
    _metric("out_of_order", "messages that stand before an earlier one of their sender"),
    _metric("corrupted", "acknowledged messages that the mirror shows with other bytes"),
    _metric("not_shown_yet", "acknowledged messages that the mirror had not come to when it was last asked"),
    _metric("landed_after_failure", "messages that were not acknowledged, yet are there"),
)
