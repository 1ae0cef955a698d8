"""Which operations the users of a run do, and up to which levels, as far as their classes declare it."""

from __future__ import annotations

from locust import User

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final

from config.levels import APPLICATION, QUEUED, RECEIPT
from config.settings import RunSettings
from records.possible import Possible, together


class Reach(Enum):
    """Which levels an operation has."""

    OF_RUN = "those of --confirm"
    SENT_AT_ONCE = "those of --confirm, but for queued the receipt"
    PAIRS = "those of --confirm, or the user's own application's"
    TO_RECEIPT = "the receipt, whatever was asked for"
    WITHOUT = "none"


OF_RUN: Final = Reach.OF_RUN
SENT_AT_ONCE: Final = Reach.SENT_AT_ONCE
PAIRS: Final = Reach.PAIRS
TO_RECEIPT: Final = Reach.TO_RECEIPT
WITHOUT: Final = Reach.WITHOUT


def declare(operations: Mapping[str, Reach]) -> Mapping[str, Reach]:
    """What a class of users says that it does: the value of its `operations`."""
    return operations


def possible_operations(user_classes: Iterable[type[User]], settings: RunSettings) -> dict[str, Possible] | None:
    """Return what a run's users can do, by name; None where a class does not declare it.

    A class that derives from one of ours may do other things as well, so that its own declaration counts and no other.
    """
    declared: list[Mapping[str, Reach]] = []
    for one in user_classes:
        own: Any = vars(one).get("operations")
        if own is None:
            return None
        declared.append(own)
    return together((name, _possible(reach, settings)) for names in declared for name, reach in names.items())


def _possible(reach: Reach, settings: RunSettings) -> Possible:
    asked = frozenset[str](settings.confirm)
    levels: Mapping[Reach, frozenset[str]] = {
        OF_RUN: asked,
        SENT_AT_ONCE: frozenset(RECEIPT if level == QUEUED else level for level in asked),
        PAIRS: frozenset({APPLICATION}) if settings.with_hedera else asked,
        TO_RECEIPT: frozenset({RECEIPT}),
        WITHOUT: frozenset(),
    }
    return Possible(levels[reach], paired=reach is PAIRS)
