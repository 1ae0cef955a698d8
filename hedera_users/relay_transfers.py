"""A user that moves hbar through the JSON-RPC relay as wallets do, and checks that the balances add up."""

from __future__ import annotations

from locust import task

import itertools
import time
from collections.abc import Callable
from typing import Final

import gevent

from config.levels import ACK, QUEUED, RECEIPT
from hedera_client import Relay, Wallet
from hedera_client.relay import WRITING
from hedera_client.status import relay_error
from hedera_client.wallet import WEIBARS, Transfer
from hedera_users.base import HederaUser
from hedera_users.operation import Operation, uncounted
from hedera_users.outcomes import BalanceMismatchError
from hedera_users.possible_operations import SENT_AT_ONCE, WITHOUT, declare
from hedera_users.relay_view import RelayView

SEND: Final = "relay.sendRawTransaction"
CHECK: Final = "relay.getBalance"
FEES: Final = "relay.feeHistory"
LOGS: Final = "relay.getLogs"
BATCH: Final = "relay.batch"

FUNDS: Final = 1_000_000_000
"""Tinybars that a wallet is given when it has less than a tenth of that: 10 hbar, about 1,000 transfers."""

AMOUNT: Final = 1_000
"""Tinybars of a transfer."""

PRICE_MARGIN: Final = 1.25
"""How much more than the present gas price is offered; the network charges its own."""

REVERTED: Final = "REVERTED"
"""The status of a transfer whose receipt says that it failed."""

ROUND: Final = ("fees", "transfer", "logs", "transfer", "batch", "transfer", "transfer", "check")
"""What one user does in turn."""


