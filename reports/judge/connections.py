"""The connections to the nodes, over all processes: how many there were, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from reports.schema.resilience import NodeConnections


def connections(snapshots: Iterable[Mapping[str, Mapping[str, float]]]) -> list[NodeConnections]:
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
    entries = [
        {"node": node, **{name: round(value, 3) for name, value in sorted(totals[node].items())}}
        for node in sorted(totals, key=_by_number)
    ]
    return cast(list[NodeConnections], entries)  # which counts there are says the client


def _by_number(node: str) -> tuple[int, str]:
    number = node.rpartition(".")[2]
    return (int(number) if number.isdigit() else 0, node)
