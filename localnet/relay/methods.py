"""The table of methods. To add one: write its function, and give it a line in METHODS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localnet.relay.accounts import get_balance
from localnet.relay.blocks import block_number, get_block, get_block_receipts, get_transaction_count
from localnet.relay.chain import CHAIN_ID, Chain
from localnet.relay.errors import unsupported_method
from localnet.relay.gas import gas_price
from localnet.relay.hashing import sha3
from localnet.relay.limits import TIER_1, TIER_2, TIER_3
from localnet.relay.parameters import ADDRESS, BLOCK_HASH, BLOCK_NUMBER, BOOLEAN, HEX, TRANSACTION_HASH, Kind

VERSION: Final = "0.78.0"
"""The version the relay says it has."""


@dataclass(frozen=True, slots=True)
class Method:
    """How one method is answered.

    Attributes:
        answer: Takes the chain and the checked parameters.
        limit: Calls per minute and address.
        expects: The forms that each parameter may have; None for a method that looks at none.
        optional: Whether the parameters may be left out.
    """

    answer: Callable[..., Any]
    limit: int = TIER_2
    expects: Sequence[Sequence[Kind]] | None = None
    optional: bool = False


def constant(
    value: Any, limit: int = TIER_2, expects: Sequence[Sequence[Kind]] | None = None, *, optional: bool = False
) -> Method:
    """A method that always answers the same."""
    return Method(lambda *_: value, limit, expects, optional)


def unsupported(limit: int = TIER_2) -> Method:
    """A method of Ethereum that Hedera does not answer, or only with contracts."""

    def refuse(_: Chain) -> None:
        raise unsupported_method()

    return Method(refuse, limit)


_BLOCK: Final = ((BLOCK_NUMBER,),)
_HASH: Final = ((BLOCK_HASH,),)

METHODS: Final[dict[str, Method]] = {
    "eth_accounts": constant([]),
    "eth_blockNumber": Method(block_number),
    "eth_chainId": constant(hex(CHAIN_ID)),
    "eth_gasPrice": Method(gas_price),
    "eth_getBalance": Method(get_balance, expects=((ADDRESS,), (BLOCK_NUMBER, BLOCK_HASH))),
    "eth_getBlockByHash": Method(get_block, expects=((BLOCK_HASH,), (BOOLEAN,))),
    "eth_getBlockByNumber": Method(get_block, expects=((BLOCK_NUMBER,), (BOOLEAN,))),
    "eth_getBlockReceipts": Method(get_block_receipts, expects=((BLOCK_NUMBER, BLOCK_HASH),)),
    "eth_getBlockTransactionCountByHash": Method(get_transaction_count, expects=_HASH),
    "eth_getBlockTransactionCountByNumber": Method(get_transaction_count, expects=_BLOCK),
    # There are no Ethereum transactions ...
    "eth_getTransactionByBlockHashAndIndex": constant(None, expects=((BLOCK_HASH,), (HEX,))),
    "eth_getTransactionByBlockNumberAndIndex": constant(None, expects=((BLOCK_NUMBER,), (HEX,))),
    "eth_getTransactionByHash": constant(None, expects=((TRANSACTION_HASH,),)),
    "eth_getTransactionReceipt": constant(None, expects=((TRANSACTION_HASH,),)),
    # ... and no uncles.
    "eth_getUncleByBlockHashAndIndex": constant(None, expects=((BLOCK_HASH,), (HEX,)), optional=True),
    "eth_getUncleByBlockNumberAndIndex": constant(None, expects=((BLOCK_NUMBER,), (HEX,)), optional=True),
    "eth_getUncleCountByBlockHash": constant("0x0", expects=_HASH, optional=True),
    "eth_getUncleCountByBlockNumber": constant("0x0", expects=_BLOCK, optional=True),
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
    **dict.fromkeys(("eth_call", "eth_sendRawTransaction"), unsupported(TIER_1)),
    **dict.fromkeys(("eth_estimateGas", "eth_feeHistory", "eth_getCode", "eth_getLogs"), unsupported()),
    **dict.fromkeys(("eth_getStorageAt", "eth_getTransactionCount", "eth_newFilter"), unsupported()),
}
