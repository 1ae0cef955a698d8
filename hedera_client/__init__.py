"""How one attempt of one operation reaches one Hedera node, and how its outcome is read back. It retries nothing."""

from hedera_client import sdk_on_demand  # noqa: F401 isort: skip (before anything of the SDK)

from hedera_client import bodies
from hedera_client.address_book import network_from_address_book
from hedera_client.bodies import Body, Chunk, ChunkInfo
from hedera_client.client import HederaClient
from hedera_client.credentials import Operator, Signer
from hedera_client.errors import (
    AlreadySubmittedError,
    ClockError,
    CredentialError,
    Fate,
    HederaError,
    MirrorError,
    MirrorTimeoutError,
    NodeError,
    PrecheckError,
    QueryTooExpensiveError,
    ReceiptFailedError,
    ReceiptTimeoutError,
    RelayError,
    TransactionExpiredError,
    TransportError,
)
from hedera_client.ids import TransactionId, TransactionIds
from hedera_client.messages import TopicMessage
from hedera_client.mirror_rest import ExchangeRate, MirrorRest, MirrorTransaction
from hedera_client.mirror_watcher import MirrorWatcher
from hedera_client.queries import AccountInfo, FileInfo, Record, TopicInfo
from hedera_client.receipts import Receipt
from hedera_client.relay import Relay
from hedera_client.running_hash import running_hash_v3
from hedera_client.settling import Settled, Settlement, Window
from hedera_client.transactions import Prepared
from hedera_client.wallet import Wallet

__all__ = [
    "AccountInfo",
    "AlreadySubmittedError",
    "Body",
    "Chunk",
    "ChunkInfo",
    "ClockError",
    "CredentialError",
    "ExchangeRate",
    "Fate",
    "FileInfo",
    "HederaClient",
    "HederaError",
    "MirrorError",
    "MirrorRest",
    "MirrorTimeoutError",
    "MirrorTransaction",
    "MirrorWatcher",
    "NodeError",
    "Operator",
    "PrecheckError",
    "Prepared",
    "QueryTooExpensiveError",
    "Receipt",
    "ReceiptFailedError",
    "ReceiptTimeoutError",
    "Record",
    "Relay",
    "RelayError",
    "Settled",
    "Settlement",
    "Signer",
    "TopicInfo",
    "TopicMessage",
    "TransactionExpiredError",
    "TransactionId",
    "TransactionIds",
    "TransportError",
    "Wallet",
    "Window",
    "bodies",
    "network_from_address_book",
    "running_hash_v3",
]
