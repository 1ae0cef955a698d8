"""The subscriptions to the mirror, over all processes: whether they brought everything, and what was asked instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


def mirror_streams(snapshots: Iterable[Mapping[str, Mapping[str, float]]]) -> list[dict[str, Any]]:
    """Return the report's `resilience.mirror_streams`, one entry per topic.

    Args:
        snapshots: What `MirrorView.counts` returned in each process, by topic. Every number adds up.
    """
    totals: dict[str, Counter[str]] = {}
    for snapshot in snapshots:
        for topic, counts in snapshot.items():
            totals.setdefault(topic, Counter()).update(counts)
    return [
        {"topic": topic, **{name: round(value, 3) for name, value in sorted(totals[topic].items())}}
        for topic in sorted(totals)
    ]


def in_words(entries: Iterable[Mapping[str, Any]]) -> str:
    """What the streams failed to bring, in a sentence; "" where they did as they should."""
    total: Counter[str] = Counter()
    for entry in entries:
        total.update({name: value for name, value in entry.items() if name != "topic"})
    parts = [
        f"{total[name]:,} {words}"
        for name, words in (
            ("ended", "ended"),
            ("silent", "fell silent"),
        )
        if total[name]
    ]
    if total["skipped"]:
        left_out = "message was" if total["skipped"] == 1 else "messages were"
        parts.append(f"{total['skipped']:,} {left_out} left out")
    if not parts and not total["late"]:
        return ""
    times = "once" if total["opened"] == 1 else f"{total['opened']:,} times"
    told = f"The mirror's streams were opened {times}" + "".join(f"; {part}" for part in parts) + "."
    if not total["late"]:
        return told
    mean_s = total["late_s"] / total["late"]
    return (
        f"{told} {total['late']:,} of {total['waits']:,} waits for the mirror rest on asking over REST or on a stream "
        f"opened again: they may be up to {mean_s:.2f} s too long, on average."
    )
