"""Live subscriptions of event-driven applications, over all processes: what came, and what the breaks cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reports.schema.resilience import EventBreak, EventStream

Counts = Mapping[str, Mapping[str, Any]]


def event_streams(snapshots: Iterable[Counts], began_at: float) -> list[EventStream]:
    """Return the report's `resilience.event_streams`, one entry per subscription, by topic.

    Args:
        snapshots: What `Session.event_streams` returned in each process, by topic.
        began_at: When the run began, Unix time in seconds.
    """
    subscriptions = [(topic, counts) for snapshot in snapshots for topic, counts in snapshot.items()]
    return [_entry(topic, counts, began_at) for topic, counts in sorted(subscriptions, key=lambda one: one[0])]


def _entry(topic: str, counts: Mapping[str, Any], began_at: float) -> EventStream:
    return {
        "topic": topic,
        "delivered": counts["delivered"],
        "last_sequence": counts["last_sequence"],
        "opened": counts["opened"],
        "ended": counts["ended"],
        "silent": counts["silent"],
        "skipped": counts["skipped"],
        "disordered": counts["disordered"],
        "repeated": counts["repeated"],
        "breaks": [_break(one, began_at) for one in counts["breaks"]],
    }


def _break(one: Mapping[str, Any], began_at: float) -> EventBreak:
    return {
        "from_s": round(max(0.0, one["at"] - began_at), 3),
        "lasted_s": round(one["lasted_s"], 3),
        "caught_up": one["caught_up"],
        "catch_up_s": round(one["catch_up_s"], 3),
    }
