"""The handler of one kind of transaction: checks, price, effect. One file per kind, one line in the package's table.

The name and `handle` are those of hiero-consensus-node (TransactionHandler.java).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from localnet.protocol.functionality import functionality
from localnet.state.entities import State
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.stages import Kind


class TransactionHandler(ABC):
    """Checks, prices and handles the transactions of one kind. Stateless: one instance serves all nodes."""

    field: ClassVar[str]
    """The field of `TransactionBody.data` it lives in."""
    name: ClassVar[str]
    """The mirror's name for it."""
    receipt_field: ClassVar[str] = ""
    """The field of the receipt that carries the id of an entity it creates."""
    functionality: ClassVar[str]
    """Its name in throttles and fee schedules (HederaFunctionality); follows from `field`."""
    kind: ClassVar[Kind]
    """What its transactions carry of it; follows from the above."""

    def __init_subclass__(cls) -> None:
        """Name the functionality and the kind."""
        cls.functionality = functionality(cls.field)
        cls.kind = Kind(cls.field, cls.name, cls.receipt_field)

    def check(self, data: Any) -> None:  # noqa: B027 (not every kind has something to check)
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

    def surcharge(self, data: Any, state: State) -> int:  # noqa: ARG002 (few kinds have one)
        """What is added to the service fee because of the entity it is about, in tinycents."""
        return 0

    def debit(self, data: Any, payer: int) -> int:  # noqa: ARG002 (most kinds move nothing)
        """Tinybars that leave the payer's balance beside the fee; checked against the balance at precheck."""
        return 0

    @abstractmethod
    def handle(self, context: HandleContext) -> None:
        """Let a transaction take effect at consensus: first every check, then every change.

        Raises:
            Refused: the receipt carries this status; nothing was changed, the fee is charged.
        """
