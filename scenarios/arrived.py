"""The expectation that scenarios share: everything that was acknowledged is on the mirror, once."""

from __future__ import annotations

from typing import Final

from reports.schema.report import Report
from reports.wording.audit import doubt_of, integrity_faults
from scenarios.scenario import Expectation, Judged


def all_arrived(report: Report) -> Judged:
    """Whether the audit found every acknowledged message exactly once; None where it could not say everything."""
    audit = report["audit"]
    wrong = integrity_faults(audit)
    if wrong:
        return Judged("; ".join(wrong), False)
    told = f"{audit['delivered']:,} of {audit['acknowledged']:,} acknowledged messages arrived exactly once"
    doubt = doubt_of(audit)
    if doubt is not None:
        return Judged(f"{told}; {doubt}", None)
    if not audit["acknowledged"]:
        return Judged("no message was acknowledged", None)
    return Judged(told, audit["delivered"] == audit["acknowledged"])


ALL_ARRIVED: Final = Expectation(
    "everything arrived", "every acknowledged message stands on the mirror exactly once, in order", all_arrived
)
