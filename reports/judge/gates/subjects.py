"""Which operations of a report a gate speaks of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from config.gates.language import Argument
from config.levels import APPLICATION, LEVELS
from reports.schema.operations import Operation

REACHED: Final = frozenset[str]((*LEVELS, APPLICATION))
"""What can stand behind the name of an operation, after a dot: how far it had to get."""

BASELINE: Final = "baseline"
"""What can stand there too: the side of a pair without Hedera."""


def named(argument: Argument, known: Collection[str]) -> tuple[str, str]:
    """The operation of an argument, and its level or side ("" for every level), as in `hcs.submit.receipt`.

    Args:
        argument: No `*`.
        known: Names of operations: one of them may end like a level.
    """
    name, _, last = argument.text.rpartition(".")
    if name and argument.text not in known and (last in REACHED or last == BASELINE):
        return name, last
    return argument.text, ""


def chosen(operations: Iterable[Operation], argument: Argument, *, both_sides: bool = False) -> list[Operation]:
    """The operations that an argument speaks of; of pairs those with Hedera, unless it names the other side.

    Args:
        operations: The report's.
        argument: Of the gate.
        both_sides: `*` means both sides of pairs.
    """
    every = list(operations)
    if argument.every:
        return [one for one in every if both_sides or one["arm"] != BASELINE]
    name, level = named(argument, {one["name"] for one in every})
    if level == BASELINE:
        return [one for one in every if one["name"] == name and one["arm"] == BASELINE]
    of_name = [one for one in every if one["name"] == name and one["arm"] != BASELINE]
    return [one for one in of_name if level in ("", one["confirm"])]


def label(operation: Operation) -> str:
    """An operation as a gate would name it."""
    level = BASELINE if operation["arm"] == BASELINE else operation["confirm"]
    return f"{operation['name']}.{level}" if level else operation["name"]
