"""The data of the relay's methods: the mirror, as a chain of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from localnet.mirror.blocks import Block, Blocks
from localnet.mirror.store import MirrorStore
from localnet.relay.parameters import EARLIEST, LATEST
from localnet.state.fees import ExchangeRate

CHAIN_ID: Final = 0x12A
"""The chain id of local networks (globalConfig.ts)."""

WEIBARS: Final = 10_000_000_000
"""Weibars of a tinybar."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The mirror's accounts, transactions and blocks, and the exchange rate."""

    store: MirrorStore
    blocks: Blocks
    rate: ExchangeRate

    def block(self, which: str) -> Block | None:
        """A block by tag, by number or by hash, as BLOCK_NUMBER or BLOCK_HASH allow them."""
        if which in LATEST:
            return self.blocks.latest()
        if which == EARLIEST:
            return self.blocks.by_number(0)
        if len(which) == 66:
            return self.blocks.by_hash(bytes.fromhex(which[2:]))
        return self.blocks.by_number(int(which, 16))
