"""One transaction's whole life, from its arrival at a node to its row on the mirror."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from localnet.ids import TransactionKey

if TYPE_CHECKING:
    from localnet.fees import Fee
    from localnet.keys import Signatures
    from localnet.state import Account, CustomFee, Topic
    from localnet.transactions.operation import Operation


class Chunk(NamedTuple):
    """Which part of a longer message a message is: `number` of `total`, begun by transaction `initial`."""

    initial: TransactionKey
    number: int
    total: int


@dataclass(slots=True, eq=False)
class Submission:
    """One transaction as one node received it. Filled in as it goes its way.

    Receipts, the ledger and the mirror all read this one object; `body` and `signatures` are dropped once it is
    settled.

    Attributes:
        index: Position in the ledger, from 0.
        node: Account number of the node it was sent to.
        arrival: When it arrived, Unix time in seconds, as all times here.
        size: Bytes of the whole serialised transaction.
        operation: What it does; None when it could not be read so far or does something this network does not.
        kind: The mirror's name of what it does, e.g. `CONSENSUSSUBMITMESSAGE`; "" if unknown.
        key: Its transaction id; None when it has none.
        memo: Its memo.
        max_fee: The most its payer offers, in tinybars.
        high_volume: Whether its payer would pay the prices of HIP-1313; they are not charged here.
        valid_duration: Seconds it is valid for, from its valid start.
        hash: SHA-384 of the signed transaction.
        precheck: The node's answer; None until it answered.
        status: The receipt's status; None until consensus.
        ack: When the node's answer was sent.
        consensus_ns: Consensus timestamp, Unix nanoseconds; 0 until it is known.
        known: When that was known, and the receipt was there; None until then.
        receipt_served: When the first receipt with the final status was served.
        mirror_visible: When the mirror began to show it.
        entity: The entity it created or changed, or was to change; encoded if of another shard or realm, 0 for none.
        created: Whether it created `entity`.
        due: What it costs; None until its price was looked up at precheck.
        fee: What its payer was charged, in tinybars.
        transfers: Balance changes in tinybars by account number; they sum to zero.
        assessed: The custom fees that its payer paid.
        limits: The most its payer would pay of them: each a serialised `CustomFeeLimit`.
        message, chunk, sequence_number, running_hash: Of a message on a topic.
        effect: The entity as it was right after, for the mirror; None where the mirror keeps nothing of it.
        fault: The kind of fault that hit it at its node; "" for none.
        nonce: 0; of a child, a transaction that the network itself made while it handled another, its number from 1.
        raw: Its bytes, until they are in the state file; b"" where there is none.
    """

    index: int
    node: int
    arrival: float
    size: int
    operation: Operation | None = None
    kind: str = ""
    body: Any = None
    signatures: Signatures | None = None
    key: TransactionKey | None = None
    memo: str = ""
    max_fee: int = 0
    high_volume: bool = False
    valid_duration: int = 0
    hash: bytes = b""
    precheck: int | None = None
    status: int | None = None
    ack: float | None = None
    consensus_ns: int = 0
    known: float | None = None
    receipt_served: float | None = None
    mirror_visible: float | None = None
    entity: int = 0
    created: bool = False
    due: Fee | None = None
    fee: int = 0
    transfers: tuple[tuple[int, int], ...] = ()
    assessed: tuple[CustomFee, ...] = ()
    limits: tuple[bytes, ...] = ()
    message: bytes | None = None
    chunk: Chunk | None = None
    sequence_number: int = 0
    running_hash: bytes = b""
    effect: Topic | Account | None = None
    fault: str = ""
    nonce: int = 0
    raw: bytes = b""

    @property
    def data(self) -> Any:
        """The part of the body that belongs to its operation."""
        assert self.operation is not None
        return getattr(self.body, self.operation.field)


def consensus_ns(submission: Submission) -> int:
    """Its consensus timestamp; what lists of settled transactions are sorted by."""
    return submission.consensus_ns
