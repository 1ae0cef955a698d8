"""Ethereum transactions and their receipts (transactionFactory.ts, transactionReceiptFactory.ts)."""

from __future__ import annotations

from typing import Any, Final

from localnet.protocol.ethereum import ACCESS_LIST, FEE_MARKET, LEGACY, WEIBARS, EthereumTransaction
from localnet.protocol.status import codes, status_name
from localnet.relay.chain import Chain, Included

EMPTY_BLOOM: Final = "0x" + "0" * 512
EMPTY_ROOT: Final = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


def get_transaction(chain: Chain, digest: str) -> dict[str, Any] | None:
    """A transaction by its hash; None until its block is closed."""
    found = chain.included(bytes.fromhex(digest[2:]))
    return None if found is None else transaction_row(chain, found)


def get_transaction_in_block(chain: Chain, which: str, index: str) -> dict[str, Any] | None:
    """A transaction by its block and its place there; None where none of Ethereum's is there."""
    block, place = chain.block(which), int(index, 16) if len(index) > len("0x") else 0
    if block is None:
        return None
    return next((transaction_row(chain, one) for one in chain.ethereum(block) if one.index == place), None)


def get_receipt(chain: Chain, digest: str) -> dict[str, Any] | None:
    """The receipt of a transaction by its hash; None until its block is closed."""
    found = chain.included(bytes.fromhex(digest[2:]))
    return None if found is None else receipt_row(chain, found)


def transaction_row(chain: Chain, found: Included) -> dict[str, Any]:
    """A transaction in Ethereum's form; one that names no chain has no `chainId`."""
    one = found.result.transaction
    row = {
        **_place(found),
        "from": "0x" + found.result.sender.evm_address.hex(),
        "gas": hex(one.gas_limit),
        "gasPrice": hex(0 if one.kind == FEE_MARKET else one.max_gas_price * WEIBARS),
        "hash": "0x" + one.hash.hex(),
        "input": "0x" + one.data.hex(),
        "nonce": hex(one.nonce),
        "r": hex(one.r),
        "s": hex(one.s),
        "to": _to(chain, found),
        "type": hex(one.kind),
        "v": hex(one.v),
        "value": hex(one.tinybars * WEIBARS),
    }
    if one.chain_id is not None:
        row["chainId"] = hex(one.chain_id)
    return row | _of_its_type(one)


def receipt_row(chain: Chain, found: Included) -> dict[str, Any]:
    """A receipt in Ethereum's form. There are no logs; a transfer's recipient stands for the contract called."""
    result, status = found.result, found.handled.status
    before = sum(one.result.gas_used for one in chain.ethereum(found.block) if one.index < found.index)
    row: dict[str, Any] = {
        **_place(found),
        "from": "0x" + result.sender.evm_address.hex(),
        "to": _to(chain, found),
        "cumulativeGasUsed": hex(before + result.gas_used),
        "gasUsed": hex(result.gas_used),
        "contractAddress": chain.address(result.recipient) if result.recipient else None,
        "logs": [],
        "logsBloom": EMPTY_BLOOM,
        "transactionHash": "0x" + result.transaction.hash.hex(),
        "effectiveGasPrice": hex(result.gas_price * WEIBARS),
        "root": EMPTY_ROOT,
        "status": "0x1" if status == codes.SUCCESS else "0x0",
        "type": hex(result.transaction.kind),
    }
    if status != codes.SUCCESS:
        row["revertReason"] = "0x" + status_name(status).encode().hex()
    return row


def short_hash(value: bytes) -> str:
    """The first 32 of the 48 bytes: Ethereum's hashes are shorter."""
    return "0x" + value[:32].hex()


def _place(found: Included) -> dict[str, str]:
    return {
        "blockHash": short_hash(found.block.hash),
        "blockNumber": hex(found.block.number),
        "transactionIndex": hex(found.index),
    }


def _to(chain: Chain, found: Included) -> str:
    recipient = found.result.recipient
    return chain.address(recipient) if recipient else "0x" + found.result.transaction.to.hex()


def _of_its_type(one: EthereumTransaction) -> dict[str, Any]:
    """What only transactions of its type have; fees of EIP-1559 are in tinybars, as the relay's (its issue 4901)."""
    if one.kind == LEGACY:
        return {}
    entries = [
        {"address": "0x" + address.hex(), "storageKeys": ["0x" + key.hex() for key in keys]}
        for address, keys in one.access_list
    ]
    row: dict[str, Any] = {"accessList": entries, "yParity": hex(one.v)}
    if one.kind == ACCESS_LIST:
        return row
    fees = {"maxFeePerGas": one.max_fee, "maxPriorityFeePerGas": one.priority_fee}
    return row | {name: hex(fee // WEIBARS) for name, fee in fees.items()}
