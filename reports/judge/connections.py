"""The connections to the nodes, over all processes: how many there were, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


def connections(snapshots: Iterable[Mapping[str, Mapping[str, float]]]) -> list[dict[str, Any]]:
    """Return the report's `resilience.connections`, one entry per node.

    Args:
        snapshots: What `HederaClient.connections` returned in each process, by node. Every number adds up; that of
            `most_open` is then an upper bound, for processes reach their greatest number at different times.
    """
    totals: dict[str, dict[str, float]] = {}
    for snapshot in snapshots:
        for node, counts in snapshot.items():
            total = totals.setdefault(node, {})
            for name, value in counts.items():
                total[name] = total.get(name, 0) + value
    return [
        {"node": node, **{name: round(value, 3) for name, value in sorted(totals[node].items())}}
        for node in sorted(totals, key=_by_number)
    ]


def in_words(entries: Iterable[Mapping[str, Any]]) -> str:
    """What became of the connections, in a sentence; "" where nothing happened to them that would need one."""
    total: Counter[str] = Counter()
    for entry in entries:
        total.update({name: value for name, value in entry.items() if name != "node"})
    parts = [
        f"{total[name]:,} {words}"
        for name, words in (
            ("aged", "replaced for their age"),
            ("lost", "lost with calls under way"),
            ("failed", "could not be opened"),
        )
        if total[name]
    ]
    if total["moved"]:
        parts.append(f"{total['moved']:,} calls moved to another one before the node had seen them")
    if not parts:
        return ""
    return f"{total['opened']:,} connections to nodes were opened; {', '.join(parts)}."


def _by_number(node: str) -> tuple[int, str]:
    number = node.rpartition(".")[2]
    return (int(number) if number.isdigit() else 0, node)
