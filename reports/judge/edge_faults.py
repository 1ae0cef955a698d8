"""Faults that the load generator's processes made at their own edge, as the report lists faults."""

from __future__ import annotations

from collections.abc import Sequence

from config.run import Run
from reports.collect.collector import Sender
from reports.schema.timeline import Fault

SOURCE = "edge_faults"


def edge_faults(run: Run, senders: Sequence[Sender], began_at: float, ended_at: float) -> list[Fault]:
    """Those that began before the load ended; hits of all processes together.

    Args:
        run: Which faults, and from when they count.
        senders: The processes that made them.
        began_at: Unix seconds from which the report's times count.
        ended_at: Unix seconds at which the load ended, and with it every fault.
    """
    hits = [sender.sources.get(SOURCE, {}).get("hits", []) for sender in senders]
    found: list[Fault] = []
    for at, fault in enumerate(run.edge_faults):
        begins = run.started_at + fault["start"]
        if begins < ended_at:
            found.append(
                {
                    "name": fault["name"],
                    "from_s": round(max(0.0, begins - began_at), 3),
                    "to_s": round(min(begins + fault["duration"], ended_at) - began_at, 3),
                    "kind": fault["kind"],
                    "hits": sum(one[at] for one in hits if at < len(one)),
                    "edge": True,
                }
            )
    return found
