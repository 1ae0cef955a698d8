"""How far the mirror has come, and what that lets the audit say of a message that is not shown.

A mirror shows what has reached consensus some time later, in the order of consensus, and answers 200 with fewer rows
until then. So "lost" is only said of a message that the mirror is demonstrably past: one whose place in its topic is
below rows that are shown, or that can only have reached consensus before a moment up to which the mirror shows
everything. Of any other it can only be said that it is not shown yet (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from hedera_client import TransactionId

NS_PER_S: Final = 1_000_000_000

CLOCK_SKEW_NS: Final = 5 * NS_PER_S
"""By how much a sender's clock and the mirror's are taken to differ at most."""

LONGEST_VALID_S: Final = 180.0
"""Seconds for which a transaction can be valid at most, whoever makes it (hedera.transaction.maxValidDuration)."""

_LAST_SECOND: Final = 253_402_300_799  # of the year 9999, the last that can be written; a mirror may say anything


class Missing(NamedTuple):
    """What is known of an acknowledged message that the mirror does not show.

    Attributes:
        sequence_number: Its last place in its topic, from its receipt; None where no receipt was read.
        valid_start_ns: Valid start of the last transaction that its sender made for it; None where that is not known.
        told_ns: When its sender had heard that it had reached consensus, by the clock of consensus and no earlier than
            in truth; None where it heard no such thing.
    """

    sequence_number: int | None
    valid_start_ns: int | None
    told_ns: int | None


class Reach(NamedTuple):
    """How far the mirror had come on a topic when it was asked for what is missing.

    Attributes:
        clock_ns: It shows everything that reached consensus until then; None where that is not known.
        last_sequence: The highest sequence number that it shows on the topic, 0 for none.
        unasked: Sequence numbers that it passed over and was not asked for again, lowest and highest of each gap.
    """

    clock_ns: int | None
    last_sequence: int
    unasked: Sequence[tuple[int, int]] = ()


def latest_consensus_ns(missing: Missing, valid_duration_s: float) -> int | None:
    """The latest moment at which a message can have reached consensus; None where nothing bounds it.

    A transaction's validity is checked again at consensus, by the consensus time (CN:TransactionChecker.checkTimeBox),
    so after its valid start and its valid duration it cannot reach it any more. And it had reached it when its sender
    was told so. A receipt carries no consensus time.

    Args:
        missing: The message.
        valid_duration_s: Seconds for which its transactions were valid.
    """
    bounds = [] if missing.valid_start_ns is None else [missing.valid_start_ns + int(valid_duration_s * NS_PER_S)]
    if missing.told_ns is not None:
        bounds.append(missing.told_ns)
    return min(bounds, default=None)


def is_past(missing: Missing, reach: Reach, valid_duration_s: float) -> bool:
    """Whether the mirror is past a message that it does not show: the message is lost, there.

    Sequence numbers are assigned without gaps and in the order of consensus, so a row that stands at the message's
    place or behind it is later. What may stand in a gap that was not asked for again is never called lost.

    Args:
        missing: The message.
        reach: How far the mirror had come before it was last asked for the message.
        valid_duration_s: Seconds for which its transactions were valid.
    """
    place = missing.sequence_number
    if any(place is None or low <= place for low, _ in reach.unasked):
        return False
    if place is not None and place <= reach.last_sequence:
        return True
    latest = latest_consensus_ns(missing, valid_duration_s)
    return latest is not None and reach.clock_ns is not None and latest <= reach.clock_ns


def valid_start_of(transaction_id: str) -> int | None:
    """Valid start in a transaction id, nanoseconds since 1970; None where it is no id."""
    try:
        return TransactionId.parse(transaction_id).valid_start_ns
    except ValueError:
        return None


def moment(ns: int, beside: int | None = None) -> str:
    """A moment for a sentence, UTC: `12:00:03 UTC`, with its date unless `beside` is of the same day."""
    when = _utc(ns // NS_PER_S)
    same_day = beside is not None and _utc(beside // NS_PER_S).date() == when.date()
    return when.strftime("%H:%M:%S UTC" if same_day else "%Y-%m-%d %H:%M:%S UTC")


def iso(ns: int) -> str:
    """A moment as ISO 8601 in UTC with all its nanoseconds."""
    seconds, nanos = divmod(ns, NS_PER_S)
    return f"{_utc(seconds):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)
