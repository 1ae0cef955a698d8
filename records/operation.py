"""The record of an operation, which travels from a user to the reports; it is closed exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How an operation ended. Every started operation ends as exactly one of these, or is still in flight."""

    SUCCEEDED = "succeeded"
    """It reached the confirmation level that was asked for."""
    FAILED = "failed"
    """It ended with a final status, or all attempts failed with errors that rule out that it took effect."""
    REJECTED = "rejected"
    """Never sent: an open circuit, a limiter, a full queue, the budget or the deadline prevented it."""
    UNKNOWN = "unknown"
    """It was sent, and whether it took effect could not be settled."""


class Arm(StrEnum):
    """The side of a baseline-vs-Hedera pair that an operation is on."""

    BASELINE = "baseline"
    HEDERA = "hedera"


PHASES = ("prepare", "connection", "ack", "consensus", "receipt", "mirror")
"""The phases of an operation, in order. Durations of the operation's own steps: `prepare` builds and signs,
`connection` is the wait for a connection with room for one more call (a node takes 10 on each), `ack` is the node's
answer to the submission from when it could leave, `receipt` the wait from acknowledgement to receipt, `mirror` the wait
from there until the mirror shows it. `consensus` runs from sending to the consensus timestamp and overlaps
`connection`, `ack` and `receipt`."""

SEGMENTS = (
    *("start_delay", "queue", "limiter", "circuit_wait", "baseline", "application", "prepare", "connection", "ack"),
    *("retry_wait", "receipt", "mirror", "other"),
)
"""The parts of an operation's response time. Segments never overlap, so they add up to it:

* `start_delay`: from the scheduled moment to the start; the load generator was behind its schedule.
* `queue`, `limiter`, `circuit_wait`: held back on our side, in the queue, for the rate or concurrency limit, and at an
  open circuit.
* `baseline`: the application's own work, what a baseline arm consists of.
* `application`: the user's own application, which does the whole operation with Hedera (`--with-hedera`).
* `prepare`, `connection`, `ack`, `receipt`, `mirror`: the phases of those names, without the waits inside them.
* `retry_wait`: slept between two attempts.
* `other`: the rest, such as the client's bookkeeping and the turns of other greenlets.
"""


@dataclass(slots=True)
class SentMessage:
    """One HCS message as its sender knows it; the audit looks for it on the mirror.

    Attributes:
        topic_id: The topic it was sent to.
        stream: The sender within the run (`<worker>.<user>`); messages of one stream are sent one after another.
        number: Position in its stream, from 1.
        digest: SHA-256 of the whole message, hex.
        sent_at: Unix time in seconds when its first attempt was sent.
        acknowledged: The sender was told that it succeeded, at the confirmation level it asked for.
        transaction_id: Transaction id of the (first) transaction, e.g. `0.0.2@1700000000.000000001`; "" if never sent.
        sequence_number: From the receipt; None where no receipt was read.
        due_at: Unix time in seconds when its operation was due; 0 where it is not known.
        seen_at: Unix time in seconds when the sender was told that it had reached consensus (its receipt came, or the
            mirror showed it); 0 where it was told no such thing. With the consensus timestamp this bounds the clocks.
    """

    topic_id: str
    stream: str
    number: int
    digest: str
    sent_at: float
    acknowledged: bool = False
    transaction_id: str = ""
    sequence_number: int | None = None
    due_at: float = 0.0
    seen_at: float = 0.0


DELETED = "deleted"
LEFT = "left"
UNCERTAIN = "uncertain"


