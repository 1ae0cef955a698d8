"""What one event did to many calls is one failure: a connection that breaks ends every call that it carried."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

REMEMBERED: Final = 1_000
"""Newest incidents that are told apart; calls of one incident end within moments of each other."""


class Incidents:
    """Remembers which incidents have been counted."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()

    def is_new(self, incident: str) -> bool:
        """Whether `incident` is told for the first time; from now on it is known. "" is no incident, and always new."""
        if not incident:
            return True
        if incident in self._known:
            self._known.move_to_end(incident)
            return False
        self._known[incident] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return True
