"""Blocks in Ethereum's form (blockFactory.ts).

A block shows Ethereum transactions only, and there are none on this network: transactions of topics, files and
accounts are counted by the mirror's blocks, but are no part of Ethereum's.
"""

from __future__ import annotations

from typing import Any, Final

from localnet.clock import NANOS
from localnet.mirror.blocks import Block
from localnet.relay.chain import Chain
from localnet.relay.gas import gas_price

GAS_LIMIT: Final = 150_000_000
"""Of a block since version 0.69 of the network (RELAY:src/relay/lib/config/blockGasLimit.ts)."""
EMPTY_TRIE: Final = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
EMPTY_UNCLES: Final = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
_ZERO_32: Final = "0x" + "0" * 64
_EMPTY_BLOOM: Final = "0x" + "0" * 512


def block_number(chain: Chain) -> str:
    """The number of the latest block."""
    return hex(chain.blocks.latest().number)


def get_block(chain: Chain, which: str, full: bool) -> dict[str, Any] | None:  # noqa: ARG001 (the protocol's)
    """A block by tag, number or hash; None where there is none."""
    block = chain.block(which)
    return None if block is None else _block_row(chain, block)


def get_transaction_count(chain: Chain, which: str) -> str | None:
    """How many transactions the mirror counts in a block; None where there is no such block."""
    block = chain.block(which)
    return None if block is None else hex(block.count)


def get_block_receipts(chain: Chain, which: str) -> list[Any] | None:
    """The receipts of a block's Ethereum transactions, of which there are none; None where there is no such block."""
    return None if chain.block(which) is None else []


def _block_row(chain: Chain, block: Block) -> dict[str, Any]:
    return {
        "timestamp": hex(block.from_ns // NANOS),
        "difficulty": "0x0",
        "extraData": "0x",
        "gasLimit": hex(GAS_LIMIT),
        "baseFeePerGas": gas_price(chain),
        "gasUsed": "0x0",
        "logsBloom": _EMPTY_BLOOM,
        "miner": "0x" + "0" * 40,
        "mixHash": _ZERO_32,
        "nonce": "0x0000000000000000",
        "receiptsRoot": _ZERO_32,
        "sha3Uncles": EMPTY_UNCLES,
        "size": hex(sum(row.size for row in chain.blocks.transactions(block))),
        "stateRoot": EMPTY_TRIE,
        "totalDifficulty": "0x0",
        "transactions": [],
        "transactionsRoot": EMPTY_TRIE,
        "uncles": [],
        "withdrawals": [],
        "withdrawalsRoot": _ZERO_32,
        "number": hex(block.number),
        "hash": _hash(block.hash),
        "parentHash": _hash(block.previous_hash),
    }


def _hash(value: bytes) -> str:
    """The first 32 of the 48 bytes: Ethereum's hashes are shorter."""
    return "0x" + value[:32].hex()
