"""Where a settled transaction goes: consensus, then the ledger, then the state file, then the mirror."""

from __future__ import annotations

from localnet.ledger.entries import Ledger
from localnet.ledger.state_file import StateFile
from localnet.mirror.importer import Importer
from localnet.transactions.stages import Received, Settled


class Pipeline:
    """Hands each settled transaction on, in the order of consensus.

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

    def settled(self, received: Received, settled: Settled, children: list[Settled]) -> None:
        """A transaction has reached consensus, after its children."""
        for child in children:
            self._importer.settled(child)
        self._ledger.settled(settled)
        if self._state_file is not None:
            self._state_file.keep(received, settled.consensus_ns)
        self._importer.settled(settled)

    def replayed(self, settled: Settled, children: list[Settled]) -> None:
        """A transaction has reached consensus again that did so in an earlier process; it is in the state file."""
        for child in children:
            self._importer.show_again(child)
        self._ledger.settled(settled)
        self._importer.show_again(settled)
