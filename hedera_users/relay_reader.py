"""A user that reads from the JSON-RPC relay, as wallets and Ethereum's tools do."""

from __future__ import annotations

from locust import task

import itertools
from typing import Final

from hedera_client import Relay
from hedera_users.base import HederaUser
from hedera_users.possible_operations import WITHOUT, declare

READS: Final = (
    ("relay.eth_blockNumber", Relay.block_number),
    ("relay.eth_gasPrice", Relay.gas_price),
    ("relay.eth_chainId", Relay.chain_id),
)
"""What is read, in turn: the operation, and what asks for it."""


class RelayReader(HederaUser):
    """Reads the newest block's number, the gas price and the chain id, one after another; nothing is written.

    Its operations have no confirmation level. It takes part only where it is named, because public relays allow few
    calls per minute and address, and not every network has one.
    """

    operations = declare(dict.fromkeys((name for name, _ in READS), WITHOUT))
    looks_at = frozenset()

    by_name_only = True
    needs_relay = True

    def on_start(self) -> None:
        """Join the session; users begin with different reads, so that a short run has its share of each."""
        super().on_start()
        self._reads = itertools.cycle(READS)
        for _ in range(self.number % len(READS)):
            next(self._reads)

    @task
    def read(self) -> None:
        """Make the next read."""
        session = self.session
        assert session.relay is not None, "a run with this class was checked to have a relay"
        name, question = next(self._reads)
        turn = self.turn(name)
        with session.operation(name, turn=turn) as operation:
            session.relay.ask(operation, question)
