"""Tells what was lost from what the mirror has not come to yet, among acknowledged messages that it does not show."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from config.levels import APPLICATION
from reports.audit.progress import (
    CLOCK_SKEW_NS,
    LONGEST_VALID_S,
    NS_PER_S,
    Missing,
    Reach,
    is_past,
    latest_consensus_ns,
    moment,
    valid_start_of,
)
from reports.measure.keys import OperationKey

CLOCK_MARGIN_NS: Final = NS_PER_S
"""What a sender's clock may be set by while a run goes on, without anybody's being called lost for it."""

LONG_AGO_NS: Final = 60 * NS_PER_S
"""A mirror that stands so long before the run's start is not just behind."""

_AHEAD: Final = """
SELECT j.sender, min(s.consensus_ns / 1e9 - j.sent_at) FROM classified s JOIN sent j ON j.rowid = s.id
WHERE s.copies = 1 GROUP BY j.sender
"""

_HOLD_BACK: Final = """
UPDATE audit.classified SET pending = 1 WHERE id IN (
    SELECT s.id FROM classified s JOIN sent j ON j.rowid = s.id WHERE acked AND NOT copies AND NOT changed
    AND NOT collided AND NOT pending AND held_back(
        s.topic_id, s.sequence_number, j.transaction_id, j.sender, j.seen_at, j.sent_at, j.operation))
"""


@dataclass(slots=True)
class NotShownYet:
    """The messages of which it cannot be said yet whether they are lost.

    Attributes:
        count: How many.
        newest_sent_ns: When the newest of them was sent, by its sender's clock.
        latest_ns: Until when one of them can have reached consensus; None where nothing bounds it.
        in_gaps: Some stand, or may stand, in gaps that the mirror was not asked about again.
    """

    count: int = 0
    newest_sent_ns: int = 0
    latest_ns: int | None = 0
    in_gaps: bool = False


def hold_back(
    connection: sqlite3.Connection, reaches: Mapping[str, Reach], valid_duration_s: float, answer_timeout_s: float
) -> NotShownYet:
    """Note in `classified` which missing messages the mirror may not have come to; return what is to be said of them.

    Args:
        connection: Of `Sightings`, after `classify`.
        reaches: How far the mirror had come, by topic.
        valid_duration_s: Seconds for which the run's transactions were valid.
        answer_timeout_s: Seconds within which the user's own application had to answer.
    """
    ahead = dict(connection.execute(_AHEAD).fetchall())
    found = NotShownYet()

    def held_back(
        topic: str,
        place: int | None,
        transaction: str,
        sender: str,
        seen_at: float,
        sent_at: float,
        operation: str,
    ) -> bool:
        told_ns = None
        if seen_at and sender in ahead:  # consensus comes after sending, so the clocks differ by no more than that
            told_ns = int((seen_at + ahead[sender]) * NS_PER_S) + CLOCK_MARGIN_NS
        start_ns, valid_s = valid_start_of(transaction), valid_duration_s
        if OperationKey.load(operation).confirm == APPLICATION:
            valid_s = LONGEST_VALID_S
            if start_ns is None:  # it says what it has done, so the transaction had begun when it answered
                start_ns = int((sent_at + answer_timeout_s) * NS_PER_S) + CLOCK_SKEW_NS
        missing, reach = Missing(place, start_ns, told_ns), reaches[topic]
        if is_past(missing, reach, valid_s):
            return False
        latest = latest_consensus_ns(missing, valid_s)
        found.count += 1
        found.newest_sent_ns = max(found.newest_sent_ns, int(sent_at * NS_PER_S))
        found.latest_ns = None if latest is None or found.latest_ns is None else max(found.latest_ns, latest)
        found.in_gaps |= bool(reach.unasked)
        return True

    connection.create_function("held_back", 7, held_back)
    connection.execute(_HOLD_BACK)
    return found


def why_not_shown(found: NotShownYet, clock_ns: int | None, started_ns: int) -> str:
    """The sentence on messages that are not shown yet, with the mirror's own clock in it; without a full stop.

    Args:
        found: What is to be said of them; at least one message.
        clock_ns: How far the mirror had come.
        started_ns: When the run began.
    """
    what = f"{found.count:,} acknowledged message{' is' if found.count == 1 else 's are'} not shown yet: the mirror"
    again = "audit the run again later (python -m reports audit RUN_DIR)"
    if clock_ns is None:
        return f"{what} does not say how far it has come; {again}"
    sent = found.newest_sent_ns
    come = f"{what} had come to {moment(clock_ns, sent)}, "
    if clock_ns < started_ns - LONG_AGO_NS:
        began = moment(started_ns)
        return f"{come}and the run began at {began}: has it stopped, or does it belong to another network?"
    come += f"the newest acknowledged message among them was sent at {moment(sent, clock_ns)}"
    if clock_ns >= sent and found.latest_ns is not None and clock_ns < found.latest_ns:
        come += f" and may reach consensus until {moment(found.latest_ns, clock_ns)}"
    elif clock_ns >= sent and found.in_gaps:
        come += ", and rows that it passed over could not all be asked for again"
    return f"{come}; {again}"
