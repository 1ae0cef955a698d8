"""Balances of accounts."""

from __future__ import annotations

from typing import Final

from localnet.mirror.blocks import Block
from localnet.relay.chain import WEIBARS, Chain
from localnet.relay.errors import unknown_historical_balance
from localnet.state import Account

TOLERANCE: Final = 1
"""Blocks behind the latest that still count as the latest."""

MAX_WALK: Final = 100_000
"""Transactions that are looked at, at most, to know a balance of the past."""


def get_balance(chain: Chain, address: str, which: str) -> str:
    """Weibars of an account, by EVM address or by number in the long-zero form; 0x0 where there is no such account.

    Raises:
        RpcError: too much has happened since that block to know it (-32007).
    """
    account = chain.store.account_by_address(bytes.fromhex(address[2:]))
    if account is None:
        return "0x0"
    block = chain.block(which)
    since = 0 if block is None else _moved_since(chain, block, account)
    return hex((account.balance - since) * WEIBARS)


def _moved_since(chain: Chain, block: Block, account: Account) -> int:
    """Tinybars that an account has gained since a block; 0 for a block that is as good as the latest."""
    if chain.blocks.latest().number - block.number <= TOLERANCE:
        return 0
    transactions = chain.store.transactions
    if block.stop < transactions.forgotten or transactions.end - block.stop > MAX_WALK:
        raise unknown_historical_balance()
    return sum(
        amount
        for row in transactions.span(block.stop, transactions.end)
        for number, amount in row.transfers
        if number == account.number
    )
