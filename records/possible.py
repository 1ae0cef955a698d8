"""Which operations a run can have: what its users declare before it starts, so that others can be refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Possible(NamedTuple):
    """An operation that users of a run do.

    Attributes:
        levels: The confirmation levels that it can have; empty where it has none.
        paired: Whether it is done as pairs, without and with Hedera.
    """

    levels: frozenset[str]
    paired: bool = False

    def with_other(self, other: Possible) -> Possible:
        """The same operation, where another class of users does it too."""
        return Possible(self.levels | other.levels, self.paired or other.paired)


def together(found: Iterable[tuple[str, Possible]]) -> dict[str, Possible]:
    """All operations by their name, each with all that was said of it."""
    merged: dict[str, Possible] = {}
    for name, one in found:
        merged[name] = merged[name].with_other(one) if name in merged else one
    return merged
