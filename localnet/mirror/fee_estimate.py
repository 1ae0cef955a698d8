"""The mirror's fee estimate of a transaction, item by item, before it is sent.

The figures are those that consensus charges: node and network fee come from FeeSchedule's constants, and the service
fee from the handler's own price. Only its items are listed here; the rest of the price is the
base. Names as in simpleFeesSchedules.json of release 0.78 (hiero-ledger/solo).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import DecodeError

from localnet import pb
from localnet.protocol.ids import entity_number
from localnet.state.fees import (
    INCLUDED_TRANSACTION_BYTES,
    KEY,
    NETWORK_MULTIPLIER,
    NODE_BASE,
    SIGNATURE,
    TRANSACTION_BYTE,
)
from localnet.transactions import HANDLERS, TransactionHandler
from localnet.transactions.custom_fees import CREATE_SURCHARGE, SUBMIT_SURCHARGE
from localnet.transactions.field_checks import proto_key_count


class NotATransactionError(ValueError):
    """The bytes are not a transaction whose price this network knows; the message is the mirror's."""


@dataclass(frozen=True, slots=True)
class Extra:
    """One item: `count` of something of which `included` come with the base price; prices are in tinycents."""

    name: str
    count: int
    included: int
    fee_per_unit: int

    @property
    def charged(self) -> int:
        """How many are paid for."""
        return max(0, self.count - self.included)

    @property
    def subtotal(self) -> int:
        """What they cost, in tinycents."""
        return self.charged * self.fee_per_unit


@dataclass(frozen=True, slots=True)
class Estimate:
    """A transaction's fee in tinycents: the parts of the node's and of the service's fee."""

    node_base: int
    node_extras: tuple[Extra, ...]
    service_base: int
    service_extras: tuple[Extra, ...]

    @property
    def node(self) -> int:
        """The whole fee of the node."""
        return self.node_base + sum(extra.subtotal for extra in self.node_extras)

    @property
    def network(self) -> int:
        """The network's fee, a multiple of the node's."""
        return self.node * NETWORK_MULTIPLIER

    @property
    def total(self) -> int:
        """Everything."""
        return self.node + self.network + self.service_base + sum(extra.subtotal for extra in self.service_extras)


def estimate_fee(raw: bytes, has_custom_fees: Callable[[int], bool] = lambda _: False) -> Estimate:
    """Estimate the fee of a serialised `Transaction`, signed or not; unsigned, it is priced with one signature.

    Args:
        raw: The transaction.
        has_custom_fees: Whether the topic of a number has custom fees; a message on such a one costs more.

    Raises:
        NotATransactionError: it cannot be read, or does something that this network does not.
    """
    body, signatures = _read(raw)
    field = body.WhichOneof("data")
    handler = HANDLERS.get(field or "")
    if handler is None:
        raise NotATransactionError("Unknown transaction type")
    data = getattr(body, handler.field)
    items = _ITEMS.get(handler.field, _no_items)
    extras = tuple(items(data))
    base = handler.price(data) - sum(extra.subtotal for extra in extras)
    if field == "consensusSubmitMessage" and has_custom_fees(entity_number(data.topicID.topicNum, data.topicID)):
        extras = tuple(_message_with_fees(1))
    return Estimate(
        node_base=NODE_BASE,
        node_extras=(
            Extra("PROCESSING_BYTES", len(raw), INCLUDED_TRANSACTION_BYTES, TRANSACTION_BYTE),
            Extra("SIGNATURES", signatures, 1, SIGNATURE),
        ),
        service_base=base,
        service_extras=extras,
    )


def base_price(handler: TransactionHandler) -> tuple[int, list[Extra]]:
    """The base price of a kind in tinycents, and its possible extras, each counted as none."""
    data = getattr(pb.TransactionBody(), handler.field)
    extras = list(_ITEMS.get(handler.field, _no_items)(data))
    if handler.field == "consensusSubmitMessage":
        extras += _message_with_fees(0)
    return handler.price(data), extras


def _read(raw: bytes) -> tuple[Any, int]:
    """The body of a transaction in either of its forms, and its number of signatures."""
    try:
        transaction = pb.Transaction.FromString(raw)
        body_bytes, signature_map = transaction.bodyBytes, transaction.sigMap
        if transaction.signedTransactionBytes:
            signed = pb.SignedTransaction.FromString(transaction.signedTransactionBytes)
            body_bytes, signature_map = signed.bodyBytes, signed.sigMap
        if not body_bytes:
            raise NotATransactionError("Transaction must contain body bytes or signed transaction bytes")
        return pb.TransactionBody.FromString(body_bytes), len(signature_map.sigPair)
    except DecodeError as error:
        raise NotATransactionError("Unable to parse transaction") from error


def _keys(keys: Iterable[Any], included: int) -> Extra:
    return Extra("KEYS", sum(map(proto_key_count, keys)), included, KEY)


def _no_items(data: Any) -> list[Extra]:  # noqa: ARG001 (it costs the same for every one)
    return []


def _account(data: Any) -> list[Extra]:
    return [_keys([data.key], 1)]


def _transfer(data: Any) -> list[Extra]:
    return [Extra("ACCOUNTS", len(data.transfers.accountAmounts), 2, 1_000_000)]


def _new_topic(data: Any) -> list[Extra]:
    keys = _keys([data.adminKey, data.submitKey, data.fee_schedule_key], 0)
    return [keys, Extra("CONSENSUS_CREATE_TOPIC_WITH_CUSTOM_FEE", int(bool(data.custom_fees)), 0, CREATE_SURCHARGE)]


def _changed_topic(data: Any) -> list[Extra]:
    return [_keys([data.adminKey, data.submitKey, data.fee_schedule_key], 1)]


def _message(data: Any) -> list[Extra]:
    return [Extra("CONSENSUS_SUBMIT_MESSAGE_WITHOUT_CUSTOM_FEE_BYTES", len(data.message), 100, 6_800)]


def _message_with_fees(count: int) -> list[Extra]:
    return [Extra("CONSENSUS_SUBMIT_MESSAGE_WITH_CUSTOM_FEE", count, 0, SUBMIT_SURCHARGE)]


def _file(data: Any) -> list[Extra]:
    return [_keys(data.keys.keys, 1), *_contents(data)]


def _contents(data: Any) -> list[Extra]:
    return [Extra("STATE_BYTES", len(data.contents), 1_000, 1_000_000)]


_ITEMS: Final[dict[str, Callable[[Any], list[Extra]]]] = {
    "cryptoCreateAccount": _account,
    "cryptoUpdateAccount": _account,
    "cryptoTransfer": _transfer,
    "consensusCreateTopic": _new_topic,
    "consensusUpdateTopic": _changed_topic,
    "consensusSubmitMessage": _message,
    "fileCreate": _file,
    "fileUpdate": _file,
    "fileAppend": _contents,
}
"""What the price of a transaction depends on, by its field of `TransactionBody.data`."""
