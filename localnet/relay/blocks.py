"""Blocks in Ethereum's form (blockFactory.ts).

A block shows Ethereum transactions only: those of topics, files and accounts are counted by the mirror's blocks, but
are no part of Ethereum's. `receiptsRoot` is not computed.
"""

from __future__ import annotations

from typing import Any, Final

from localnet.clock import NANOS
from localnet.mirror.blocks import Block
from localnet.relay.chain import Chain
from localnet.relay.gas import gas_price
from localnet.relay.transactions import EMPTY_BLOOM, EMPTY_ROOT, receipt_row, short_hash, transaction_row

GAS_LIMIT: Final = 150_000_000
"""Of a block since version 0.69 of the network (RELAY:src/relay/lib/config/blockGasLimit.ts)."""
EMPTY_UNCLES: Final = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
_ZERO_32: Final = "0x" + "0" * 64


def block_number(chain: Chain) -> str:
    """The number of the latest block."""
    return hex(chain.blocks.latest().number)


def get_block(chain: Chain, which: str, full: bool) -> dict[str, Any] | None:
    """A block by tag, number or hash, with its transactions or their hashes only; None where there is none."""
    block = chain.block(which)
    return None if block is None else _block_row(chain, block, full=full)


def count_transactions(chain: Chain, which: str) -> str | None:
    """How many transactions the mirror counts in a block; None where there is no such block."""
    block = chain.block(which)
    return None if block is None else hex(block.count)


def get_block_receipts(chain: Chain, which: str) -> list[Any] | None:
    """The receipts of a block's Ethereum transactions; None where there is no such block."""
    block = chain.block(which)
    return None if block is None else [receipt_row(chain, one) for one in chain.ethereum(block)]


def _block_row(chain: Chain, block: Block, *, full: bool) -> dict[str, Any]:
    included = list(chain.ethereum(block))
    return {
        "timestamp": hex(block.from_ns // NANOS),
        "difficulty": "0x0",
        "extraData": "0x",
        "gasLimit": hex(GAS_LIMIT),
        "baseFeePerGas": gas_price(chain),
        "gasUsed": hex(sum(one.result.gas_used for one in included)),
        "logsBloom": EMPTY_BLOOM,
        "miner": "0x" + "0" * 40,
        "mixHash": _ZERO_32,
        "nonce": "0x0000000000000000",
        "receiptsRoot": _ZERO_32,
        "sha3Uncles": EMPTY_UNCLES,
        "size": hex(sum(row.size for row in chain.blocks.transactions(block))),
        "stateRoot": EMPTY_ROOT,
        "totalDifficulty": "0x0",
        "transactions": [
            transaction_row(chain, one) if full else "0x" + one.result.transaction.hash.hex() for one in included
        ],
        "transactionsRoot": short_hash(block.hash) if included else EMPTY_ROOT,
        "uncles": [],
        "withdrawals": [],
        "withdrawalsRoot": _ZERO_32,
        "number": hex(block.number),
        "hash": short_hash(block.hash),
        "parentHash": short_hash(block.previous_hash),
    }
