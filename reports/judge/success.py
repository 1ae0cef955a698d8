"""Whether every kind of operation worked: a run in which nothing went through has proved nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LEAST_DONE: Final = 0.5
"""Part of the operations of one kind, arm and level that has to succeed. Below it the run does not pass, whatever kept
the others: what a run is for is what its operations do."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One kind of operation of which too few succeeded.

    Attributes:
        words: What happened, as a phrase.
        conclusive: The network or the client's own policy turned the others away. Else the run was over before they
            were, or nobody was free to start them, and nothing can be said.
    """

    words: str
    conclusive: bool


def shortfalls(operations: Sequence[Mapping[str, Any]], accounting: Mapping[str, Any]) -> list[Shortfall]:
    """Every kind of operation that did not work.

    Args:
        operations: The report's.
        accounting: The report's; of operations that were due and never started no level is known, so what was shed is
            held against all levels of the kind together.
    """
    found = [short for entry in operations if (short := _of(entry)) is not None]
    if found:
        return found
    for one in accounting["operations"]:
        due, done, shed = one["scheduled"], one["succeeded"], one["shed"]
        if shed and done < LEAST_DONE * due:
            words = f"{done:,} of the {due:,} {_name(one)} that were due succeeded, and {shed:,} were never started"
            found.append(Shortfall(words, conclusive=False))
    return found


def _of(entry: Mapping[str, Any]) -> Shortfall | None:
    started, done = entry["started"], entry["succeeded"]
    if done >= max(1, LEAST_DONE * started):
        return None
    others = Counter({name: entry[name] for name in ("failed", "unknown", "rejected")})
    words = f"{f'{done:,}' if done else 'none'} of {started:,} {_name(entry)} succeeded ({_listed(others)})"
    return Shortfall(words, conclusive=bool(entry["failed"]) or entry["rejected"] > entry["unknown"])


def _listed(others: Counter[str]) -> str:
    names = {"failed": "failed", "unknown": "without a known outcome", "rejected": "never sent"}
    return ", ".join(f"{number:,} {names[name]}" for name, number in others.most_common() if number)


def _name(entry: Mapping[str, Any]) -> str:
    level = f" at level {entry['confirm']}" if entry.get("confirm") else ""
    arm = f" [{entry['arm']}]" if entry["arm"] else ""
    return f"{entry['name']}{arm}{level}"
