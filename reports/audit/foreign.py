"""Whether a mirror shows the network that the run wrote to at all: another network's proves nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Final

from config.levels import APPLICATION
from reports.audit.messages import ReadTopic
from reports.audit.progress import CLOCK_SKEW_NS, NS_PER_S, moment

QUESTION: Final = "does this mirror belong to this network?"

_ACKNOWLEDGED: Final = f"""
SELECT topic_id, count(*), min(sent_at), total(operation NOT LIKE '%|{APPLICATION}')
FROM sent WHERE acknowledged GROUP BY topic_id ORDER BY topic_id
"""


def foreign_network(
    connection: sqlite3.Connection,
    topics: Iterable[ReadTopic],
    clock_ns: int | None,
    knows_topic: Callable[[str], bool],
    mirror: str,
) -> str | None:
    """Return the question that a mirror raises which shows nothing of the run, or None; without a full stop.

    A mirror is another network's where it shows nothing of the run, and of a topic on which messages were acknowledged
    either has never heard, although it has come to a time at which the topic was in use, or shows other messages in
    their places, in a chain of hashes without a break. (Where a mirror changes a message, the chain breaks. Where the
    user's own application names a place, it may have written something else there: see `unforwarded`.)

    Args:
        connection: Of `Sightings`.
        topics: Every topic of the run.
        clock_ns: How far the mirror has come.
        knows_topic: Asks the mirror whether it has heard of a topic; raises MirrorError if it cannot.
        mirror: What it is called in the sentence.
    """
    if connection.execute("SELECT EXISTS (SELECT 1 FROM seen)").fetchone()[0]:
        return None
    chains = {topic.topic_id: topic.chain for topic in topics}
    others = {topic for (topic,) in connection.execute("SELECT DISTINCT topic_id FROM other")}
    for topic, acknowledged, first_sent_at, ours in connection.execute(_ACKNOWLEDGED).fetchall():
        plural = acknowledged != 1
        acked = f"{acknowledged:,} message{'s' * plural} of this run {'were' if plural else 'was'} acknowledged"
        in_use = clock_ns is not None and clock_ns > int(first_sent_at * NS_PER_S) + CLOCK_SKEW_NS
        if chains[topic].rows:
            if ours and topic in others and chains[topic].broken_at is None:
                return f"{mirror} shows other messages on topic {topic} where {acked}: {QUESTION}"
        elif in_use and clock_ns is not None and not knows_topic(topic):
            come = f"{mirror} had come to {moment(clock_ns)} and has never heard of topic {topic}"
            return f"{come}, on which {acked}: {QUESTION}"
    return None
