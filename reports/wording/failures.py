"""What failed most, in one sentence with cause and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reports.wording.causes import cause_of


class KindOfFailure(NamedTuple):
    """One kind of failure: operations of one name and arm that ended by one status.

    Attributes:
        operation: Their name, with the arm of a pair.
        status: What they ended by.
        number: How many.
    """

    operation: str
    status: str
    number: int


def failed_most(failures: Sequence[KindOfFailure]) -> str:
    """The first of some kinds in words, with its cause and remedy where they are known; at least one kind."""
    worst = failures[0]
    cause = cause_of(worst.status)
    return f"{worst.operation} most of all, by {worst.status} ({worst.number:,}).{f' {cause}' if cause else ''}"
