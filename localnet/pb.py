"""The messages this network speaks, gathered from the SDK's generated modules so that other files name one place."""

from __future__ import annotations

from hiero_sdk_python.hapi.mirror.consensus_service_pb2 import ConsensusTopicQuery, ConsensusTopicResponse
from hiero_sdk_python.hapi.mirror.mirror_network_service_pb2 import AddressBookQuery
from hiero_sdk_python.hapi.services import (
    address_book_service_pb2,
    consensus_service_pb2,
    crypto_service_pb2,
    file_service_pb2,
    freeze_service_pb2,
    network_service_pb2,
    schedule_service_pb2,
    smart_contract_service_pb2,
    token_service_pb2,
    util_service_pb2,
)
from hiero_sdk_python.hapi.services.basic_types_pb2 import (
    AccountAmount,
    AccountID,
    CurrentAndNextFeeSchedule,
    FeeComponents,
    FeeData,
    FeeSchedule,
    FileID,
    HederaFunctionality,
    Key,
    KeyList,
    NodeAddress,
    NodeAddressBook,
    SemanticVersion,
    ServiceEndpoint,
    TopicID,
    TransactionFeeSchedule,
    TransactionID,
)
from hiero_sdk_python.hapi.services.custom_fees_pb2 import CustomFeeLimit
from hiero_sdk_python.hapi.services.exchange_rate_pb2 import ExchangeRate, ExchangeRateSet
from hiero_sdk_python.hapi.services.query_header_pb2 import ANSWER_ONLY, COST_ANSWER
from hiero_sdk_python.hapi.services.query_pb2 import Query
from hiero_sdk_python.hapi.services.response_pb2 import Response
from hiero_sdk_python.hapi.services.throttle_definitions_pb2 import ThrottleDefinitions
from hiero_sdk_python.hapi.services.timestamp_pb2 import Timestamp, TimestampSeconds
from hiero_sdk_python.hapi.services.transaction_contents_pb2 import SignedTransaction
from hiero_sdk_python.hapi.services.transaction_pb2 import Transaction, TransactionBody
from hiero_sdk_python.hapi.services.transaction_receipt_pb2 import TransactionReceipt
from hiero_sdk_python.hapi.services.transaction_record_pb2 import TransactionRecord
from hiero_sdk_python.hapi.services.transaction_response_pb2 import TransactionResponse

NODE_SERVICE_FILES = (
    address_book_service_pb2,
    consensus_service_pb2,
    crypto_service_pb2,
    file_service_pb2,
    freeze_service_pb2,
    network_service_pb2,
    schedule_service_pb2,
    smart_contract_service_pb2,
    token_service_pb2,
    util_service_pb2,
)
"""Where the gRPC services of a consensus node are declared."""

__all__ = [
    "ANSWER_ONLY",
    "COST_ANSWER",
    "NODE_SERVICE_FILES",
    "AccountAmount",
    "AccountID",
    "AddressBookQuery",
    "ConsensusTopicQuery",
    "ConsensusTopicResponse",
    "CurrentAndNextFeeSchedule",
    "CustomFeeLimit",
    "ExchangeRate",
    "ExchangeRateSet",
    "FeeComponents",
    "FeeData",
    "FeeSchedule",
    "FileID",
    "HederaFunctionality",
    "Key",
    "KeyList",
    "NodeAddress",
    "NodeAddressBook",
    "Query",
    "Response",
    "SemanticVersion",
    "ServiceEndpoint",
    "SignedTransaction",
    "ThrottleDefinitions",
    "Timestamp",
    "TimestampSeconds",
    "TopicID",
    "Transaction",
    "TransactionBody",
    "TransactionFeeSchedule",
    "TransactionID",
    "TransactionReceipt",
    "TransactionRecord",
    "TransactionResponse",
]
