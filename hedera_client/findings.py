"""The findings of a check of a network, and which of them prevent a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Wrong(StrEnum):
    """The kind of a fault, of a node's address or of something else."""

    NOTHING = ""
    UNREACHED = "unreached"
    ACCOUNT = "account"
    CLOCK = "clock"
    OPERATOR = "operator"
    REFUSES = "refuses"
    OTHER = "other"
    CONSEQUENCE = "consequence"
    """It could not be checked, because of another finding."""


class UnhealthyError(Exception):
    """A check failed; the message is one line."""

    def __init__(self, line: str, wrong: Wrong = Wrong.OTHER) -> None:
        super().__init__(line)
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: its subject, whether it passed, its duration (seconds), one line of detail."""

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
    """The consequences of findings for a run.

    Attributes:
        faults: Those that prevent it, one line each.
        warnings: The others, one line each.
    """

    faults: list[str]
    warnings: list[str]


def judge(findings: Sequence[Finding]) -> Judged:
    """Separate the findings that prevent a run from the others; one line per fault, however many nodes have it.

    A run goes on with single nodes that are unreachable, refuse or have a wrong clock: circuits skip them. It does
    not begin where no node passes, where an address belongs to another account, where the operator's key does not
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
    """Whether the faults of some addresses prevent a run."""
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
