"""Balances and nonces of accounts (RELAY:src/relay/lib/services/ethService/accountService)."""

from __future__ import annotations

from typing import Final

from localnet.clock import NANOS
from localnet.mirror.blocks import Block
from localnet.protocol.ethereum import WEIBARS
from localnet.relay.chain import Chain
from localnet.relay.errors import unknown_block, unknown_historical_balance
from localnet.relay.parameters import EARLIEST, LATEST
from localnet.relay.prechecks import next_nonce
from localnet.state.entities import Account
from localnet.transactions.stages import EthereumResult

TOLERANCE: Final = 1
"""Blocks behind the latest that still count as the latest."""

SNAPSHOTS_AFTER_S: Final = 900
"""Seconds that a block must be older than the latest for the mirror's snapshots of balances to be asked."""

NONCE_TOLERANCE: Final = 5
"""Blocks behind the latest in which a nonce is the present one (`MAX_BLOCK_RANGE`)."""

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


def get_transaction_count(chain: Chain, address: str, which: str) -> str:
    """The nonce of an account: how many Ethereum transactions it has sent; with `pending` those on their way too.

    Raises:
        RpcError: there is no such block (-39012).
    """
    sender = bytes.fromhex(address[2:])
    if which == EARLIEST or (len(which) < 66 and which not in LATEST and int(which, 16) <= 1):
        return "0x0"
    if which in LATEST:
        return hex(next_nonce(chain, sender, with_pending=which == "pending"))
    block, latest = chain.block(which), chain.blocks.latest()
    if block is None:
        raise unknown_block()
    if latest.number - block.number <= NONCE_TOLERANCE:
        return hex(next_nonce(chain, sender, with_pending=False))
    transactions = chain.store.transactions
    for row in transactions.span(max(transactions.forgotten, 0), block.stop, descending=True):
        if isinstance(row.effect, EthereumResult) and row.effect.transaction.sender == sender:
            return hex(row.effect.sender.ethereum_nonce)
    return "0x0"


def get_code(chain: Chain, address: str, which: str) -> str:  # noqa: ARG001 (the protocol's)
    """The code at an address: none, for there are no contracts here."""
    return "0x"


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