@dataclass(slots=True)
class StoredFile:
    """One file as its writer knows it, of HFS or by HCS-1; the audit compares it with what was read back.

    Attributes:
        file_id: From the receipt of its FileCreate; "" where none came. Of a file by HCS-1 the id of its topic.
        sha256: Of the whole contents, hex.
        size_bytes: Length of the whole contents.
        appends: FileAppend transactions that it took after the FileCreate.
        slowest_append_s: The longest of them, from its preparation to its receipt; 0 where there was none.
        transaction_id: Of the FileCreate, or of the creation of its topic.
        acknowledged: The writer was told that all of it is there.
        stored_s: Seconds from the first attempt to the last receipt.
        leftover: What is left of a file that could not be completed: `deleted`, `left` (deleting it did not succeed) or
            `uncertain` (whether it was created could not be settled); "" where nothing is left over.
    """

    file_id: str
    sha256: str
    size_bytes: int
    appends: int = 0
    slowest_append_s: float = 0.0
    transaction_id: str = ""
    acknowledged: bool = False
    stored_s: float = 0.0
    leftover: str = ""


@dataclass(slots=True)
class ReadFile:
    """One file as it was read back.

    Attributes:
        file_id: Which; of a file by HCS-1 the id of its topic.
        sha256: Of what was read, hex.
        size_bytes: Length of what was read.
        read_s: Seconds that it took.
    """

    file_id: str
    sha256: str
    size_bytes: int
    read_s: float = 0.0


@dataclass(slots=True)
class OperationRecord:
    """One operation, from its scheduled time to its outcome. Durations are in seconds, instants are Unix time.

    Attributes:
        name: What was done, e.g. `hcs.submit`, `hfs.store`, `audit-event`.
        arm: The side of the pair, or None where the operation is no part of a pair.
        pair: Id shared by the two records of one pair, or None.
        confirm: The confirmation level it had to reach (`ack`, `receipt`, `mirror`), or `application` where
            the user's own application did it; "" for a baseline arm.
        scheduled_at: When it should have started; equals `started_at` in a closed model.
        started_at: When it did start.
        latency_s: From the start to the outcome.
        outcome: None while it is in flight.
        phases_s: Time per phase (see PHASES), only phases that took place; retried phases add up.
        attempts: Attempts that were made, over all transactions of the operation; 0 if it never got as far.
        status: The last status in the network's or transport's words, e.g. `SUCCESS`, `BUSY`, `UNAVAILABLE`.
        error: One line on why it did not succeed; "" on success.
        ended_in: The phase or layer that ended it (one of PHASES, or `queue`, `limiter`, `circuit`, `budget`,
            `deadline`, `application`); "" on success, and where neither had a part in it.
        size_bytes: Payload size.
        transaction_ids: Of every transaction that was sent for it.
        messages: HCS messages it sent, for the audit.
        segments_s: Seconds per segment (see SEGMENTS), from `Stopwatch.segments_s`; they add up to `response_s`. Empty
            where they were not measured.
        reached_s: Seconds from the scheduled moment to when a segment was last left: `prepare` is when it was
            prepared, `ack` when a node had acknowledged it, and so on. `Stopwatch.reached_s` gives them.
        patience_s: Upper bound of the part of `latency_s` that is the client's own waiting, not the network's: the time
            between two looks for a receipt, or until a broken mirror stream was noticed.
        stored_files: Files it wrote, for the audit.
        read_files: Files it read back, for the audit.
    """

    name: str
    arm: Arm | None = None
    pair: str | None = None
    confirm: str = ""
    scheduled_at: float = 0.0
    started_at: float = 0.0
    latency_s: float = 0.0
    outcome: Outcome | None = None
    phases_s: dict[str, float] = field(default_factory=dict)
    attempts: int = 0
    status: str = ""
    error: str = ""
    ended_in: str = ""
    size_bytes: int = 0
    transaction_ids: list[str] = field(default_factory=list)
    messages: list[SentMessage] = field(default_factory=list)
    segments_s: dict[str, float] = field(default_factory=dict)
    reached_s: dict[str, float] = field(default_factory=dict)
    patience_s: float = 0.0
    stored_files: list[StoredFile] = field(default_factory=list)
    read_files: list[ReadFile] = field(default_factory=list)

    @property
    def response_s(self) -> float:
        """Seconds from the moment it was due to the outcome: what a caller that does not adapt to delays would see."""
        return self.latency_s + max(0.0, self.started_at - self.scheduled_at)
