"""When messages reached consensus, by the clock of whoever sent them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from reports.measure.clock_offset import CAUSALITY, ClockOffset
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey
from reports.schema.audit import Clock

Clocks = Mapping[str, ClockOffset]
"""How far the network's clock is ahead of each sender's, by sender."""

_BOUNDS: Final = """
SELECT j.sender, max(CASE WHEN j.seen_at > 0 THEN s.consensus_ns / 1e9 - j.seen_at END),
    min(s.consensus_ns / 1e9 - j.sent_at)
FROM classified s JOIN sent j ON j.rowid = s.id WHERE s.copies = 1 GROUP BY j.sender
"""

_TIMES: Final = """
SELECT j.sender, j.operation, s.consensus_ns / 1e9 - j.sent_at
FROM classified s JOIN sent j ON j.rowid = s.id WHERE s.acked AND s.copies
"""


def read_clocks(connection: sqlite3.Connection, known: Clocks) -> dict[str, ClockOffset]:
    """Return what is known of each sender's clock, narrowed by the messages that it sent.

    Where the two contradict each other the messages are right: theirs is the clock that timestamps are made with.

    Args:
        connection: Of `Sightings`, after `classify`.
        known: What was measured while the run went on.
    """
    clocks = dict(known)
    for sender, low, high in connection.execute(_BOUNDS).fetchall():
        if low is None or high is None or low > high:
            continue
        bounds = ClockOffset(low, high, CAUSALITY)
        clocks[sender] = (clocks[sender].joined(bounds) if sender in clocks else None) or bounds
    return clocks


def consensus_times(connection: sqlite3.Connection, clocks: Clocks) -> dict[OperationKey, Distribution]:
    """Return the time from sending to the consensus timestamp per operation, of acknowledged messages that were seen.

    A sender's clock is corrected by the middle of what is known of it, unless the two may well agree.
    """
    times: dict[str, Distribution] = {}
    offsets = {sender: clock.correction_s for sender, clock in clocks.items()}
    for sender, operation, took_s in connection.execute(_TIMES):
        times.setdefault(operation, Distribution()).record(max(0.0, took_s - offsets.get(sender, 0.0)))
    return {OperationKey.load(operation): distribution for operation, distribution in times.items()}


def clocks_report(clocks: Clocks) -> Clock | None:
    """Return what the report says of the clocks: the widest claim that covers all senders, and each sender's own.

    None where nothing is known.
    """
    if not clocks:
        return None
    low = min(clock.low_s for clock in clocks.values())
    high = max(clock.high_s for clock in clocks.values())
    sources = {clock.source for clock in clocks.values()}
    whole = ClockOffset(low, high, "; ".join(sorted(sources)))
    return {
        **whole.as_report(),
        "senders": [{"name": name, **clock.as_report()} for name, clock in sorted(clocks.items())],
    }
