"""Live subscriptions of event-driven applications, over all processes: what came, and what the breaks cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

from reports.schema.resilience import EventBreak, EventStream


class Break(TypedDict):
    """A break as a process publishes it: `at` is Unix time in seconds."""

    at: float
    lasted_s: float
    caught_up: int
    catch_up_s: float


class Counts(TypedDict):
    """What a process publishes of one subscription: `EventCounts.snapshot` of `hedera_client.event_stream`."""

    delivered: int
    last_sequence: int
    opened: int
    ended: int
    silent: int
    skipped: int
    disordered: int
    repeated: int
    breaks: list[Break]


def event_streams(snapshots: Iterable[Mapping[str, Counts]], began_at: float) -> list[EventStream]:
    """Return the report's `resilience.event_streams`, one entry per subscription, by topic.

    Args:
        snapshots: What `Session.event_streams` returned in each process, by topic.
        began_at: When the run began, Unix time in seconds.
    """
    subscriptions = [(topic, counts) for snapshot in snapshots for topic, counts in snapshot.items()]
    return [_entry(topic, counts, began_at) for topic, counts in sorted(subscriptions, key=lambda one: one[0])]


def _entry(topic: str, counts: Counts, began_at: float) -> EventStream:
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


def _break(one: Break, began_at: float) -> EventBreak:
    return {
        "from_s": round(max(0.0, one["at"] - began_at), 3),
        "lasted_s": round(one["lasted_s"], 3),
        "caught_up": one["caught_up"],
        "catch_up_s": round(one["catch_up_s"], 3),
    }
