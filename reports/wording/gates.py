"""What came of gates, in words: phrases without a full stop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from reports.schema.report import Gate
from reports.wording.expectations import RESULTS
from reports.wording.phrases import counted, milliseconds

MOST_SHORT: Final = 3
"""Gates that the check names; the table has them all."""

UNKNOWN_HERE: Final = "this version does not know it"
LATER: Final = "nothing of the kind ended"


def value(number: float | None, unit: str) -> str:
    """What was observed: `2.31 s`, `0.42 %`, `51.2/s`, `$0.284`, `3`; a dash for nothing."""
    if number is None:
        return "–"
    if unit == "ms":
        return milliseconds(number)
    told = f"{number:,.0f}" if number == int(number) or abs(number) >= 1000 else f"{number:.4g}"
    if unit == "$":
        return f"${told}"
    return f"{told}{unit}" if unit in ("", "/s") else f"{told} {unit}"


def detail(entry: Gate, low: float, high: float, of: str, reason: str, values: int) -> str:
    """What was observed, of what, and why the run cannot tell where it cannot.

    Args:
        entry: The gate, with what was observed.
        low: What that is at least.
        high: What it is at most.
        of: What it is the value of, "" where there is but one.
        reason: Why it is not known; "" where it is.
        values: How many values were looked at; the one that decided is told.
    """
    observed, unit = entry["observed"], entry.get("unit", "")
    whose = f" ({of}{f', of {values}' if values > 1 else ''})" if of else ""
    if observed is None:
        return f"{reason}{whose}"
    told = value(observed, unit) + whose
    if low < high and math.isfinite(low) and math.isfinite(high):
        told += f", between {value(low, unit)} and {value(high, unit)}"
        return told if entry["passed"] is not None else f"{told}, which lies on both sides"
    return f"{told} at least: {reason}" if low < high else told


def aborted(seconds: float, told: str) -> str:
    """That it ended the run, with what was observed then."""
    return f"{told}; it ended the run after {seconds:.0f} s"


def summary(entries: Sequence[Gate]) -> str:
    """How many gates held, and which did not."""
    held = sum(entry["passed"] is True for entry in entries)
    others = [entry for entry in entries if entry["passed"] is not True]
    told = [f"{one['expression']}: {RESULTS[one['passed']]} ({one.get('detail', '')})" for one in others[:MOST_SHORT]]
    if len(others) > MOST_SHORT:
        told.append(f"and {len(others) - MOST_SHORT} more")
    return "; ".join([f"{held} of {counted(len(entries), 'gate', 'gates')} held", *told])


def left_to(expressions: Sequence[str], told: str) -> str:
    """That a check of the default set was left to gates that somebody named."""
    return f"left to {', '.join(expressions)}: {told}"
