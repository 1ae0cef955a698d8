"""Where a handled transaction goes: consensus, then the ledger, then the state file, then the mirror."""

from __future__ import annotations

from localnet.ledger.entries import Ledger
from localnet.ledger.state_file import StateFile
from localnet.mirror.importer import Importer
from localnet.transactions.stages import Handled, Received


class Pipeline:
    """Hands each handled transaction on, in the order of consensus.

    Only the mirror gets its children: they arrived nowhere, so the ledger does not list them, and the state file needs
    only their parent, with which they are made again.

    Args:
        ledger: Counts it.
        state_file: Keeps it; None where the network is to be forgotten with its process.
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
        """A transaction has reached consensus again that did so in an earlier process; it is in the state file."""
        for child in children:
            self._importer.show_again(child)
        self._ledger.handled(handled)
        self._importer.show_again(handled)
