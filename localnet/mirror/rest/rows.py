"""Rows of the REST API as JSON, with the keys of the mirror's API description."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from localnet import pb
from localnet.clock import NANOS, format_timestamp
from localnet.mirror.rest.entity import write_alias
from localnet.protocol.ids import TransactionKey, format_entity
from localnet.protocol.running_hash import VERSION
from localnet.protocol.status import status_name
from localnet.state.entities import NO_NODE, Account, CustomFee, Topic
from localnet.transactions.stages import Chunk, Handled, TopicMessage


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def key_row(key: Any) -> dict[str, str] | None:
    """A protobuf `Key`; None for no key."""
    if key is None:
        return None
    kind = key.WhichOneof("key")
    if kind == "ed25519":
        return {"_type": "ED25519", "key": key.ed25519.hex()}
    if kind == "ECDSA_secp256k1":
        return {"_type": "ECDSA_SECP256K1", "key": key.ECDSA_secp256k1.hex()}
    return {"_type": "ProtobufEncoded", "key": key.SerializeToString().hex()}


def topic_row(topic: Topic) -> dict[str, Any]:
    """A topic."""
    fees = [
        {
            "amount": fee.amount,
            "collector_account_id": format_entity(fee.collector),
            "denominating_token_id": None,
        }
        for fee in topic.custom_fees
    ]
    return {
        "admin_key": key_row(topic.admin_key),
        "auto_renew_account": format_entity(topic.auto_renew_account) if topic.auto_renew_account else None,
        "auto_renew_period": topic.auto_renew_period,
        "created_timestamp": format_timestamp(topic.created_ns),
        "custom_fees": {"created_timestamp": format_timestamp(topic.created_ns), "fixed_fees": fees},
        "deleted": topic.deleted,
        "fee_exempt_key_list": [key_row(key) for key in topic.exempt_keys],
        "fee_schedule_key": key_row(topic.fee_schedule_key),
        "memo": topic.memo,
        "submit_key": key_row(topic.submit_key),
        "timestamp": {"from": format_timestamp(topic.updated_ns), "to": None},
        "topic_id": format_entity(topic.number),
    }


def message_row(message: TopicMessage, encoding: str = "base64") -> dict[str, Any]:
    """A message of a topic. `encoding` is `base64` or `utf-8`."""
    contents = message.contents
    text = _base64(contents) if encoding == "base64" else contents.decode("utf-8", errors="replace")
    return {
        "chunk_info": None if message.chunk is None else _chunk_row(message.chunk),
        "consensus_timestamp": format_timestamp(message.consensus_ns),
        "message": text,
        "payer_account_id": format_entity(message.key.payer),
        "running_hash": _base64(message.running_hash),
        "running_hash_version": VERSION,
        "sequence_number": message.sequence_number,
        "topic_id": format_entity(message.topic),
    }


def _chunk_row(chunk: Chunk) -> dict[str, Any]:
    return {
        "initial_transaction_id": {
            "account_id": format_entity(chunk.initial.payer),
            "nonce": 0,
            "scheduled": False,
            "transaction_valid_start": _valid_start(chunk.initial),
        },
        "number": chunk.number,
        "total": chunk.total,
    }


def _valid_start(key: TransactionKey) -> str:
    return format_timestamp(key.seconds * NANOS + key.nanos)


def transaction_row(handled: Handled) -> dict[str, Any]:
    """A transaction."""
    return {
        "batch_key": None,
        "bytes": None,
        "charged_tx_fee": handled.fee,
        "consensus_timestamp": format_timestamp(handled.consensus_ns),
        "entity_id": format_entity(handled.entity) if handled.entity else None,
        "high_volume": handled.terms.high_volume,
        "max_custom_fees": [row for limit in handled.terms.limits for row in _limit_rows(limit)],
        "max_fee": str(handled.terms.max_fee),
        "memo_base64": _base64(handled.terms.memo.encode()),
        "name": handled.kind.name,
        "nft_transfers": [],
        "node": None if handled.nonce else format_entity(handled.node),
        "nonce": handled.nonce,
        "parent_consensus_timestamp": None,  # every child precedes its parent
        "result": status_name(handled.status),
        "scheduled": False,
        "staking_reward_transfers": [],
        "token_transfers": [],
        "transaction_hash": _base64(handled.hash),
        "transaction_id": handled.key.mirror_form,
        "transfers": [
            {"account": format_entity(account), "amount": amount, "is_approval": False}
            for account, amount in handled.transfers
        ],
        "valid_duration_seconds": str(handled.terms.valid_duration),
        "valid_start_timestamp": _valid_start(handled.key),
    }


def _limit_rows(limit: bytes) -> Iterator[dict[str, Any]]:
    """What an account would pay at most of a topic's custom fees, by denomination."""
    limited = pb.CustomFeeLimit.FromString(limit)
    for fee in limited.fees:
        token = fee.denominating_token_id.tokenNum if fee.HasField("denominating_token_id") else 0
        yield {
            "account_id": format_entity(limited.account_id.accountNum),
            "amount": fee.amount,
            "denominating_token_id": format_entity(token) if token else None,
        }


def detailed_row(handled: Handled) -> dict[str, Any]:
    """A transaction as it is shown by its id: also with the custom fees that its payer paid, if there were any."""
    row = transaction_row(handled)
    if handled.assessed:
        row["assessed_custom_fees"] = [_assessed_row(handled, fee) for fee in handled.assessed]
    return row


def _assessed_row(handled: Handled, fee: CustomFee) -> dict[str, Any]:
    return {
        "amount": fee.amount,
        "collector_account_id": format_entity(fee.collector),
        "effective_payer_account_ids": [format_entity(handled.key.payer)],
        "token_id": None,
    }


def account_row(account: Account, balance: tuple[int, int] | None) -> dict[str, Any]:
    """An account, without its transactions (MN:rest/accounts.js processRow).

    Args:
        account: Which.
        balance: Its balance and since when it is that, Unix nanoseconds; None where it is not asked for.
    """
    amount = None
    if balance is not None:
        amount = {"balance": balance[0], "timestamp": format_timestamp(balance[1]), "tokens": []}
    staked_to_node = account.staked_node != NO_NODE
    return {
        "account": format_entity(account.number),
        "alias": write_alias(account.alias),
        "auto_renew_period": account.auto_renew_period,
        "balance": amount,
        "created_timestamp": format_timestamp(account.created_ns),
        "decline_reward": account.decline_reward,
        "delegation_address": "0x",
        "deleted": account.deleted,
        "ethereum_nonce": account.ethereum_nonce,
        "evm_address": "0x" + account.evm_address.hex(),
        "expiry_timestamp": format_timestamp(account.expiration_s * NANOS),
        "key": key_row(account.key),
        "max_automatic_token_associations": account.max_automatic_token_associations,
        "memo": account.memo,
        "pending_reward": 0,
        "receiver_sig_required": account.receiver_signature_required,
        "stake_period_start": format_timestamp(account.staked_since_s * NANOS) if staked_to_node else None,
        "staked_account_id": format_entity(account.staked_account) if account.staked_account else None,
        "staked_node_id": account.staked_node if staked_to_node else None,
    }
