"""What a kind of transaction has to say for itself. One file per kind, one line of registration in the package."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from localnet.keys import CompiledKey, is_satisfied
from localnet.names import functionality
from localnet.state import State
from localnet.status import Refused, codes
from localnet.submission import Submission


@dataclass(slots=True)
class Settlement:
    """The moment of consensus of one transaction, as its operation sees it.

    Attributes:
        state: The ledger; to be changed only after every check has passed.
        submission: The transaction; the operation fills in `entity`, `created`, `effect` and a message's own fields.
        consensus_ns: Its consensus timestamp, Unix nanoseconds.
        transfers: Balance changes by account number so far (the fee's).
        preceding: Children that come before it: accounts that are made for it, keys that hollow accounts get.
    """

    state: State
    submission: Submission
    consensus_ns: int
    transfers: dict[int, int]
    preceding: list[Submission] = field(default_factory=list)

    @property
    def data(self) -> Any:
        """The operation's own part of the body."""
        return self.submission.data

    @property
    def consensus_s(self) -> int:
        """Whole seconds of the consensus timestamp."""
        return self.consensus_ns // 1_000_000_000

    def signed(self, key: CompiledKey) -> bool:
        """Whether the transaction's signatures satisfy the key."""
        assert self.submission.signatures is not None
        return is_satisfied(key, self.submission.signatures)

    def require(self, key: CompiledKey) -> None:
        """Check that the transaction's signatures satisfy the key.

        Raises:
            Refused: they do not (INVALID_SIGNATURE).
        """
        if not self.signed(key):
            raise Refused(codes.INVALID_SIGNATURE)

    def move(self, account: int, amount: int) -> None:
        """Change an account's balance by `amount` tinybars; the changes of a transaction must sum to zero."""
        self.state.accounts[account].balance += amount
        self.transfers[account] = self.transfers.get(account, 0) + amount

    def created(self, number: int) -> None:
        """Note that the transaction created entity `number`."""
        self.submission.entity = number
        self.submission.created = True


class Operation(ABC):
    """One kind of transaction. Stateless: one instance serves all."""

    field: ClassVar[str]
    """The field of `TransactionBody.data` it lives in."""
    name: ClassVar[str]
    """The mirror's name for it."""
    receipt_field: ClassVar[str] = ""
    """The field of the receipt that carries the id of an entity it creates."""
    functionality: ClassVar[str]
    """Its name in throttles and fee schedules (HederaFunctionality); follows from `field`."""

    def __init_subclass__(cls) -> None:
        """Name the functionality."""
        cls.functionality = functionality(cls.field)

    def check(self, data: Any) -> None:  # noqa: B027 (not every operation has something to check)
        """Check what needs no state. Runs at precheck.

        Raises:
            Refused: the node answers with this status, nothing is charged.
        """

    def check_body(self, body: Any) -> None:
        """Check what needs no state, of the whole body. Most look at their own part only.

        Raises:
            Refused: the node answers with this status, nothing is charged.
        """
        self.check(getattr(body, self.field))

    def throttled_as(self, data: Any, state: State) -> tuple[str, int]:  # noqa: ARG002 (most are what they are)
        """What it takes room for in the throttles, and how many of that."""
        return self.functionality, 1

    @abstractmethod
    def price(self, data: Any) -> int:
        """The service fee in tinycents."""

    def surcharge(self, data: Any, state: State) -> int:  # noqa: ARG002 (few operations have one)
        """What is added to the service fee because of the entity it is about, in tinycents."""
        return 0

    def debit(self, data: Any, payer: int) -> int:  # noqa: ARG002 (most operations move nothing)
        """Tinybars that leave the payer's balance beside the fee; checked against the balance at precheck."""
        return 0

    @abstractmethod
    def settle(self, at: Settlement) -> None:
        """Take effect at consensus: first every check, then every change.

        Raises:
            Refused: the receipt carries this status; nothing was changed, the fee is charged.
        """