class RelayTransfers(HederaUser):
    """Sends signed transfers (`relay.sendRawTransaction`), one after another, and what wallets ask between them.

    Each user has a wallet and a till of its own, which follow from the operator's key and the user's number, so that
    nothing is lost when it ends and a later run goes on with them. Two runs of one operator at once would take each
    other's nonces. A wallet is given hbar when it has little; then every transfer moves AMOUNT into the till, and
    `relay.getBalance` fails unless the till has exactly what the transfers add up to.

    A transfer goes up to the level `ack` (the relay's answer, which follows consensus) or, at any other level, to its
    receipt, which the relay has from the mirror.
    """

    operations = declare({SEND: SENT_AT_ONCE} | dict.fromkeys((CHECK, FEES, LOGS, BATCH), WITHOUT))
    looks_at = frozenset({"confirm"})

    by_name_only = True
    needs_relay = True

    def on_start(self) -> None:
        """Join the session; wallet and till are opened before the first task."""
        super().on_start()
        secret = self.session.client.operator.derived_secret
        self._wallet = Wallet(secret(f"hedera-load relay {self.stream} wallet"))
        self._till = Wallet(secret(f"hedera-load relay {self.stream} till"))
        self._round = itertools.cycle(ROUND)
        self._open: list[Transfer] = []  # whose receipts were not seen
        self._nonce: int | None = None
        self._expected = 0
        self._unsure = False  # a transfer's fate was not found out, so that the till may have it or not
        self._chain_id = self._gas_price = 0

    @task
    def work(self) -> None:
        """Do what is next in the round."""
        if not self._chain_id:
            self._set_up()
        if not self._chain_id:
            gevent.sleep(1)  # the network or the relay is not there; another try
            return
        match next(self._round):
            case "transfer":
                self._transfer()
            case "fees":
                self._read(FEES, lambda relay, timeout: relay.fee_history(5, timeout))
            case "logs":
                self._read(LOGS, lambda relay, timeout: relay.logs(self._till.address, 10, timeout))
            case "batch":
                self._read(BATCH, self._batch)
            case _:
                self._check()

    def on_stop(self) -> None:
        """Check the balances once more."""
        if self._chain_id:
            self._check(at_its_turn=False)

    def _set_up(self) -> None:
        """See that both accounts are there, and what they have; no part of the load."""
        with uncounted("relay-set-up") as operation:
            view = self._view
            self._gas_price = int(PRICE_MARGIN * view.ask(operation, Relay.gas_price))
            if not self._balance(operation, self._till):
                self._give(operation, self._till, 1)
            self._fill(operation)
            self._expected = self._balance(operation, self._till)
            self._chain_id = view.ask(operation, Relay.chain_id)

    @property
    def _view(self) -> RelayView:
        relay = self.session.relay
        assert relay is not None, "a run with this class was checked to have a relay"
        return relay

    def _transfer(self) -> None:
        """Send the next transfer."""
        self._settle()
        turn = self.turn(SEND)
        level, _ = self.next_level(SEND)
        with self.session.operation(SEND, confirm=RECEIPT if level == QUEUED else level, turn=turn) as operation:
            nonce = self._nonce
            if nonce is None:
                nonce = self._nonce = self._view.ask(operation, lambda relay, t: relay.nonce(self._wallet.address, t))
            price = self._gas_price
            with operation.phase("prepare"):
                transfer = self._wallet.transfer(
                    self._till.address, AMOUNT, nonce=nonce, gas_price=price, chain_id=self._chain_id
                )
            self._open.append(transfer)
            self._nonce = None  # until it is known that this one was taken
            self._view.send(operation, transfer)
            self._nonce = nonce + 1
            if level != ACK:
                self._await(operation, transfer)
        if self._nonce is None and not operation.doubts.may_have_happened:
            self._open.clear()  # it was refused

    def _await(self, operation: Operation, transfer: Transfer) -> None:
        """Wait for a transfer's receipt, and count what it has moved.

        Raises:
            RelayError: it failed, or there is none in time.
        """
        settings = self.session.run.settings
        receipt = self._view.receipt(
            operation, transfer, timeout=settings.confirm_timeout, interval=settings.receipt_interval
        )
        self._open.remove(transfer)
        if receipt["status"] != "0x1":
            reason = bytes.fromhex(str(receipt.get("revertReason") or "0x")[2:]).decode(errors="replace")
            raise relay_error(REVERTED, reason, url="", action=WRITING)
        self._expected += AMOUNT

    def _settle(self) -> None:
        """Find out what became of a transfer whose fate is open, before the next one takes its nonce."""
        while self._nonce is None and self._open:
            with uncounted("relay-settle") as operation:
                transfer = self._open[-1]
                self._await(operation, transfer)
            if transfer in self._open:
                self._open.remove(transfer)
                self._unsure = True

    def _check(self, *, at_its_turn: bool = True) -> None:
        """Compare the till with what the transfers add up to, when all have their receipts."""
        for transfer in list(self._open):
            with uncounted("relay-settle") as operation:
                self._await(operation, transfer)
        self._unsure = self._unsure or bool(self._open)
        turn = self.turn(CHECK) if at_its_turn else None
        with self.session.operation(CHECK, turn=turn) as operation:
            found = self._balance(operation, self._till)
            if self._unsure:
                self._unsure, self._expected = False, found
            elif found != self._expected:
                raise BalanceMismatchError(f"the till has {found:,} tinybars, and was given {self._expected:,}")
        with uncounted("relay-fill") as operation:
            self._fill(operation)

    def _read(self, name: str, question: Callable[[Relay, float | None], object]) -> None:
        turn = self.turn(name)
        with self.session.operation(name, turn=turn) as operation:
            self._view.ask(operation, question)

    def _batch(self, relay: Relay, timeout: float | None) -> object:
        """What a wallet asks at once when it is opened."""
        address = self._wallet.address
        calls = (("eth_getBalance", [address, "latest"]), ("eth_getTransactionCount", [address, "latest"]))
        return relay.batch(("eth_chainId", []), ("eth_blockNumber", []), *calls, timeout=timeout)

    def _fill(self, operation: Operation) -> None:
        """Give the wallet hbar where it has little."""
        if self._balance(operation, self._wallet) < FUNDS // 10:
            self._give(operation, self._wallet, FUNDS)

    def _give(self, operation: Operation, wallet: Wallet, tinybars: int) -> None:
        """Give hbar, and wait until the relay sees it."""
        before = self._balance(operation, wallet)
        self.session.hedera.give(operation, wallet.address, tinybars)
        until = time.monotonic() + self.session.run.settings.confirm_timeout
        while self._balance(operation, wallet) == before and time.monotonic() < until:
            gevent.sleep(self.session.run.settings.receipt_interval)

    def _balance(self, operation: Operation, wallet: Wallet) -> int:
        """Tinybars of a wallet."""
        return self._view.ask(operation, lambda relay, timeout: relay.balance(wallet.address, timeout)) // WEIBARS
