"""The table of methods. To add one: write what answers it, and give it a line in METHODS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localnet.relay.accounts import get_balance
from localnet.relay.blocks import block_number, get_block, get_transaction_count
from localnet.relay.chain import CHAIN_ID, Chain
from localnet.relay.errors import unsupported_method
from localnet.relay.gas import gas_price
from localnet.relay.limits import TIER_1, TIER_2, TIER_3
from localnet.relay.parameters import ADDRESS, BLOCK_HASH, BLOCK_NUMBER, BOOLEAN, Kind

VERSION: Final = "0.78.0"
"""The version the relay says it has."""


@dataclass(frozen=True, slots=True)
class Method:
    """How one method is answered.

    Attributes:
        answer: Is given the chain and the checked parameters.
        limit: Calls per minute and address.
        expects: The forms that each parameter may have; None for a method that looks at none.
    """

    answer: Callable[..., Any]
    limit: int = TIER_2
    expects: Sequence[Sequence[Kind]] | None = None


def constant(value: Any, limit: int = TIER_2) -> Method:
    """A method that always answers the same."""
    return Method(lambda _: value, limit)


def unsupported(limit: int = TIER_2) -> Method:
    """A method of Ethereum that Hedera has no answer to, or only one with contracts."""

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
    "eth_getBlockTransactionCountByHash": Method(get_transaction_count, expects=_HASH),
    "eth_getBlockTransactionCountByNumber": Method(get_transaction_count, expects=_BLOCK),
    "eth_hashrate": constant("0x0", TIER_1),
    "eth_maxPriorityFeePerGas": constant("0x0", TIER_1),
    "eth_mining": constant(False, TIER_1),
    "eth_submitWork": constant(False, TIER_1),
    "eth_syncing": constant(False, TIER_1),
    "net_listening": constant(True, TIER_3),
    "net_version": constant(str(CHAIN_ID), TIER_3),
    "web3_clientVersion": constant(f"relay/{VERSION}", TIER_3),
    # What the relay refuses on every network ...
    **dict.fromkeys(("eth_blobBaseFee", "eth_coinbase", "eth_getWork", "eth_protocolVersion"), unsupported()),
    **dict.fromkeys(("eth_newPendingTransactionFilter", "eth_simulateV1"), unsupported()),
    **dict.fromkeys(("eth_sendTransaction", "eth_sign", "eth_signTransaction"), unsupported(TIER_1)),
    "eth_submitHashrate": unsupported(TIER_1),
    "net_peerCount": unsupported(TIER_3),
    # ... and what it answers where there are contracts; this network has none.
    **dict.fromkeys(("eth_call", "eth_sendRawTransaction"), unsupported(TIER_1)),
    **dict.fromkeys(("eth_estimateGas", "eth_feeHistory", "eth_getCode", "eth_getLogs"), unsupported()),
    **dict.fromkeys(("eth_getStorageAt", "eth_getTransactionByHash", "eth_getTransactionCount"), unsupported()),
    **dict.fromkeys(("eth_getTransactionReceipt", "eth_getBlockReceipts", "eth_newFilter"), unsupported()),
    "web3_sha3": unsupported(TIER_3),
}
