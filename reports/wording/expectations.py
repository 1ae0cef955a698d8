"""What came of a scenario's expectations, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.schema.report import Drill

RESULTS: Final = {True: "passed", False: "failed", None: "cannot tell"}


def left_to(detail: str) -> str:
    """That a check was left to the expectations."""
    return f"left to the scenario's expectations: {detail}"


def answer(entries: Sequence[Drill]) -> str:
    """How many expectations held, and which did not, with what was observed; one sentence."""
    held = sum(entry["passed"] is True for entry in entries)
    others = [entry for entry in entries if entry["passed"] is not True]
    told = "".join(f"; {entry['name']}: {RESULTS[entry['passed']]} ({entry['observed']})" for entry in others)
    return f"{held} of {len(entries)} expectations held{told}."
