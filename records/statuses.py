"""Status words that are written in one room and read in another."""

from __future__ import annotations

from typing import Final

SUCCESS: Final = "SUCCESS"
"""An operation that reached the confirmation level it was asked for."""

STOPPED: Final = "STOPPED"
"""An operation that the end of the run cut off before its outcome was known; it counts as no failure."""

NEVER_HAPPENED: Final = "NEVER_HAPPENED"
"""A transaction whose validity is over and that no node has a receipt of: it had no effect and cannot have one."""
