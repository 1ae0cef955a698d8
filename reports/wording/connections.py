"""What became of the connections to the nodes, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from reports.schema.resilience import NodeConnections
from reports.wording.phrases import counted

_ENDS: Final[tuple[tuple[Literal["aged", "lost", "failed"], str], ...]] = (
    ("aged", "replaced for their age"),
    ("lost", "lost with calls under way"),
    ("failed", "could not be opened"),
)


def in_words(entries: Iterable[NodeConnections]) -> str:
    """What became of the connections, in a sentence; "" where nothing happened to them that would need one."""
    nodes = list(entries)
    ends = [(sum(node.get(name, 0) for node in nodes), words) for name, words in _ENDS]
    parts = [f"{count:,} {words}" for count, words in ends if count]
    moved = sum(node.get("moved", 0) for node in nodes)
    if moved:
        parts.append(f"{counted(moved, 'call', 'calls')} moved to another one before the node had seen them")
    if not parts:
        return ""
    opened = sum(node.get("opened", 0) for node in nodes)
    return f"{counted(opened, 'connection to a node was', 'connections to nodes were')} opened; {', '.join(parts)}."
