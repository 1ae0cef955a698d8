"""The subscriptions to the mirror, over all processes: whether they brought everything, and what was asked instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import cast

from reports.schema.resilience import MirrorStream


def mirror_streams(snapshots: Iterable[Mapping[str, Mapping[str, float]]]) -> list[MirrorStream]:
    """Return the report's `resilience.mirror_streams`, one entry per topic.

    Args:
        snapshots: What `MirrorView.counts` returned in each process, by topic. Every number adds up.
    """
    totals: dict[str, Counter[str]] = {}
    for snapshot in snapshots:
        for topic, counts in snapshot.items():
            totals.setdefault(topic, Counter()).update(counts)
    entries = [
        {"topic": topic, **{name: round(value, 3) for name, value in sorted(totals[topic].items())}}
        for topic in sorted(totals)
    ]
    return cast(list[MirrorStream], entries)  # which counts there are says whoever subscribes
