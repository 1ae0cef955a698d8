"""`audit`: what the mirror showed of what was acknowledged."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Count

Kind = Literal["lost", "not_shown_yet", "corrupted", "collided", "duplicated", "out_of_order", "landed_after_failure"]


@CLOSED
class Topic(TypedDict):
    """A topic as far as it was read."""

    topic_id: str
    rows: Count
    last_sequence_number: Count
    chain_broken_at: Count | None


@GROWING
class Message(TypedDict):
    """A message of the run that is listed one by one."""

    topic_id: str
    stream: str
    number: Count
    transaction_id: str
    sequence_number: Count | None
    copies: Count
    outcome: str
    status: str


@GROWING
class Offender(Message):
    """A message with which something is wrong."""

    kind: Kind


@GROWING
class LateMessage(Message):
    """A message that was shown late."""

    kind: str


@CLOSED
class SlowestAppend(TypedDict):
    """The longest append of all files."""

    ms: Amount
    file_id: str
    transaction_id: str


@GROWING
class OffendingFile(TypedDict):
    """A file that was mismatched, left over or uncertain."""

    kind: str
    file_id: str
    transaction_id: str
    size_bytes: Count
    sha256: str
    outcome: str
    status: str


@CLOSED
class Files(TypedDict):
    """Files that were stored, held against what was read back."""

    attempted: Count
    stored: Count
    verified: Count
    mismatched: Count
    not_read_back: Count
    appends: Count
    bytes: Count
    deleted: Count
    """Files that could not be completed and were deleted again."""

    left_over: Count
    """Files that could not be completed nor deleted."""

    uncertain: Count
    """Files of which it is not known whether they were ever created."""

    bytes_per_s: Amount | None
    slowest_append: SlowestAppend | None
    offenders: list[OffendingFile]


@GROWING
class Offset(TypedDict):
    """How far the network's clock is ahead: the middle of an interval that the truth lies in, and half its width."""

    offset_ms: float
    uncertainty_ms: Amount
    correction_ms: NotRequired[float]
    source: str


@GROWING
class SenderClock(Offset):
    """The same for one sender."""

    name: str


@GROWING
class Clock(Offset):
    """The widest claim that covers all senders."""

    senders: NotRequired[list[SenderClock]]


@GROWING
class MessageCounts(TypedDict):
    """How many of the run's messages were found to be what; a message can be several."""

    lost: Count | None
    """Acknowledged messages that the mirror does not show although it is past the time they can be of; null where the
    mirror could not be read, or is another network's."""

    not_shown_yet: NotRequired[Count | None]
    """Acknowledged messages that the mirror does not show and may not have come to; null where lost is."""

    corrupted: Count
    collided: NotRequired[Count]
    """Acknowledged messages that never came about: somebody else paid with the same account and issued the same
    transaction id, and the place of the receipt holds his message."""

    duplicated: Count
    out_of_order: Count
    reordered: NotRequired[Count]
    """Messages that stand before one of their sender that was sent earlier, where no receipt had been waited for:
    nobody promised them an order."""

    landed_after_failure: Count
    shown_late: NotRequired[Count]
    """Messages that the mirror left out at first and showed when it was asked again."""

    acknowledged: Count
    delivered: Count
    never_landed: NotRequired[Count]
    """Messages that were not acknowledged, and are not there."""


@GROWING
class Classified(MessageCounts):
    """What became of every message and file of a run, as far as the mirror shows it."""

    reordered_by: NotRequired[Count]
    """The most earlier messages of its sender that one of them stands before."""

    of_unreported_senders: Count
    unreported_corrupted: NotRequired[Count]
    """Messages of a process that died, whose body differs from the digest they carry."""

    missing_rows: NotRequired[Count]
    """Sequence numbers that the mirror left out to the end."""

    running_hash_verified: bool | None
    topics: list[Topic]
    offenders: list[Offender]
    late: NotRequired[list[LateMessage]]
    """Some of those that were shown late, in the form of offenders."""

    files: NotRequired[Files | None]
    """Files that were stored, held against what was read back; null for a run that stored none."""

    mirror_clock: NotRequired[str | None]
    """Until which consensus time the mirror showed everything when it was last asked, ISO 8601 in UTC; null where it
    did not say."""

    doubt: NotRequired[str | None]
    """Why the audit could not say everything, one sentence without a full stop; null where it could."""

    error: str | None


@GROWING
class Audit(Classified):
    """The section."""

    clock: NotRequired[Clock | None]
    """How far the network's clock is ahead of the senders': the middle of an interval that the truth lies in, and half
    its width."""
