"""Clients of the embedded network for its tests: the unmodified SDK, raw gRPC, and the mirror's REST."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import grpc
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hiero_sdk_python import AccountId, Client, PrivateKey
from hiero_sdk_python.client.network import Network as SdkNetwork
from hiero_sdk_python.node import _Node

from localnet import pb
from localnet.protocol.status import status_name
from localnet_launcher import Localnet
from tests.localnet.ecdsa import EcdsaKey

SigningKey = Ed25519PrivateKey | EcdsaKey


NANOS = 1_000_000_000


WAIT_S = 10.0


def sdk_client(running: Localnet) -> Client:
    """The SDK's own client, pointed at a running network and paying as its operator."""
    nodes = [_Node(AccountId.from_string(account), address, None) for address, account in running.network.nodes.items()]
    client = Client(SdkNetwork("embedded", nodes=nodes, mirror_address=running.network.mirror_grpc))
    client.set_operator(AccountId.from_string(running.operator_id), PrivateKey.from_string(running.operator_key))
    return client


@dataclass
class Rest:
    """GET on a base URL: `rest(path)` gives (HTTP status, decoded JSON)."""

    base: str
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, path: str) -> tuple[int, Any]:
        """Ask for `path`."""
        response = requests.get(self.base + path, headers=self.headers, timeout=WAIT_S)
        return response.status_code, response.json()


class Wire:
    """Builds transactions field by field and sends them to a node as bytes, so that every mistake can be made.

    Statuses come back as their names.
    """

    def __init__(self, running: Localnet) -> None:
        self.operator = int(running.operator_id.rpartition(".")[2])
        self.key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(running.operator_key)[-32:])
        self.channels = {
            int(account.rpartition(".")[2]): grpc.insecure_channel(address)
            for address, account in running.network.nodes.items()
        }
        self._last_start_ns = 0

    def new_start_ns(self) -> int:
        """A valid start nobody used before, a moment ago."""
        self._last_start_ns = max(self._last_start_ns + 1, time.time_ns() - 2 * NANOS)
        return self._last_start_ns

    def body(self, *, start_ns: int | None = None, node: int = 3, **fields: Any) -> Any:
        """A transaction body: the operator pays, and any field can be given in place of the usual one."""
        start_ns = self.new_start_ns() if start_ns is None else start_ns
        usual = {
            "transactionID": pb.TransactionID(
                accountID=pb.AccountID(accountNum=self.operator),
                transactionValidStart=pb.Timestamp(seconds=start_ns // NANOS, nanos=start_ns % NANOS),
            ),
            "nodeAccountID": pb.AccountID(accountNum=node),
            "transactionFee": 100 * 100_000_000,
            "transactionValidDuration": {"seconds": 120},
        }
        return pb.TransactionBody(**{**usual, **fields})

    def sign(self, body: Any, *keys: SigningKey) -> bytes:
        """The bytes of a transaction, signed by `keys` (default: the operator)."""
        raw = body.SerializeToString()
        signed = pb.SignedTransaction(bodyBytes=raw)
        signed.sigMap.SetInParent()
        for key in keys or (self.key,):
            if isinstance(key, EcdsaKey):
                signed.sigMap.sigPair.add(pubKeyPrefix=key.raw, ECDSA_secp256k1=key.sign(raw))
                continue
            signed.sigMap.sigPair.add(pubKeyPrefix=key.public_key().public_bytes_raw(), ed25519=key.sign(raw))
        return pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()

    def send(self, raw: bytes, node: int = 3) -> Any:
        """Send bytes as a transaction; returns the `TransactionResponse`."""
        call = self.channels[node].unary_unary("/proto.ConsensusService/submitMessage")
        return pb.TransactionResponse.FromString(call(raw, timeout=WAIT_S))

    def precheck(self, body: Any, *keys: SigningKey, node: int = 3) -> str:
        """Sign and send a body; returns the node's answer."""
        return status_name(self.send(self.sign(body, *keys), node).nodeTransactionPrecheckCode)

    def query(self, node: int = 3, **fields: Any) -> Any:
        """Send a query; returns the `Response`."""
        call = self.channels[node].unary_unary("/proto.CryptoService/getTransactionReceipts")
        return pb.Response.FromString(call(pb.Query(**fields).SerializeToString(), timeout=WAIT_S))

    def receipt(self, body: Any, node: int = 3) -> Any:
        """Ask for the receipt of a body once; returns the `TransactionGetReceiptResponse`."""
        return self.query(node, transactionGetReceipt={"transactionID": body.transactionID}).transactionGetReceipt

    def carry_out(self, body: Any, *keys: SigningKey) -> Any:
        """Sign and send a body that must pass precheck, to a network without delay; returns its receipt."""
        assert self.precheck(body, *keys) == "OK"
        return self.receipt(body).receipt

    def status(self, body: Any, *keys: SigningKey) -> str:
        """The receipt's status of `carry_out`."""
        return status_name(self.carry_out(body, *keys).status)

    def info(self, account_id: Any) -> Any:
        """The `CryptoGetInfoResponse` about an account."""
        query = {"accountID": account_id, "header": {"payment": self.payment(10_000_000)}}
        return self.query(cryptoGetInfo=query).cryptoGetInfo

    def payment(self, amount: int, *, node: int = 3) -> Any:
        """A signed payment to a node, as it goes into a query's header."""
        amounts = [
            pb.AccountAmount(accountID=pb.AccountID(accountNum=node), amount=amount),
            pb.AccountAmount(accountID=pb.AccountID(accountNum=self.operator), amount=-amount),
        ]
        body = self.body(node=node, cryptoTransfer={"transfers": {"accountAmounts": amounts}})
        return pb.Transaction.FromString(self.sign(body))

    def create_topic(self, *keys: Ed25519PrivateKey, **fields: Any) -> int:
        """Create a topic; returns its number."""
        body = self.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}, **fields})
        return int(self.carry_out(body, *keys).topicID.topicNum)

    def message(self, topic: int, message: bytes = b"hello", **fields: Any) -> Any:
        """The body of a message to a topic."""
        return self.body(consensusSubmitMessage={"topicID": {"topicNum": topic}, "message": message, **fields})

    @staticmethod
    def public(key: Ed25519PrivateKey) -> Any:
        """The protobuf `Key` of a private key."""
        return pb.Key(ed25519=key.public_key().public_bytes_raw())

    def close(self) -> None:
        """Close the channels."""
        for channel in self.channels.values():
            channel.close()
