"""Bodies of transactions, without the fields that differ between nodes and attempts, serialised once.

A `TransactionBody`'s fields 1 to 4 are transaction id, node, highest fee and valid duration; the operation follows. So
the operation is serialised here, and `hedera_client.transactions` puts the four fields before it: the same bytes as
serialising everything at once, and the same body serves every node and every attempt.

A body also has its list price (`hedera_client.prices`), from which the offered fee follows when it is signed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from hiero_sdk_python.crypto.public_key import PublicKey
from hiero_sdk_python.hapi.services import (
    basic_types_pb2,
    consensus_create_topic_pb2,
    consensus_delete_topic_pb2,
    consensus_submit_message_pb2,
    consensus_update_topic_pb2,
    crypto_create_pb2,
    crypto_transfer_pb2,
    duration_pb2,
    file_append_pb2,
    file_create_pb2,
    file_delete_pb2,
    file_update_pb2,
    timestamp_pb2,
    transaction_pb2,
)

from hedera_client import prices
from hedera_client.ids import TransactionId, account_proto, file_proto, topic_proto
from hedera_client.protobuf_wire import delimited, tag, varint

MESSAGE_LIMIT_BYTES: Final = 1_024
"""Longest message of one transaction (hiero-consensus-node, `consensus.message.maxBytesAllowed`)."""

AUTO_RENEW_S: Final = 7_890_000
FILE_LIFETIME_S: Final = 7_776_000
_SUBMIT_MESSAGE: Final = "ConsensusSubmitMessage"
_SUBMIT_METHOD: Final = "/proto.ConsensusService/submitMessage"
_SUBMIT_TAG: Final = tag(27, 2)
_SUBMIT_PRICE: Final = prices.with_network(prices.SUBMIT_MESSAGE, 0)
_MESSAGE_TAG: Final = tag(2, 2)


class Body(NamedTuple):
    """The body of one transaction.

    Attributes:
        kind: The network's name of the operation, e.g. `ConsensusSubmitMessage`.
        method: Full gRPC method name that takes it.
        price: Tinycents that it costs by the price list, with one signature; not what custom fees add.
        data: Its `TransactionBody` without transaction id, node, fee and valid duration.
    """

    kind: str
    method: str
    price: int
    data: bytes

    def __repr__(self) -> str:
        return f"Body({self.kind}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class ChunkInfo:
    """Place of a chunk in its message.

    Attributes:
        initial_transaction_id: Transaction id of the message's first chunk.
        total: Number of chunks.
        number: This chunk's, from 1.
    """

    initial_transaction_id: TransactionId
    total: int
    number: int


class Chunk(NamedTuple):
    """A piece of a message that fits into one transaction."""

    data: bytes
    number: int
    total: int

    def info(self, first: TransactionId) -> ChunkInfo | None:
        """Its place, given the transaction id of the first chunk; None where the message is a single piece."""
        return ChunkInfo(first, self.total, self.number) if self.total > 1 else None


def split_message(message: bytes, size: int = MESSAGE_LIMIT_BYTES) -> list[Chunk]:
    """Cut a message into chunks of at most `size` bytes; an empty message is one empty chunk.

    Raises:
        ValueError: `size` is not 1 to MESSAGE_LIMIT_BYTES.
    """
    if not 1 <= size <= MESSAGE_LIMIT_BYTES:
        raise ValueError(f"chunk size {size}: choose 1 to {MESSAGE_LIMIT_BYTES}")
    if len(message) <= size:
        return [Chunk(message, 1, 1)]
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return [Chunk(piece, number, len(pieces)) for number, piece in enumerate(pieces, start=1)]


def submit_message(topic_id: str, message: bytes, chunk: ChunkInfo | None = None) -> Body:
    """Write a message, or one chunk of a message, to a topic."""
    operation = (
        b"".join((_topic_field(topic_id), _MESSAGE_TAG, varint(len(message)), message))
        if message
        else _topic_field(topic_id)
    )
    if chunk is not None:
        operation += delimited(3, _chunk_info(chunk))
    size = len(operation)
    price = _SUBMIT_PRICE if size <= prices.INCLUDED_BYTES else prices.with_network(prices.SUBMIT_MESSAGE, size)
    return Body(_SUBMIT_MESSAGE, _SUBMIT_METHOD, price, _SUBMIT_TAG + varint(len(operation)) + operation)


@lru_cache(maxsize=4_096)
def _topic_field(topic_id: str) -> bytes:
    """The field `topicID` of a submission, serialised."""
    return delimited(1, topic_proto(topic_id).SerializeToString())


def _chunk_info(chunk: ChunkInfo) -> bytes:
    proto = consensus_submit_message_pb2.ConsensusMessageChunkInfo(
        initialTransactionID=chunk.initial_transaction_id.to_proto(), total=chunk.total, number=chunk.number
    )
    data: bytes = proto.SerializeToString()
    return data


def create_topic(
    *,
    memo: str = "",
    admin_key: PublicKey | None = None,
    submit_key: PublicKey | None = None,
    auto_renew_account: str | None = None,
    auto_renew_period: int = AUTO_RENEW_S,
) -> Body:
    """Create a topic; the receipt names it.

    Args:
        memo: At most 100 UTF-8 bytes.
        admin_key: May change and delete the topic, and must sign this transaction; None makes it immutable.
        submit_key: Must sign every message; None lets every account write.
        auto_renew_account: Pays for renewal, and must sign this transaction.
        auto_renew_period: Seconds, 2592000 to 8000001.
    """
    operation = consensus_create_topic_pb2.ConsensusCreateTopicTransactionBody(
        memo=memo,
        adminKey=_key(admin_key),
        submitKey=_key(submit_key),
        autoRenewPeriod=duration_pb2.Duration(seconds=auto_renew_period),
        autoRenewAccount=account_proto(auto_renew_account) if auto_renew_account else None,
    )
    price = prices.topic((admin_key is not None) + (submit_key is not None))
    return _body("ConsensusCreateTopic", "ConsensusService/createTopic", price, consensusCreateTopic=operation)


def update_topic(
    topic_id: str, *, memo: str | None = None, admin_key: PublicKey | None = None, submit_key: PublicKey | None = None
) -> Body:
    """Change a topic; what is None stays. The admin key must sign (for a submit key alone, the old submit key may)."""
    operation = consensus_update_topic_pb2.ConsensusUpdateTopicTransactionBody(
        topicID=topic_proto(topic_id), adminKey=_key(admin_key), submitKey=_key(submit_key)
    )
    if memo is not None:
        operation.memo.value = memo
    price = prices.UPDATE_TOPIC + (admin_key is not None and submit_key is not None) * prices.KEY
    return _body("ConsensusUpdateTopic", "ConsensusService/updateTopic", price, consensusUpdateTopic=operation)


def delete_topic(topic_id: str) -> Body:
    """Delete a topic; its admin key must sign."""
    operation = consensus_delete_topic_pb2.ConsensusDeleteTopicTransactionBody(topicID=topic_proto(topic_id))
    return _body(
        "ConsensusDeleteTopic", "ConsensusService/deleteTopic", prices.DELETE_TOPIC, consensusDeleteTopic=operation
    )


def create_file(
    contents: bytes, *, keys: Iterable[PublicKey] = (), memo: str = "", expires_at: int | None = None
) -> Body:
    """Create a file; the receipt names it.

    Args:
        contents: Its first bytes. The whole transaction must stay within 6,144 bytes.
        keys: All of them must sign this and later changes; none makes the file immutable.
        memo: At most 100 UTF-8 bytes.
        expires_at: Unix time in seconds; None is FILE_LIFETIME_S (90 days) from now.
    """
    expiry = int(time.time()) + FILE_LIFETIME_S if expires_at is None else expires_at
    listed = _key_list(keys)
    operation = file_create_pb2.FileCreateTransactionBody(
        keys=listed, contents=contents, memo=memo, expirationTime=timestamp_pb2.Timestamp(seconds=expiry)
    )
    price = prices.file_bytes(len(contents), len(listed.keys))
    return _body("FileCreate", "FileService/createFile", price, fileCreate=operation)


def append_file(file_id: str, contents: bytes) -> Body:
    """Append to a file; all its keys must sign. The whole transaction must stay within 6,144 bytes."""
    operation = file_append_pb2.FileAppendTransactionBody(fileID=file_proto(file_id), contents=contents)
    return _body("FileAppend", "FileService/appendContent", prices.file_bytes(len(contents)), fileAppend=operation)


def update_file(
    file_id: str, *, contents: bytes = b"", keys: Iterable[PublicKey] = (), memo: str | None = None
) -> Body:
    """Change a file; what is empty or None stays. All its keys, old and new, must sign."""
    operation = file_update_pb2.FileUpdateTransactionBody(fileID=file_proto(file_id), contents=contents)
    listed = _key_list(keys)
    if listed.keys:
        operation.keys.CopyFrom(listed)
    if memo is not None:
        operation.memo.value = memo
    price = prices.file_bytes(len(contents), len(listed.keys))
    return _body("FileUpdate", "FileService/updateFile", price, fileUpdate=operation)


def delete_file(file_id: str) -> Body:
    """Delete a file; any one of its keys must sign."""
    operation = file_delete_pb2.FileDeleteTransactionBody(fileID=file_proto(file_id))
    return _body("FileDelete", "FileService/deleteFile", prices.DELETE_FILE, fileDelete=operation)


def create_account(key: PublicKey, *, initial_balance: int = 0, memo: str = "") -> Body:
    """Create an account; the receipt names it.

    Args:
        key: Signs for it from now on.
        initial_balance: Tinybars that the payer gives it.
        memo: At most 100 UTF-8 bytes.
    """
    operation = crypto_create_pb2.CryptoCreateTransactionBody(
        key=_key(key),
        initialBalance=initial_balance,
        memo=memo,
        autoRenewPeriod=duration_pb2.Duration(seconds=AUTO_RENEW_S),
    )
    return _body("CryptoCreate", "CryptoService/createAccount", prices.CREATE_ACCOUNT, cryptoCreateAccount=operation)


def transfer(amounts: Mapping[str, int]) -> Body:
    """Move hbars. `amounts` are tinybars by account id, positive where they arrive; their sum is 0."""
    operation = crypto_transfer_pb2.CryptoTransferTransactionBody(
        transfers=basic_types_pb2.TransferList(
            accountAmounts=[
                basic_types_pb2.AccountAmount(accountID=account_proto(account), amount=amount)
                for account, amount in amounts.items()
            ]
        )
    )
    return _body(
        "CryptoTransfer", "CryptoService/cryptoTransfer", prices.transfer(len(amounts)), cryptoTransfer=operation
    )


def transfer_to_address(payer: str, address: str, tinybars: int) -> Body:
    """Move hbars to an EVM address; where it has no account yet, it gets one (HIP-583), which the payer pays besides.

    Args:
        payer: Account id of who gives them.
        address: `0x` and 40 hexadecimal digits.
        tinybars: How many.
    """
    to = basic_types_pb2.AccountID(alias=bytes.fromhex(address[2:]))
    moves = ((account_proto(payer), -tinybars), (to, tinybars))
    operation = crypto_transfer_pb2.CryptoTransferTransactionBody(
        transfers=basic_types_pb2.TransferList(
            accountAmounts=[basic_types_pb2.AccountAmount(accountID=who, amount=amount) for who, amount in moves]
        )
    )
    return _body("CryptoTransfer", "CryptoService/cryptoTransfer", prices.transfer(2), cryptoTransfer=operation)


def _body(kind: str, method: str, service_price: int, **operation: Any) -> Body:
    data: bytes = transaction_pb2.TransactionBody(**operation).SerializeToString()
    return Body(kind, f"/proto.{method}", prices.with_network(service_price, len(data)), data)


def _key(key: PublicKey | None) -> basic_types_pb2.Key | None:
    return None if key is None else key.to_proto_key()


def _key_list(keys: Iterable[PublicKey]) -> basic_types_pb2.KeyList:
    return basic_types_pb2.KeyList(keys=[key.to_proto_key() for key in keys])
