"""The interface of a kind of query: checks, price, answer. One file per kind, one line in the package's table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from localnet.clock import Clock
from localnet.consensus.record_cache import RecordCache
from localnet.ledger.entries import Ledger
from localnet.protocol.functionality import functionality
from localnet.state.entities import State
from localnet.state.fees import FeeSchedule


@dataclass(frozen=True, slots=True)
class View:
    """The data that queries may read; `node` is the account number of the queried node."""

    state: State
    clock: Clock
    cache: RecordCache
    fees: FeeSchedule
    ledger: Ledger
    node: int = 0


class Query(ABC):
    """One kind of query. Stateless: one instance serves all."""

    field: ClassVar[str]
    """The field of `Query.query` it comes in, and of `Response.response` its answer goes out in."""
    paid: ClassVar[bool] = True
    """Whether an answer needs a payment."""
    functionality: ClassVar[str]
    """Its name in throttles and fee schedules (HederaFunctionality); follows from `field`."""

    def __init_subclass__(cls) -> None:
        """Name the functionality."""
        cls.functionality = functionality(cls.field)

    def check(self, request: Any) -> None:  # noqa: B027 (not every query has something to check)
        """Check what needs no state.

        Raises:
            Refused: the header of the answer carries this status.
        """

    def validate(self, request: Any, view: View) -> None:  # noqa: ARG002 (few queries look at the state here)
        """Check all that is checked also where only the price is asked for, and before throttles and answer.

        Raises:
            Refused: the header of the answer carries this status; a payment was made all the same.
        """
        self.check(request)

    def extras(self, request: Any, view: View) -> int:  # noqa: ARG002 (most queries have none)
        """What the answer costs beyond the base price, in tinycents."""
        return 0

    @abstractmethod
    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Fill in the reply (its header is already there).

        Raises:
            Refused: the header of the answer carries this status; a payment was made all the same.
        """
