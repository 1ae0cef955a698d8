"""The table of methods. To add one: write its function, and give it a line in METHODS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localnet.protocol.ethereum import CHAIN_ID
from localnet.relay.accounts import get_balance, get_code, get_transaction_count
from localnet.relay.blocks import block_number, count_transactions, get_block, get_block_receipts
from localnet.relay.chain import Chain
from localnet.relay.errors import unsupported_method
from localnet.relay.gas import estimate_gas, fee_history, gas_price
from localnet.relay.hashing import sha3
from localnet.relay.limits import TIER_1, TIER_2, TIER_3
from localnet.relay.logs import get_logs
from localnet.relay.parameters import (
    ADDRESS,
    ARRAY,
    BLOCK_HASH,
    BLOCK_NUMBER,
    BOOLEAN,
    CALL,
    FILTER,
    HEX,
    TRANSACTION_HASH,
    Kind,
)
from localnet.relay.transactions import get_receipt, get_transaction, get_transaction_in_block

VERSION: Final = "0.78.0"
"""The version the relay says it has."""


@dataclass(frozen=True, slots=True)
class Method:
    """How one method is answered.

    Attributes:
        answer: Takes the chain and the checked parameters; what it returns may have to be waited for.
        limit: Calls per minute and address.
        expects: The forms that each parameter may have; None for a method that looks at none.
        optional: How many of the last ones may be left out.
    """

    answer: Callable[..., Any]
    limit: int = TIER_2
    expects: Sequence[Sequence[Kind]] | None = None
    optional: int = 0


def constant(
    value: Any, limit: int = TIER_2, expects: Sequence[Sequence[Kind]] | None = None, *, optional: int = 0
) -> Method:
    """A method that always answers the same."""
    return Method(lambda *_: value, limit, expects, optional)


def unsupported(limit: int = TIER_2) -> Method:
    """A method of Ethereum that Hedera does not answer, or only with contracts."""

    def refuse(_: Chain) -> None:
        raise unsupported_method()

    return Method(refuse, limit)


def send_raw_transaction(chain: Chain, text: str) -> Awaitable[str]:
    """Carry out a signed transaction; its hash follows after consensus."""
    if chain.send is None:
        raise unsupported_method()
    return chain.send(text)


SEND: Final = "eth_sendRawTransaction"

_BLOCK: Final = ((BLOCK_NUMBER,),)
_HASH: Final = ((BLOCK_HASH,),)

METHODS: Final[dict[str, Method]] = {
    SEND: Method(send_raw_transaction, TIER_1, expects=((HEX,),)),
    "eth_accounts": constant([]),
    "eth_blockNumber": Method(block_number),
    "eth_chainId": constant(hex(CHAIN_ID)),
    "eth_gasPrice": Method(gas_price),
    "eth_getBalance": Method(get_balance, expects=((ADDRESS,), (BLOCK_NUMBER, BLOCK_HASH))),
    "eth_getBlockByHash": Method(get_block, expects=((BLOCK_HASH,), (BOOLEAN,))),
    "eth_getBlockByNumber": Method(get_block, expects=((BLOCK_NUMBER,), (BOOLEAN,))),
    "eth_getBlockReceipts": Method(get_block_receipts, expects=((BLOCK_NUMBER, BLOCK_HASH),)),
    "eth_getBlockTransactionCountByHash": Method(count_transactions, expects=_HASH),
    "eth_getBlockTransactionCountByNumber": Method(count_transactions, expects=_BLOCK),
    "eth_getTransactionByBlockHashAndIndex": Method(get_transaction_in_block, expects=((BLOCK_HASH,), (HEX,))),
    "eth_getTransactionByBlockNumberAndIndex": Method(get_transaction_in_block, expects=((BLOCK_NUMBER,), (HEX,))),
    "eth_getTransactionByHash": Method(get_transaction, expects=((TRANSACTION_HASH,),)),
    "eth_getTransactionCount": Method(get_transaction_count, expects=((ADDRESS,), (BLOCK_NUMBER, BLOCK_HASH))),
    "eth_getTransactionReceipt": Method(get_receipt, expects=((TRANSACTION_HASH,),)),
    "eth_estimateGas": Method(estimate_gas, expects=((CALL,), (BLOCK_NUMBER,)), optional=1),
    "eth_feeHistory": Method(fee_history, expects=((HEX,), (BLOCK_NUMBER,), (ARRAY,)), optional=1),
    "eth_getCode": Method(get_code, expects=((ADDRESS,), (BLOCK_NUMBER, BLOCK_HASH))),
    "eth_getLogs": Method(get_logs, expects=((FILTER,),)),
    # There are no uncles.
    "eth_getUncleByBlockHashAndIndex": constant(None, expects=((BLOCK_HASH,), (HEX,)), optional=2),
    "eth_getUncleByBlockNumberAndIndex": constant(None, expects=((BLOCK_NUMBER,), (HEX,)), optional=2),
    "eth_getUncleCountByBlockHash": constant("0x0", expects=_HASH, optional=1),
    "eth_getUncleCountByBlockNumber": constant("0x0", expects=_BLOCK, optional=1),
    "eth_hashrate": constant("0x0", TIER_1),
    "eth_maxPriorityFeePerGas": constant("0x0", TIER_1),
    "eth_mining": constant(False, TIER_1),
    "eth_submitWork": constant(False, TIER_1),
    "eth_syncing": constant(False, TIER_1),
    "net_listening": constant(True, TIER_3),
    "net_version": constant(str(CHAIN_ID), TIER_3),
    "web3_clientVersion": constant(f"relay/{VERSION}", TIER_3),
    "web3_sha3": Method(sha3, TIER_3, expects=((HEX,),)),
    # What the relay refuses on every network ...
    **dict.fromkeys(("eth_createAccessList", "eth_getProof"), unsupported()),
    **dict.fromkeys(("eth_blobBaseFee", "eth_coinbase", "eth_getWork", "eth_protocolVersion"), unsupported()),
    **dict.fromkeys(("eth_newPendingTransactionFilter", "eth_simulateV1"), unsupported()),
    **dict.fromkeys(("eth_sendTransaction", "eth_sign", "eth_signTransaction"), unsupported(TIER_1)),
    "eth_submitHashrate": unsupported(TIER_1),
    "net_peerCount": unsupported(TIER_3),
    # ... and what it answers where there are contracts; this network has none.
    "eth_call": unsupported(TIER_1),
    **dict.fromkeys(("eth_getStorageAt", "eth_newFilter"), unsupported()),
}
