"""The search for the highest rate as the report has it."""

from __future__ import annotations

from copy import deepcopy

from reports.schema.capacity import Capacity


def since_start(searched: Capacity | None, began_at: float) -> Capacity | None:
    """The section with the times of its steps, Unix seconds where the search ran, in seconds since the run's start.

    None where there was no search.
    """
    if searched is None:
        return None
    found = deepcopy(searched)
    for step in found["steps"]:
        step["t"] = round(max(0.0, step["t"] - began_at), 3)
    return found
