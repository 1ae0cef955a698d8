"""Where a handled transaction goes: consensus, then the ledger, then the state file, then the mirror."""

from __future__ import annotations

from localnet.ledger.entries import Ledger
from localnet.ledger.state_file import StateFile
from localnet.mirror.importer import Importer
from localnet.transactions.stages import Handled, Received


class Pipeline:
    """Passes each handled transaction on, in the order of consensus.

    Only the mirror gets its children: they did not arrive at a node, so the ledger does not list them, and the state
    file needs only their parent, whose replay makes them again.

    Args:
        ledger: Counts it.
        state_file: Stores it; None where the network's state ends with its process.
        importer: Shows it on the mirror.
    """

    def __init__(self, ledger: Ledger, state_file: StateFile | None, importer: Importer) -> None:
        self._ledger = ledger
        self._state_file = state_file
        self._importer = importer

    def handled(self, received: Received, handled: Handled, children: list[Handled]) -> None:
        """A transaction has reached consensus, after its children."""
        for child in children:
            self._importer.handled(child)
        self._ledger.handled(handled)
        if self._state_file is not None:
            self._state_file.keep(received, handled.consensus_ns)
        self._importer.handled(handled)

    def replayed(self, handled: Handled, children: list[Handled]) -> None:
        """A transaction of an earlier process was replayed; it is in the state file."""
        for child in children:
            self._importer.show_again(child)
        self._ledger.handled(handled)
        self._importer.show_again(handled)
