"""From a body to the bytes that one node is sent: transaction id, node, signature, envelope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hiero_sdk_python.hapi.services import basic_types_pb2, transaction_contents_pb2, transaction_pb2

from hedera_client.bodies import Body
from hedera_client.credentials import Signer
from hedera_client.ids import TransactionId, account_proto


@dataclass(frozen=True, slots=True)
class Prepared:
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


def prepare(body: Body, node: str, transaction_id: TransactionId, signers: Sequence[Signer]) -> Prepared:
    """Sign `body` under `transaction_id` for one node; all signers sign the same bytes, the payer's first."""
    body_bytes = _head(node, transaction_id) + body.data
    signed = transaction_contents_pb2.SignedTransaction(
        bodyBytes=body_bytes,
        sigMap=basic_types_pb2.SignatureMap(sigPair=[signer.signature(body_bytes) for signer in signers]),
    )
    transaction = transaction_pb2.Transaction(signedTransactionBytes=signed.SerializeToString())
    return Prepared(transaction_id, node, body.kind, body.method, transaction.SerializeToString())


def _head(node: str, transaction_id: TransactionId) -> bytes:
    """The first two fields of a `TransactionBody`; `Body.data` holds the rest."""
    head = transaction_pb2.TransactionBody(transactionID=transaction_id.to_proto(), nodeAccountID=account_proto(node))
    data: bytes = head.SerializeToString()
    return data
