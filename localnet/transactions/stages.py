"""One transaction at each stage of its way: received by a node, checked by it, handled at consensus.

Each stage is complete when it is made, and never changes. They are tuples, not frozen dataclasses, because one of each
is made for every transaction, and a frozen dataclass takes about six times as long. Times are Unix seconds, or
nanoseconds where the name ends in `_ns`; amounts are tinybars.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from localnet.protocol.ethereum import EthereumTransaction
from localnet.protocol.ids import TransactionKey
from localnet.protocol.keys import Signatures
from localnet.state.entities import Account, CustomFee, Topic
from localnet.state.fees import Fee


class Kind(NamedTuple):
    """A kind of transaction; its `TransactionHandler` says how it takes effect.

    Attributes:
        field: The field of `TransactionBody.data` it lives in.
        name: The mirror's name for it, e.g. `CONSENSUSSUBMITMESSAGE`.
        receipt_field: The field of the receipt that carries the id of an entity it creates; "" for none.
    """

    field: str
    name: str
    receipt_field: str


class Terms(NamedTuple):
    """The terms of a transaction, from its body.

    Attributes:
        memo: Its memo.
        max_fee: The most its payer offers.
        valid_duration: Seconds it is valid for, from its valid start.
        high_volume: Whether its payer would pay the prices of HIP-1313; they are not charged here.
        limits: The most its payer would pay of custom fees: each a serialised `CustomFeeLimit`.
    """

    memo: str = ""
    max_fee: int = 0
    valid_duration: int = 0
    high_volume: bool = False
    limits: tuple[bytes, ...] = ()


class Received(NamedTuple):
    """The bytes of a submitted transaction, as they arrived at a node.

    Attributes:
        position: In the ledger, from 0; -1 of what the ledger does not list.
        node: Account number of the node.
        arrival: When it arrived.
        size: Bytes of the whole serialised transaction.
        raw: The serialised `Transaction`.
    """

    position: int
    node: int
    arrival: float
    size: int
    raw: bytes


class Checked(NamedTuple):
    """A transaction that a node has parsed and priced; unless precheck then refuses it, it goes to consensus.

    Attributes:
        received: What arrived.
        kind: Its kind.
        key: Its transaction id.
        terms: Its terms.
        hash: SHA-384 of the signed transaction.
        body: The `TransactionBody`.
        data: The part of the body that belongs to its kind.
        signatures: The signatures on it.
        due: Its fee.
    """

    received: Received
    kind: Kind
    key: TransactionKey
    terms: Terms
    hash: bytes
    body: Any
    data: Any
    signatures: Signatures
    due: Fee


class Chunk(NamedTuple):
    """The place of a chunk in its message: `number` of `total`; `initial` is the first chunk's transaction."""

    initial: TransactionKey
    number: int
    total: int


class TopicMessage(NamedTuple):
    """A message of a topic.

    Attributes:
        topic: The topic's number.
        key: The id of its transaction, which names the payer.
        consensus_ns: The consensus timestamp of its transaction.
        contents: Its bytes.
        chunk: Its place in a longer one; None for a whole one.
        sequence_number: Its number on the topic, from 1.
        running_hash: The topic's running hash with it.
    """

    topic: int
    key: TransactionKey
    consensus_ns: int
    contents: bytes
    chunk: Chunk | None
    sequence_number: int
    running_hash: bytes


class EthereumResult(NamedTuple):
    """What an Ethereum transaction did that was carried out, whether or not it succeeded.

    Attributes:
        transaction: Itself.
        sender: Who signed it, as it was right after.
        recipient: The recipient's account number; 0 where there is no account.
        gas_used: Units of gas.
        gas_price: Tinybars of each.
    """

    transaction: EthereumTransaction
    sender: Account
    recipient: int
    gas_used: int
    gas_price: int


class Handled(NamedTuple):
    """A transaction that has reached consensus. Receipts, records, the ledger and the mirror read it.

    Attributes:
        position: In the ledger; that of its parent where `nonce` is above 0.
        node: Account number of the node that it came through.
        size: Bytes of the whole serialised transaction; 0 of a child, which was not submitted.
        kind, key, terms, hash: As they were checked.
        nonce: 0; of a child, a transaction that the network itself made while it handled another, its number from 1.
        status: The receipt's status.
        consensus_ns: Consensus timestamp.
        known: When that was known, and the receipt was there.
        entity: The entity it created or changed, or was to change; encoded if of another shard or realm, 0 for none.
        created: Whether it created `entity`.
        fee: What its payer was charged.
        transfers: Balance changes by account number; they sum to zero.
        assessed: The custom fees that its payer paid.
        message: The message that its topic took; None for anything else, and for one that was refused.
        effect: The entity as it was right after, or what an Ethereum transaction did, for the mirror; None where the
            mirror keeps nothing of it.
    """

    position: int
    node: int
    size: int
    kind: Kind
    key: TransactionKey
    terms: Terms
    hash: bytes
    nonce: int
    status: int
    consensus_ns: int
    known: float
    entity: int
    created: bool
    fee: int
    transfers: tuple[tuple[int, int], ...]
    assessed: tuple[CustomFee, ...]
    message: TopicMessage | None
    effect: Topic | Account | EthereumResult | None


def consensus_ns(one: Handled | TopicMessage) -> int:
    """Its consensus timestamp, the sort key of lists of handled transactions and of messages."""
    return one.consensus_ns
