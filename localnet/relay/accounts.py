"""Balances of accounts (RELAY:src/relay/lib/services/ethService/accountService)."""

from __future__ import annotations

from typing import Final

from localnet.clock import NANOS
from localnet.mirror.blocks import Block
from localnet.relay.chain import WEIBARS, Chain
from localnet.relay.errors import unknown_historical_balance
from localnet.state.entities import Account

TOLERANCE: Final = 1
"""Blocks behind the latest that still count as the latest."""

SNAPSHOTS_AFTER_S: Final = 900
"""Seconds that a block must be older than the latest for the mirror's snapshots of balances to be asked."""

MAX_WALK: Final = 100_000
"""Transactions that are looked at, at most, to know a balance of the past."""


def get_balance(chain: Chain, address: str, which: str) -> str:
    """Weibars of an account, by EVM address or by number in the long-zero form; 0x0 where there is no such account.

    At a block of the last quarter of an hour it is the present balance without what has changed it since; at an older
    one that of the mirror's last snapshot before it.

    Raises:
        RpcError: too much has happened since that block to know it (-32007).
    """
    account = chain.store.account_by_address(bytes.fromhex(address[2:]))
    if account is None:
        return "0x0"
    block, latest = chain.block(which), chain.blocks.latest()
    if block is None or latest.number - block.number <= TOLERANCE:
        return hex(account.balance * WEIBARS)
    if latest.to_ns // NANOS - block.from_ns // NANOS > SNAPSHOTS_AFTER_S:
        history = chain.store.history
        balance = history.balance(account, history.latest(block.from_ns)) or 0
    else:
        balance = account.balance - _moved_since(chain, block, account)
    return hex(balance * WEIBARS)


def _moved_since(chain: Chain, block: Block, account: Account) -> int:
    """Tinybars that an account has gained since a block."""
    transactions = chain.store.transactions
    if block.stop < transactions.forgotten or transactions.end - block.stop > MAX_WALK:
        raise unknown_historical_balance()
    return sum(
        amount
        for row in transactions.span(block.stop, transactions.end)
        for number, amount in row.transfers
        if number == account.number
    )
