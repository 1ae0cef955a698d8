"""The data of the relay's methods: the mirror, as a chain of blocks; and what the relay has sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from localnet.mirror.blocks import Block, Blocks
from localnet.mirror.store import MirrorStore
from localnet.relay.parameters import EARLIEST, LATEST
from localnet.relay.pool import Pool
from localnet.state.entities import Account
from localnet.state.fees import ExchangeRate
from localnet.transactions.stages import EthereumResult, Handled


@dataclass(frozen=True, slots=True)
class Included:
    """An Ethereum transaction in its block.

    Attributes:
        handled: The transaction around it.
        result: What it did.
        block: Its block.
        index: Its place among the block's transactions, of all kinds.
    """

    handled: Handled
    result: EthereumResult
    block: Block
    index: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The mirror's accounts, transactions and blocks, the exchange rate, and what is on its way.

    Attributes:
        send: Carries out a signed transaction in hex, and returns its hash; None where nothing is sent.
    """

    store: MirrorStore
    blocks: Blocks
    rate: ExchangeRate
    pool: Pool = field(default_factory=Pool)
    send: Callable[[str], Awaitable[str]] | None = None

    def block(self, which: str) -> Block | None:
        """A block by tag, by number or by hash, as BLOCK_NUMBER or BLOCK_HASH allow them."""
        if which in LATEST:
            return self.blocks.latest()
        if which == EARLIEST:
            return self.blocks.by_number(0)
        if len(which) == 66:
            return self.blocks.by_hash(bytes.fromhex(which[2:]))
        return self.blocks.by_number(int(which, 16))

    def account(self, address: bytes) -> Account | None:
        """The account with an EVM address, or its number in the long-zero form, as the mirror shows it."""
        return self.store.account_by_address(address)

    def address(self, number: int) -> str:
        """The EVM address of an account."""
        return "0x" + self.store.accounts[number].evm_address.hex()

    def ethereum(self, block: Block) -> Iterator[Included]:
        """A block's Ethereum transactions."""
        first = max(block.start, self.store.transactions.forgotten)
        for index, handled in enumerate(self.blocks.transactions(block), first - block.start):
            if isinstance(handled.effect, EthereumResult):
                yield Included(handled, handled.effect, block, index)

    def included(self, digest: bytes) -> Included | None:
        """An Ethereum transaction by its hash of 32 bytes; None until its block is closed."""
        handled = self.store.ethereum.get(digest)
        block = None if handled is None else self.blocks.at(handled.consensus_ns)
        if block is None:
            return None
        return next((one for one in self.ethereum(block) if one.handled is handled), None)
