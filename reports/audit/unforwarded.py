"""Messages that the user's own application was given and does not write to the topic as they are.

An application answers for an operation, not for a message (`--with-hedera`): it may write something else, or elsewhere.
Where none of what it has acknowledged of one kind stands on the topic byte for byte, though the mirror is past it, then
nothing is lost that was ever sent; the audit cannot tell, and asks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from config.levels import APPLICATION
from reports.audit.progress import CLOCK_SKEW_NS, NS_PER_S
from reports.measure.keys import OperationKey
from reports.wording.audit import not_forwarded

_KINDS: Final = """
SELECT s.topic_id, s.operation, total(s.acknowledged), max(s.acknowledged * s.sent_at),
    total(s.acknowledged AND EXISTS (SELECT 1 FROM seen v
        WHERE v.topic_id = s.topic_id AND v.stream = s.stream AND v.number = s.number)),
    total(EXISTS (SELECT 1 FROM seen v WHERE v.topic_id = s.topic_id AND v.stream = s.stream AND v.number = s.number
        AND v.digest = s.digest))
FROM sent s GROUP BY s.topic_id, s.operation
"""

_HOLD: Final = """
UPDATE audit.classified SET pending = 1, changed = 0 WHERE acked AND id IN (
    SELECT rowid FROM sent WHERE topic_id = ? AND operation = ?)
"""


class Unforwarded(NamedTuple):
    """A kind of operation of which nothing stands on its topic as it was given.

    Attributes:
        topic_id: The topic.
        operation: Which, as the journal has it.
        question: What the audit asks, a sentence without a full stop.
    """

    topic_id: str
    operation: str
    question: str


def find_unforwarded(
    connection: sqlite3.Connection, rows: Mapping[str, int], clock_ns: int | None
) -> Sequence[Unforwarded]:
    """Return the kinds of operation that the user's own application did, and of which nothing stands on the topic.

    Args:
        connection: Of `Sightings`.
        rows: How many rows each topic has.
        clock_ns: How far the mirror had come; None where it is not known.
    """
    found = []
    for topic, operation, acknowledged, newest, seen, intact in connection.execute(_KINDS).fetchall():
        key = OperationKey.load(operation)
        past = clock_ns is not None and clock_ns > int(newest * NS_PER_S) + CLOCK_SKEW_NS
        past = past or seen == acknowledged
        if key.confirm == APPLICATION and acknowledged and not intact and past:
            question = not_forwarded(key.name, int(acknowledged), topic, int(seen), rows.get(topic, 0))
            found.append(Unforwarded(topic, operation, question))
    return found


def hold_unforwarded(connection: sqlite3.Connection, found: Sequence[Unforwarded]) -> None:
    """Note in `classified` that nothing is said of these messages; before anything else is."""
    connection.executemany(_HOLD, [(one.topic_id, one.operation) for one in found])
