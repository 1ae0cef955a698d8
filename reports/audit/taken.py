"""Messages of which only a node's acknowledgement is known, and whose transaction id somebody else's transaction took.

A receipt names the place of a message, so that what stands there can be looked at (`audit`). At level `ack` there is no
place; the mirror is asked for the transaction of that id instead. A network handles an id once: where the one that it
handled is no message to the topic, or is a message that the mirror shows with other bytes than ours, ours was not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

MOST_ASKED: Final = 200
"""Messages that are asked about, a request each; beyond them what is missing counts as lost."""

_MISSING: Final = """
SELECT s.id, s.topic_id, j.transaction_id FROM classified s JOIN sent j ON j.rowid = s.id
WHERE s.acked AND NOT s.copies AND NOT s.changed AND NOT s.collided AND NOT s.pending
    AND NOT s.by_application AND s.sequence_number IS NULL AND j.transaction_id != '' ORDER BY s.id LIMIT ?
"""

_AT: Final = """
SELECT last_seq FROM seen WHERE topic_id = :topic AND consensus_ns = :at
UNION ALL SELECT sequence_number FROM stranger WHERE topic_id = :topic AND consensus_ns = :at LIMIT 1
"""


class Handled(NamedTuple):
    """The transaction that a network handled under an id.

    Attributes:
        topic_id: The topic that it wrote a message to, or None where it did something else.
        consensus_ns: Its consensus timestamp.
    """

    topic_id: str | None
    consensus_ns: int


def note_taken(
    connection: sqlite3.Connection, handled: Callable[[str], Handled | None], proven_below: Mapping[str, float]
) -> None:
    """Note in `classified` which missing messages are collisions of payers; after `missing.hold_back`.

    Args:
        connection: Of `Sightings`.
        handled: Asks for the transaction that succeeded under an id; None where the mirror shows none, or does not say.
        proven_below: By topic, the sequence number below which the running hash is unbroken.
    """
    for row, topic, transaction_id in connection.execute(_MISSING, (MOST_ASKED,)).fetchall():
        found = handled(transaction_id)
        if found is not None and _is_anothers(connection, found, topic, proven_below[topic]):
            connection.execute("UPDATE audit.classified SET collided = 1 WHERE id = ?", (row,))


def _is_anothers(connection: sqlite3.Connection, found: Handled, topic: str, proven_below: float) -> bool:
    if found.topic_id != topic:
        return True
    shown = connection.execute(_AT, {"topic": topic, "at": found.consensus_ns}).fetchone()
    return shown is not None and shown[0] < proven_below
