"""What the handler of a transaction sees and changes at consensus."""

from __future__ import annotations

from typing import Any

from localnet.protocol.keys import CompiledKey, is_satisfied
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import Account, CustomFee, State, Topic
from localnet.transactions.children import Child
from localnet.transactions.stages import Checked, EthereumResult, Handled, TopicMessage

Transfers = tuple[tuple[int, int], ...]


class HandleContext:
    """What a handler sees of its transaction at consensus, and where it notes the effect; `handled` makes the result.

    Attributes:
        state: Accounts, topics and files; to be changed only after every check has passed.
        checked: The transaction.
        consensus_ns: Its consensus timestamp, Unix nanoseconds.
        transfers: Balance changes by account number so far (the fee's).
        preceding: Children that come before it: accounts that are made for it, keys that hollow accounts get.
        fee: What was charged for it, in tinybars.
        entity, created, assessed, message, effect: Of `Handled`; the handler sets those that apply.
    """

    __slots__ = (
        "assessed",
        "checked",
        "consensus_ns",
        "created",
        "effect",
        "entity",
        "fee",
        "message",
        "preceding",
        "state",
        "transfers",
    )

    def __init__(self, state: State, checked: Checked, consensus_ns: int) -> None:
        self.state = state
        self.checked = checked
        self.consensus_ns = consensus_ns
        self.transfers: dict[int, int] = {}
        self.preceding: list[Child] = []
        self.fee = 0
        self.entity = 0
        self.created = False
        self.assessed: tuple[CustomFee, ...] = ()
        self.message: TopicMessage | None = None
        self.effect: Topic | Account | EthereumResult | None = None

    @property
    def data(self) -> Any:
        """The part of the body that belongs to its kind."""
        return self.checked.data

    @property
    def payer(self) -> int:
        """The payer's account number."""
        return self.checked.key.payer

    @property
    def consensus_s(self) -> int:
        """Whole seconds of the consensus timestamp."""
        return self.consensus_ns // 1_000_000_000

    def signed(self, key: CompiledKey) -> bool:
        """Whether the transaction's signatures satisfy the key."""
        return is_satisfied(key, self.checked.signatures)

    def require(self, key: CompiledKey) -> None:
        """Check that the transaction's signatures satisfy the key.

        Raises:
            RefusedError: they do not (INVALID_SIGNATURE).
        """
        if not self.signed(key):
            raise RefusedError(codes.INVALID_SIGNATURE)

    def move(self, account: int, amount: int) -> None:
        """Change an account's balance by `amount` tinybars; the changes of a transaction must sum to zero."""
        self.state.accounts[account].balance += amount
        self.transfers[account] = self.transfers.get(account, 0) + amount

    def create(self, number: int) -> None:
        """Note that the transaction created entity `number`."""
        self.entity = number
        self.created = True

    def net_transfers(self) -> Transfers:
        """What was moved, by account number; what came to nothing left out."""
        return tuple(sorted((account, amount) for account, amount in self.transfers.items() if amount))

    def handled(self, status: int, known: float, transfers: Transfers) -> Handled:
        """Return the handled transaction.

        Args:
            status: The receipt's status.
            known: When it is known, Unix seconds.
            transfers: Its `net_transfers`, or a tuple equal to it.
        """
        checked = self.checked
        received = checked.received
        return Handled(  # by position: by name takes about twice as long, and this is done for every transaction
            received.position,
            received.node,
            received.size,
            checked.kind,
            checked.key,
            checked.terms,
            checked.hash,
            0,
            status,
            self.consensus_ns,
            known,
            self.entity,
            self.created,
            self.fee,
            transfers,
            self.assessed,
            self.message,
            self.effect,
        )
