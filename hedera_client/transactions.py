"""From a body to the bytes that one node is sent: transaction id, node, signature, envelope.

The bytes are written by hand, in the order and form of protobuf's own serialisation, because a transaction's price on
the client is made here: what never changes is serialised once and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from hedera_client.bodies import Body
from hedera_client.credentials import Signer
from hedera_client.ids import NS_PER_S, TransactionId, account_proto
from hedera_client.prices import SIGNATURE, WITHOUT_RATE, FeeCaps
from hedera_client.protobuf_wire import delimited, number_field, tag, varint

DEFAULT_VALID_DURATION_S: Final = 120
"""How long after its valid start a transaction may still be sent; the SDK's default. Nodes stop 10 s earlier."""

SHORTEST_VALID_DURATION_S: Final = 16
LONGEST_VALID_DURATION_S: Final = 180
"""Nodes take 15 to 180 s (hiero-consensus-node, HederaConfig). Of 15 s, the 5 s by which valid starts lie back and the
10 s by which nodes stop early leave nothing."""

_BODY_TAG: Final = tag(1, 2)  # SignedTransaction.bodyBytes, TransactionBody.transactionID, Timestamp in TransactionID
_SIGNATURES_TAG: Final = tag(2, 2)  # SignedTransaction.sigMap
_PAIR_TAG: Final = tag(1, 2)  # SignatureMap.sigPair
_NANOS_TAG: Final = tag(2, 0)  # Timestamp.nanos
_SIGNED_TAG: Final = tag(5, 2)  # Transaction.signedTransactionBytes


class Prepared(NamedTuple):
    """A signed transaction for one node. It may be sent again, to that node.

    Attributes:
        transaction_id: Its id.
        node: Account id of the node it is made for.
        kind: What it does, e.g. `ConsensusSubmitMessage`.
        method: Full gRPC method name.
        request: The serialised `Transaction`.
    """

    transaction_id: TransactionId
    node: str
    kind: str
    method: str
    request: bytes

    def __repr__(self) -> str:
        return f"Prepared({self.kind} {self.transaction_id} for {self.node}, {len(self.request)} bytes)"


def prepare(
    body: Body,
    node: str,
    transaction_id: TransactionId,
    signers: Sequence[Signer],
    valid_duration: int = DEFAULT_VALID_DURATION_S,
    caps: FeeCaps = WITHOUT_RATE,
) -> Prepared:
    """Sign `body` under `transaction_id` for one node; all signers sign the same bytes, the payer's first.

    Args:
        body: What it is to do.
        node: Account id of the node that will be sent it.
        transaction_id: Its id on all nodes.
        signers: Whose signatures it carries.
        valid_duration: Seconds from its valid start, 15 to 180.
        caps: How much is offered for it.
    """
    own_id = _id_bytes(transaction_id)
    price = body.price if len(signers) == 1 else body.price + (len(signers) - 1) * SIGNATURE
    body_bytes = b"".join(
        (_BODY_TAG, varint(len(own_id)), own_id, _terms(node, price, caps, valid_duration), body.data)
    )
    signatures = b""
    for signer in signers:
        pair = signer.signature_pair(body_bytes)
        signatures += _PAIR_TAG + varint(len(pair)) + pair
    signed = b"".join(
        (_BODY_TAG, varint(len(body_bytes)), body_bytes, _SIGNATURES_TAG, varint(len(signatures)), signatures)
    )
    request = b"".join((_SIGNED_TAG, varint(len(signed)), signed))
    return Prepared(transaction_id, node, body.kind, body.method, request)


def _id_bytes(transaction_id: TransactionId) -> bytes:
    """A serialised `TransactionID`: valid start, then payer."""
    seconds, nanos = divmod(transaction_id.valid_start_ns, NS_PER_S)
    start = _seconds(seconds)
    if nanos:
        start += _NANOS_TAG + varint(nanos)
    return b"".join((_BODY_TAG, varint(len(start)), start, _payer(transaction_id.payer)))


@lru_cache(maxsize=64)
def _seconds(seconds: int) -> bytes:
    """The field `seconds` of a `Timestamp`; neighbouring transactions share it."""
    return number_field(1, seconds)


@lru_cache(maxsize=1_024)
def _payer(account_id: str) -> bytes:
    """The field `accountID` of a `TransactionID`."""
    return delimited(2, account_proto(account_id).SerializeToString())


@lru_cache(maxsize=4_096)
def _terms(node: str, price: int, caps: FeeCaps, valid_duration: int) -> bytes:
    """The fields `nodeAccountID`, `transactionFee` and `transactionValidDuration` of a `TransactionBody`."""
    node_field = delimited(2, account_proto(node).SerializeToString())
    return node_field + number_field(3, caps.of(price)) + delimited(4, number_field(1, valid_duration))
