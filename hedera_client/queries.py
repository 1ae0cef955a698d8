"""Queries to a consensus node: their requests, prices and results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from google.protobuf.message import DecodeError
from hiero_sdk_python.hapi.services import query_header_pb2, query_pb2, response_pb2

from hedera_client.ids import (
    TransactionId,
    account_proto,
    account_text,
    file_proto,
    file_text,
    timestamp_ns,
    topic_proto,
)
from hedera_client.receipts import Receipt, read_receipt

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """One query.

    Attributes:
        kind: The network's name of it, e.g. `FileGetContents`.
        method: Full gRPC method name that answers it.
        field: Its field in the protobuf messages `Query` and `Response`.
        fields: The fields of the request.
        read: Converts its part of the `Response` to the result.
        paid: Whether nodes want to be paid for the answer.
    """

    kind: str
    method: str
    field: str
    fields: dict[str, Any]
    read: Callable[[Any], T]
    paid: bool = True

    def request(self, *, payment: Any | None = None, cost_only: bool = False) -> bytes:
        """Serialise the query. `payment` is a signed `Transaction`; `cost_only` asks for the price (free)."""
        kind = query_header_pb2.COST_ANSWER if cost_only else query_header_pb2.ANSWER_ONLY
        header = query_header_pb2.QueryHeader(responseType=kind, payment=payment)
        query = query_pb2.Query()
        part = getattr(query, self.field)
        part.MergeFrom(type(part)(header=header, **self.fields))
        data: bytes = query.SerializeToString()
        return data

    def answer(self, data: bytes) -> Any:
        """Return the part of a serialised `Response` that answers this query.

        Raises:
            ValueError: it is not a `Response`, or one to another query.
        """
        try:
            response = response_pb2.Response.FromString(data)
        except DecodeError as error:
            raise ValueError(f"the answer to {self.kind} cannot be read") from error
        if response.WhichOneof("response") != self.field:
            raise ValueError(f"the answer to {self.kind} is an answer to something else")
        return getattr(response, self.field)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file's properties: size in bytes, expiry in nanoseconds since 1970, number of keys."""

    file_id: str
    size: int
    expires_ns: int
    deleted: bool
    memo: str
    keys: int


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic's properties: last sequence number (0 before the first), running hash (48 bytes), keys."""

    topic_id: str
    sequence_number: int
    running_hash: bytes
    memo: str
    has_admin_key: bool
    has_submit_key: bool


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account's properties; balance in tinybars."""

    account_id: str
    balance: int
    memo: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A transaction at consensus, in full.

    Attributes:
        receipt: Its outcome.
        consensus_timestamp: Nanoseconds since 1970.
        transaction_hash: SHA-384 of the signed transaction.
        fee: Tinybars that were charged.
        memo: Of the transaction.
        transfers: Tinybars by account id; negative where they left.
    """

    receipt: Receipt
    consensus_timestamp: int
    transaction_hash: bytes
    fee: int
    memo: str
    transfers: dict[str, int]


def receipt(transaction_id: TransactionId) -> Query[Receipt | None]:
    """The receipt of a transaction; None while it is pending. Free."""
    return Query(
        "TransactionGetReceipt",
        _CRYPTO + "getTransactionReceipts",
        "transactionGetReceipt",
        {"transactionID": transaction_id.to_proto()},
        lambda answer: read_receipt(answer.receipt, transaction_id),
        paid=False,
    )


def record(transaction_id: TransactionId) -> Query[Record]:
    """The record of a transaction. Ask when its receipt is there: one that is not found is paid all the same."""
    return Query(
        "TransactionGetRecord",
        _CRYPTO + "getTxRecordByTxID",
        "transactionGetRecord",
        {"transactionID": transaction_id.to_proto()},
        lambda answer: _read_record(answer.transactionRecord, transaction_id),
    )


def balance(account_id: str) -> Query[int]:
    """Tinybars of an account. Free; public networks are throttling it to zero, so ask their mirror instead."""
    return Query(
        "CryptoGetAccountBalance",
        _CRYPTO + "cryptoGetBalance",
        "cryptogetAccountBalance",
        {"accountID": account_proto(account_id)},
        lambda answer: int(answer.balance),
        paid=False,
    )


def account_info(account_id: str) -> Query[AccountInfo]:
    """What the network knows of an account."""
    return Query(
        "CryptoGetInfo",
        _CRYPTO + "getAccountInfo",
        "cryptoGetInfo",
        {"accountID": account_proto(account_id)},
        lambda answer: AccountInfo(
            account_id=account_text(answer.accountInfo.accountID),
            balance=answer.accountInfo.balance,
            memo=answer.accountInfo.memo,
            deleted=answer.accountInfo.deleted,
        ),
    )


def file_contents(file_id: str) -> Query[bytes]:
    """A file's contents; empty where the file was deleted."""
    return Query(
        "FileGetContents",
        _FILE + "getFileContent",
        "fileGetContents",
        {"fileID": file_proto(file_id)},
        lambda answer: bytes(answer.fileContents.contents),
    )


def file_info(file_id: str) -> Query[FileInfo]:
    """What the network knows of a file."""
    return Query(
        "FileGetInfo",
        _FILE + "getFileInfo",
        "fileGetInfo",
        {"fileID": file_proto(file_id)},
        lambda answer: _read_file_info(answer.fileInfo),
    )


def topic_info(topic_id: str) -> Query[TopicInfo]:
    """What the network knows of a topic."""
    return Query(
        "ConsensusGetTopicInfo",
        "/proto.ConsensusService/getTopicInfo",
        "consensusGetTopicInfo",
        {"topicID": topic_proto(topic_id)},
        lambda answer: _read_topic_info(answer.topicInfo, topic_id),
    )


_CRYPTO: Final = "/proto.CryptoService/"
_FILE: Final = "/proto.FileService/"


def _read_record(proto: Any, transaction_id: TransactionId) -> Record:
    found = read_receipt(proto.receipt, transaction_id)
    if found is None:
        raise ValueError(f"the record of {transaction_id} says that it is pending")
    return Record(
        receipt=found,
        consensus_timestamp=timestamp_ns(proto.consensusTimestamp),
        transaction_hash=proto.transactionHash,
        fee=proto.transactionFee,
        memo=proto.memo,
        transfers={account_text(entry.accountID): entry.amount for entry in proto.transferList.accountAmounts},
    )


def _read_file_info(proto: Any) -> FileInfo:
    return FileInfo(
        file_id=file_text(proto.fileID),
        size=proto.size,
        expires_ns=timestamp_ns(proto.expirationTime),
        deleted=proto.deleted,
        memo=proto.memo,
        keys=len(proto.keys.keys),
    )


def _read_topic_info(proto: Any, topic_id: str) -> TopicInfo:
    return TopicInfo(
        topic_id=topic_id,
        sequence_number=proto.sequenceNumber,
        running_hash=proto.runningHash,
        memo=proto.memo,
        has_admin_key=proto.HasField("adminKey"),
        has_submit_key=proto.HasField("submitKey"),
    )
