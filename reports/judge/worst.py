"""What failed most in a run, in one sentence with cause and remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from records.operation import Outcome
from records.statuses import STOPPED
from reports.judge.causes import cause_of


class Kind(NamedTuple):
    """One kind of failure: operations of one name and arm that ended by one status.

    Attributes:
        operation: Their name, with the arm of a pair.
        status: What they ended by.
        number: How many.
    """

    operation: str
    status: str
    number: int


def kinds_of_failures(errors: Iterable[Mapping[str, Any]]) -> list[Kind]:
    """What failed or ended in doubt, the most frequent first; what the end of the run cut off is left out.

    Args:
        errors: The report's, which tells nodes and messages apart: here they are one kind.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for error in errors:
        if error["outcome"] in (Outcome.FAILED, Outcome.UNKNOWN) and error["status"] != STOPPED:
            arm = f" [{error['arm']}]" if error["arm"] else ""
            counts[f"{error['operation']}{arm}", error["status"]] += error["count"]
    return [Kind(*key, count) for key, count in counts.most_common()]


def failed_most(failures: Sequence[Kind]) -> str:
    """The first of some kinds in words, with its cause and remedy where they are known; at least one kind."""
    worst = failures[0]
    cause = cause_of(worst.status)
    return f"{worst.operation} most of all, by {worst.status} ({worst.number:,}).{f' {cause}' if cause else ''}"
