"""Why the accounting does not balance, in words: sentences without a full stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reports.wording.phrases import counted

NOBODY_REPORTED: Final = "no process reported anything"


def debt(name: str, due: int, waiting: int, in_flight: int) -> str:
    """What is missing of a process that died; the counts are those of `reports.schema.accounting.DeadWorker`."""
    under_way = f"{in_flight:,} under way at its last report"
    if not due and not waiting:
        return f"{name}: its last data never arrived; what it did after its last report is missing ({under_way})"
    own = "operation of its share was" if due == 1 else "operations of its share were"
    return (
        f"{name}: its last data never arrived; about {due:,} {own} due after its last report, "
        f"{waiting:,} waited for a user and {under_way}: what became of them is missing"
    )


def uncounted(name: str) -> str:
    """A process that counted nothing itself."""
    return f"{name}: it published no counts, so nothing can be held against its records"


def schedule_does_not_add_up(name: str, due: int, started: int, shed: int) -> str:
    """A process whose schedule contradicts itself."""
    return f"{name}: {counted(due, 'operation was', 'operations were')} due, but {started:,} started and {shed:,} shed"


def does_not_add_up(name: str, arm: str, counts: Mapping[str, int]) -> str:
    """An operation whose identities do not hold."""
    told = ", ".join(f"{field} {value}" for field, value in counts.items() if value)
    return f"{name}{f' ({arm})' if arm else ''} does not add up: {told}"
