"""The sentences that answer the questions of a run; what Hedera costs is told in `wording.overhead`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reports.schema.audit import Audit
from reports.schema.operations import Operation
from reports.schema.report import Findings
from reports.schema.run import Rate
from reports.wording import collisions
from reports.wording.audit import doubt_of, integrity_faults, reordering
from reports.wording.operation_names import listed, several
from reports.wording.phrases import counted
from reports.wording.rate import share_in_words

COST: Final = "What does Hedera cost my request path?"
CAPACITY: Final = "How much was done?"
SURVIVAL: Final = "Did it survive?"
DELIVERY: Final = "Did everything arrive, exactly once?"

NO_ANSWER: Final = "Nothing was done, so there is nothing to tell."


def capacity(operations: Sequence[Operation], kept: Rate | None, where: str) -> str:
    """How much was done of what was asked for; "" where nothing was.

    Args:
        operations: The report's.
        kept: The report's `run.rate`.
        where: On what, with a comma before it; "" where another sentence says it.
    """
    if kept is not None:
        return (
            f"Of {kept['asked_per_s']:g} operations per second that were asked for, {kept['kept_per_s']:.4g} were "
            f"started ({share_in_words(kept)}){where}."
        )
    done: dict[str, float] = {}
    for entry in operations:
        if entry["arm"] != "baseline" and entry["succeeded"]:
            done[entry["name"]] = done.get(entry["name"], 0) + entry["throughput_per_s"]
    most_first = sorted(done.items(), key=lambda one: -one[1])
    told = [f"{per_s:.3g} {several(name)}" for name, per_s in most_first]
    return f"{listed(told)} per second, at the users' own pace{where}." if told else ""


def survival(found: Findings, lost: int, cut: int, recovered_s: float | None) -> str:
    """What went wrong and what became of it.

    Args:
        found: Of the report `resilience`, `accounting` and `timeline`.
        lost: Operations that ended without success.
        cut: Operations that the end of the run cut off.
        recovered_s: Seconds from the end of the last fault until the rate of before was back; None where it was not.
    """
    told = "; ".join(_events(found, lost, cut, recovered_s))
    names = dict.fromkeys(fault["name"] for fault in found["timeline"]["faults"])
    return f"With faults on purpose ({', '.join(names)}): {told}." if names else f"{told[0].upper()}{told[1:]}."


def _events(found: Findings, lost: int, cut: int, recovered_s: float | None) -> Iterator[str]:
    resilience = found["resilience"]
    ended = found["accounting"]["started"] - cut
    told = counted(ended, "operation", "operations")
    those = f"the {told} that ran to their end" if cut else told
    yield f"{lost:,} of {those} did not succeed" if lost else f"none of {those} failed"
    if cut:
        their = "its" if cut == 1 else "their"
        yield f"{counted(cut, 'was', 'were')} cut off by the end of the run before {their} outcome was known"
    unsent = found["accounting"]["rejected"]
    if unsent:
        yield f"{counted(unsent, 'was', 'were')} never sent"
    retries = resilience["retries"]
    if retries["recovered"]:
        yield f"{retries['recovered']:,} succeeded only after a retry"
    opened = sum(breaker["opened"] for breaker in resilience["breakers"])
    if opened:
        yield f"circuit breakers opened {'once' if opened == 1 else f'{opened:,} times'}"
    if recovered_s is not None:
        yield f"the rate was back at its former level {recovered_s:.3g} s after the last fault had ended"


def delivery(audit: Audit) -> str:
    """Whether everything arrived, exactly once; "" where nothing was acknowledged."""
    wrong = integrity_faults(audit)
    if wrong:
        return f"No: {'; '.join(wrong)}."
    vanished = collisions.vanished(audit)
    if vanished:
        return f"No, and not by the network's fault: {vanished}."
    doubt = doubt_of(audit)
    if doubt:
        return f"Cannot tell: {doubt}" + ("" if doubt.endswith("?") else ".")
    if not audit["acknowledged"]:
        return ""
    changed = reordering(audit)
    rest = f" {changed}." if changed else ""
    return f"Yes: all {audit['acknowledged']:,} acknowledged messages arrived exactly once.{rest}"
