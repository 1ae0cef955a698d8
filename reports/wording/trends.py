"""How something went on over the run, in sentences, and what of it has to be warned of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.schema.resources import Slope, Trend

TOO_SHORT: Final = "too short to tell: what follows the warm-up has to last for a minute"

WORDS: Final = {
    "leak": "a leak",
    "no leak": "no leak",
    "grows": "it grows",
    "steady": "it does not grow",
    "cannot tell": "cannot tell whether it grows",
}


def sentence(entry: Trend) -> str:
    """What became of one series, and its verdict."""
    about = f"{entry['subject']}, {entry['measure']}"
    per_hour = entry["per_hour"]
    if per_hour is None:
        return f"{about}: {TOO_SHORT}."
    each = entry["per_1000_operations"]
    told = f"{figure(per_hour)} {entry['unit']} per hour"
    if each is not None and entry["verdict"] in ("leak", "grows"):
        told += f", {per_operation(each, entry['unit'])}"
    grown = entry["growth_percent"]
    part = "" if grown is None else f" ({grown:+.1f} % within {length(entry)})"
    return f"{about}: {told}{part}: {WORDS[entry['verdict']]}."


def figure(slope: Slope) -> str:
    """A slope and its interval: `+1.2 (-0.3 to +2.7)`."""
    low, high = slope["ci95"]
    return f"{short(slope['estimate'])} ({short(low)} to {short(high)})"


def per_operation(slope: Slope, unit: str) -> str:
    """The growth per operation; of memory in bytes."""
    if unit == "MB":  # per 1,000 operations, so 1 MB of it is 1,000 bytes each
        each: Slope = {"estimate": 1e3 * slope["estimate"], "ci95": [1e3 * end for end in slope["ci95"]]}
        return f"{figure(each)} bytes per operation"
    return f"{figure(slope)} {unit} per 1,000 operations"


def short(value: float) -> str:
    """A signed number with two or three significant digits."""
    size = abs(value)
    if size < 0.005:
        return "0"
    return f"{value:+,.0f}" if size >= 99.5 else f"{value:+.1f}" if size >= 9.95 else f"{value:+.2f}"


def percent(entry: Trend) -> str:
    """The growth within what was looked at."""
    grown = entry["growth_percent"]
    return "–" if grown is None else f"{grown:+.1f} % in {length(entry)}"


def telling(entries: Sequence[Trend]) -> list[Trend]:
    """Those that a short report names: of memory, and whatever grows."""
    named = ("leak", "grows")
    return [one for one in entries if one["per_hour"] and (one["measure"] == "memory" or one["verdict"] in named)]


def length(entry: Trend) -> str:
    """How long a series was looked at."""
    seconds = (entry["to_s"] or 0.0) - (entry["from_s"] or 0.0)
    if seconds >= 2 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def warnings(entries: Sequence[Trend]) -> list[str]:
    """The leaks, each in a sentence."""
    return [f"Leak: {entry['sentence']}" for entry in entries if entry["verdict"] == "leak"]
