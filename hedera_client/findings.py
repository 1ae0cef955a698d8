"""What a look at a network found, one finding per thing, and what of it keeps a run from beginning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Wrong(StrEnum):
    """What is wrong with an address of a node, or with something else."""

    NOTHING = ""
    UNREACHED = "unreached"
    ACCOUNT = "account"
    CLOCK = "clock"
    OPERATOR = "operator"
    REFUSES = "refuses"
    OTHER = "other"
    CONSEQUENCE = "consequence"
    """It could not be looked at, because of what another finding tells."""


class UnhealthyError(Exception):
    """A check found what is wrong; the message is one line."""

    def __init__(self, line: str, wrong: Wrong = Wrong.OTHER) -> None:
        super().__init__(line)
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: what was looked at, whether it is well, how long it took (seconds), one line of detail."""

    subject: str
    healthy: bool
    took_s: float
    detail: str
    node: str = ""
    """Account id of the node whose address it was about; "" where none was."""
    wrong: Wrong = Wrong.NOTHING

    @property
    def line(self) -> str:
        """Subject and detail."""
        return f"{self.subject}: {self.detail}"


class Judged(NamedTuple):
    """What findings mean to a run.

    Attributes:
        faults: What keeps it from beginning, one line each.
        warnings: What it can live with, one line each.
    """

    faults: list[str]
    warnings: list[str]


def judge(findings: Sequence[Finding]) -> Judged:
    """Tell what keeps a run from beginning from what it can live with; one line per fault, however many nodes have it.

    A run lives with single nodes that are away, refuse or have a clock of their own: circuits leave them alone. It does
    not begin where no node is well, where an address belongs to another account, where the operator's key does not
    sign, or where this machine's clock differs from that of more than half of the nodes that answer.
    """
    judged = Judged([], [])
    of_nodes = [one for one in findings if one.node]
    others = [one for one in findings if not one.node and not one.healthy]
    judged.faults.extend(one.line for one in others if one.wrong is not Wrong.CONSEQUENCE)
    by_wrong: dict[Wrong, list[Finding]] = {}
    for one in of_nodes:
        by_wrong.setdefault(one.wrong, []).append(one)
    nobody_well = Wrong.NOTHING not in by_wrong
    told_of_operator = any(one.wrong is Wrong.OPERATOR for one in others)
    for wrong, found in by_wrong.items():
        if wrong is Wrong.NOTHING or (wrong is Wrong.OPERATOR and told_of_operator):
            continue
        grave = _is_grave(wrong, found, of_nodes, nobody_well=nobody_well)
        lines = judged.faults if grave else judged.warnings
        lines.extend(_lines(found) if wrong is Wrong.ACCOUNT else [_together(found)])
    return judged


def _is_grave(wrong: Wrong, found: Sequence[Finding], of_nodes: Sequence[Finding], *, nobody_well: bool) -> bool:
    """Whether what is wrong with some addresses keeps a run from beginning."""
    if wrong in (Wrong.ACCOUNT, Wrong.OPERATOR):
        return True
    if wrong is Wrong.CLOCK:
        answering = {one.node for one in of_nodes if one.wrong not in (Wrong.UNREACHED, Wrong.REFUSES)}
        return 2 * len({one.node for one in found}) > len(answering)
    return nobody_well


def _lines(found: Iterable[Finding]) -> list[str]:
    return [one.line for one in found]


def _together(found: Sequence[Finding]) -> str:
    """One line for what is wrong with several addresses: the first, and which others."""
    if len(found) == 1:
        return found[0].line
    rest = [one.subject.removeprefix("node ") for one in found[1:]]
    named = ", ".join(rest[:3]) + (f" and {len(rest) - 3} more" if len(rest) > 3 else "")
    return f"{found[0].line} (likewise {named})"
