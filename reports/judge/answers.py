"""Which of the questions a run can answer, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from reports.judge.recovery import recovery_s
from reports.schema.capacity import Capacity
from reports.schema.report import Findings
from reports.schema.run import Answer, Rate
from reports.wording.answers import CAPACITY, COST, DELIVERY, NO_ANSWER, SURVIVAL, capacity, delivery, survival
from reports.wording.capacity import answer as found_capacity
from reports.wording.overhead import summary


def answers(found: Findings, where: str, kept: Rate | None, searched: Capacity | None = None) -> list[Answer]:
    """Return the report's `run.answers`: `question` and `answer`, only of questions that the run can answer.

    Args:
        found: Of the report `operations`, `overhead`, `resilience`, `accounting`, `audit` and `timeline`.
        where: On what the run was, as a part of a sentence.
        kept: The report's `run.rate`.
        searched: The report's `capacity`; None where there was no search.
    """
    overhead = found["overhead"]
    known = any(entry["conclusion"] != "cannot tell" for entry in overhead)
    cost = {COST: summary(overhead, where) if overhead else ""}
    # The network is named once: in the first of the sentences that speak of it.
    rate = capacity(found["operations"], kept, "" if known else f", {where}")
    told = {
        CAPACITY: rate if searched is None else found_capacity(searched, where),
        SURVIVAL: _survival(found),
        DELIVERY: delivery(found["audit"]),
    }
    # A run that did other things as well has an answer; that it cannot tell the cost is not its first word.
    others = any(entry["arm"] is None and entry["succeeded"] for entry in found["operations"])
    told = told | cost if others and not known else cost | told
    return [{"question": question, "answer": answer} for question, answer in told.items() if answer]


def headline(told: Sequence[Answer]) -> str:
    """The sentence that stands first: what Hedera costs where that was asked, else the first thing that is known."""
    return told[0]["answer"] if told else NO_ANSWER


def _survival(found: Findings) -> str:
    """What went wrong and what became of it; "" where nothing did."""
    accounting = found["accounting"]
    cut = accounting["stopped"] + accounting["stopped_reads"]
    lost = accounting["failed"] + accounting["unknown"] - cut
    happened = found["timeline"]["faults"] or found["resilience"]["retries"]["attempts"] or lost
    return survival(found, lost, cut, recovery_s(found["timeline"])) if accounting["started"] and happened else ""
