"""Whether every kind of operation worked: a run in which nothing went through has proved nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reports.schema.accounting import Accounting
from reports.schema.operations import Operation
from reports.wording import checks as wording

LEAST_DONE: Final = 0.5
"""Part of the operations of one kind, arm and level that has to succeed. Below it the run does not pass, whatever kept
the others: what a run is for is what its operations do."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One kind of operation of which too few succeeded.

    Attributes:
        words: What happened, as a phrase.
        conclusive: The network or the client's own policy turned the others away. Else the run was over before they
            were, or nobody was free to start them, and nothing can be said.
    """

    words: str
    conclusive: bool


def shortfalls(operations: Sequence[Operation], accounting: Accounting) -> list[Shortfall]:
    """Every kind of operation that did not work.

    Args:
        operations: The report's.
        accounting: The report's; of operations that were due and never started no level is known, so what was shed is
            held against all levels of the kind together.
    """
    found = [short for entry in operations if (short := _of(entry)) is not None]
    if found:
        return found
    return [
        Shortfall(wording.too_few_started(one), conclusive=False)
        for one in accounting["operations"]
        if one["shed"] and one["succeeded"] < LEAST_DONE * one["scheduled"]
    ]


def falls_short(entry: Operation) -> bool:
    """Whether too few of a kind of operation succeeded."""
    return entry["succeeded"] < max(1, LEAST_DONE * entry["started"])


def _of(entry: Operation) -> Shortfall | None:
    if not falls_short(entry):
        return None
    others = {"failed": entry["failed"], "unknown": entry["unknown"], "rejected": entry["rejected"]}
    most_first = sorted(((outcome, number) for outcome, number in others.items() if number), key=lambda one: -one[1])
    conclusive = bool(entry["failed"]) or entry["rejected"] > entry["unknown"]
    return Shortfall(wording.too_few(entry, dict(most_first)), conclusive)
