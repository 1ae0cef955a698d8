"""Looks at a run's gates while it goes on: the first that has failed for certain may end it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from config.gates.language import Gate
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.judging import judged
from reports.schema.report import Gate as Entry
from reports.wording import gates as wording

LOOK_S: Final = 2.0
"""Seconds between two looks; workers send what they have every three."""


class GateWatch:
    """Watches the gates of one run that may end it (`abort`).

    Args:
        gates: All gates of the run.
        see: Returns what was seen of it until now.
        since_start: Seconds that the run has lasted.
    """

    def __init__(self, gates: Iterable[Gate], see: Callable[[], Evidence], since_start: Callable[[], float]) -> None:
        self._gates = [gate for gate in gates if gate.aborts]
        self._see = see
        self._since_start = since_start

    @property
    def needed(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self._gates)

    def look(self) -> Entry | None:
        """Return the entry of a gate that has failed for certain after its grace; None where the run may go on."""
        now = self._since_start()
        due = [gate for gate in self._gates if now >= gate.grace_s]
        evidence = self._see() if due else None
        for gate in due:
            assert evidence is not None, "there is one as soon as a gate is due"
            entry = judged(gate, evidence)
            if entry["passed"] is False:
                told = wording.aborted(now, entry.get("detail", ""))
                return {**entry, "detail": told, "aborted_at_s": round(now, 1)}
        return None
