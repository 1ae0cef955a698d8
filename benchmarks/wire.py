"""Signed transactions as bytes, as many as a benchmark needs, made before the clock runs."""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet_launcher import Localnet

VALID_S = 175
MESSAGE = b"m" * 256


class Transactions:
    """Signed HCS submissions to one topic, for the nodes in turn; each is given out once."""

    def __init__(self, network: Localnet, topic: int) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(network.operator_key)[-32:])
        self.public = self.key.public_key().public_bytes_raw()
        self.operator = int(network.operator_id.rpartition(".")[2])
        self.nodes = [int(account.rpartition(".")[2]) for account in network.network.nodes.values()]
        self.topic = topic
        self._last = 0

    def sign(self, body: pb.TransactionBody, node: int) -> bytes:
        """One transaction for one node, with an id of its own."""
        self._last = max(self._last + 1, time.time_ns() - 1_000_000_000)
        body.transactionID.accountID.accountNum = self.operator
        body.transactionID.transactionValidStart.seconds = self._last // 1_000_000_000
        body.transactionID.transactionValidStart.nanos = self._last % 1_000_000_000
        body.nodeAccountID.accountNum = node
        body.transactionValidDuration.seconds = VALID_S
        body.transactionFee = 200_000_000
        raw = body.SerializeToString()
        signed = pb.SignedTransaction(bodyBytes=raw)
        signed.sigMap.sigPair.add(pubKeyPrefix=self.public, ed25519=self.key.sign(raw))
        return bytes(pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString())

    def messages(self, count: int) -> list[tuple[int, bytes]]:
        """`count` messages as (index of the node, bytes)."""
        made = []
        for number in range(count):
            at = number % len(self.nodes)
            body = pb.TransactionBody()
            body.consensusSubmitMessage.topicID.topicNum = self.topic
            body.consensusSubmitMessage.message = MESSAGE
            made.append((at, self.sign(body, self.nodes[at])))
        return made
