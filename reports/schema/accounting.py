"""`accounting`: where every operation went, in total and by name and arm."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Count, Side


@CLOSED
class Counts(TypedDict):
    """Where operations went; `balanced` says whether the counts agree."""

    scheduled: Count
    shed: Count
    started: Count
    succeeded: Count
    failed: Count
    rejected: Count
    unknown: Count
    in_flight: Count
    unreported: int
    balanced: bool


@CLOSED
class Account(Counts):
    """Operations of one name and arm."""

    name: str
    arm: Side


@CLOSED
class DeadWorker(TypedDict):
    """What one of incomplete_workers owed."""

    name: str
    due: Count
    """Operations of its share that fell due after its last report, reckoned from the rate."""

    waiting: Count
    """Operations that were due by its last report, and neither started nor shed."""

    in_flight: Count
    """Operations that it had under way by its last report."""


@GROWING
class LateStarts(TypedDict):
    """Of those that started: more than 20 ms late, because no user was free, or because the process was busy."""

    no_user: Count
    process: Count


@GROWING
class Arrivals(TypedDict):
    """What the schedule of an open model counted."""

    due: Count
    started: Count
    shed: Count
    unreported: NotRequired[Count]
    """Due operations of processes that died or left before the end: what fell due of their share after their last
    report (reckoned from the rate), and what waited then."""

    idle: NotRequired[Count]
    """Of the shed ones: the share of processes that had no user (reckoned from the rate). No kind of operation is known
    of them, so accounting.scheduled leaves them out."""

    behind: NotRequired[Count]
    """Of the shed ones: those that a busy process had not come to when the run ended."""

    late: LateStarts
    latest_ms: Amount


@CLOSED
class Accounting(Counts):
    """The section."""

    stopped: Count
    """Unknown operations that the end of the run cut off."""

    stopped_reads: NotRequired[Count]
    """Failed operations that had only asked for something when the end of the run cut them off."""

    operations: list[Account]
    arrivals: NotRequired[Arrivals | None]
    """What the schedule of an open model (--arrival-rate) counted; null in a closed one. Operations that were due =
    started + shed + unreported."""

    collisions: NotRequired[Count]
    """Transaction ids that somebody else who pays with the same account had used before: refused as duplicates at the
    first attempt, and sent again under another id."""

    dead_workers: NotRequired[list[DeadWorker]]
    """What each of incomplete_workers owed."""

    incomplete_workers: list[str]
    reasons: list[str]
