"""What processes that died owed: their share of the schedule after their last report, and what they had under way.

A process that is killed takes its last second or two with it, and whatever would have been due of its share until the
end of the run. Nobody counted that, but it is known: the schedule goes on evenly whether or not somebody is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, cast

from typing_extensions import TypedDict

from reports.collect.collector import Sender

ARRIVALS: Final = "arrivals"
COUNTS: Final = "operation_counts"

LEFT_EARLY_S: Final = 2.0
"""A process that stops so much before the last one has left the run; at its end all stop within a second or so."""


class Schedule(NamedTuple):
    """What made operations due.

    Attributes:
        rate: Operations per second over all processes; 0 in a closed model.
        workers: Processes that shared it.
        ended_at: Unix time in seconds when the run ended, where no process that lived to its end says it better.
    """

    rate: float
    workers: int
    ended_at: float


class Came(TypedDict, total=False):
    """What one process's schedule counted, as far as it matters here (`hedera_users` publishes it)."""

    due: int
    waiting: int
    """Due, and neither started nor shed."""

    since: float | None
    """Unix time in seconds from which operations were due; None where none ever were."""

    until: float
    """Unix time in seconds of the newest count."""


class Debt(NamedTuple):
    """What one dead process owed.

    Attributes:
        name: The process.
        due: Operations of its share that fell due after its last report; reckoned, not counted.
        waiting: Operations that were due by its last report, and neither started nor shed.
        in_flight: Operations that it had under way by its last report.
    """

    name: str
    due: int
    waiting: int
    in_flight: int


def left_due(senders: Iterable[Sender], schedule: Schedule | None, owed: Iterable[Debt], idle: int = 0) -> int:
    """Operations that fell due of the shares of processes that left in good order before the end, and were not made.

    What such a process did is all told; its share of the rate is nobody's from then on, unless another took it over.

    Args:
        senders: All processes.
        schedule: What made operations due; None, or a rate of 0, in a closed model.
        owed: What those owed that died; together they owe no more than was asked for.
        idle: What `idle_due` counted; likewise.
    """
    everyone = list(senders)
    if schedule is None or _began(everyone) is None:
        return 0
    ended = _ended(everyone, schedule)
    gone = [one for one in everyone if one.complete and _came(one).get("since")]
    gone = [one for one in gone if ended - _came(one)["until"] > LEFT_EARLY_S]
    due = sum(_due_unheard(one, everyone, schedule) for one in gone)
    return min(due, max(0, _left(everyone, schedule) - sum(debt.due for debt in owed) - idle))


def debts(senders: Iterable[Sender], schedule: Schedule | None) -> list[Debt]:
    """Return what every process owed whose last data never came, in their order.

    All together owe no more than the rate over the time in which operations were due leaves after what was told: one
    that joined late may have taken over the share of one that died.

    Args:
        senders: All processes.
        schedule: What made operations due; None, or a rate of 0, in a closed model.
    """
    everyone = list(senders)
    owed: list[Debt] = []
    left = _left(everyone, schedule)
    for sender in everyone:
        if sender.complete:
            continue
        due = min(left, _due_unheard(sender, everyone, schedule))
        left -= due
        came = _came(sender)
        in_flight = sum(begun["in_flight"] for begun in sender.sources.get(COUNTS, {}).values())
        owed.append(Debt(sender.name, due, came.get("waiting", 0), in_flight))
    return owed


def idle_due(senders: Iterable[Sender], schedule: Schedule | None) -> int:
    """Return what fell due of the shares of processes that had no user all the time: nobody was there to count it.

    Args:
        senders: All processes.
        schedule: What made operations due; None, or a rate of 0, in a closed model.
    """
    everyone = list(senders)
    idle = [one for one in everyone if one.complete and _came(one) and not _came(one).get("since")]
    return min(_left(everyone, schedule), sum(_due_unheard(one, everyone, schedule) for one in idle))


def _due_unheard(sender: Sender, everyone: list[Sender], schedule: Schedule | None) -> int:
    """Operations of a process's share that fell due after it was last heard; those of a closed model are none."""
    began = _began(everyone)
    if schedule is None or not schedule.rate or began is None:
        return 0
    came = _came(sender)
    heard: float = came["until"] if came.get("since") else began
    return max(0, round((_ended(everyone, schedule) - heard) * schedule.rate / schedule.workers))


def _left(everyone: list[Sender], schedule: Schedule | None) -> int:
    """The most that can be owed: with more processes than shares, what was asked for less what was told."""
    began = _began(everyone)
    if schedule is None or began is None:
        return 0
    asked = round(schedule.rate * (_ended(everyone, schedule) - began))
    if len(everyone) <= schedule.workers:
        return asked
    told: int = sum(_came(sender).get("due", 0) for sender in everyone)
    return max(0, asked - told)


def _began(everyone: list[Sender]) -> float | None:
    """Unix time in seconds from which operations were due; None where they were not, or nobody says it."""
    found = [since for sender in everyone if (since := _came(sender).get("since"))]
    return min(found) if found else None


def _ended(everyone: list[Sender], schedule: Schedule) -> float:
    """Unix time in seconds until which operations were due, by those who lived to see it."""
    found = [_came(sender)["until"] for sender in everyone if sender.complete and _came(sender).get("since")]
    return max(found) if found else schedule.ended_at


def _came(sender: Sender) -> Came:
    """What its schedule counted; empty in a closed model."""
    return cast(Came, sender.sources.get(ARRIVALS) or {})
