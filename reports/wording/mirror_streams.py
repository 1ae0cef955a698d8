"""What the subscriptions to the mirror failed to bring, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from reports.schema.resilience import MirrorStream

_ENDS: Final[tuple[tuple[Literal["ended", "silent"], str], ...]] = (("ended", "ended"), ("silent", "fell silent"))


def in_words(entries: Iterable[MirrorStream]) -> str:
    """What the streams failed to bring, in a sentence; "" where they did as they should."""
    streams = list(entries)
    opened = sum(stream.get("opened", 0) for stream in streams)
    late = sum(stream.get("late", 0) for stream in streams)
    counted = [(sum(stream.get(name, 0) for stream in streams), words) for name, words in _ENDS]
    parts = [f"{count:,} {words}" for count, words in counted if count]
    skipped = sum(stream.get("skipped", 0) for stream in streams)
    if skipped:
        parts.append(f"{skipped:,} {'message was' if skipped == 1 else 'messages were'} left out")
    if not parts and not late:
        return ""
    times = "once" if opened == 1 else f"{opened:,} times"
    told = f"The mirror's streams were opened {times}" + "".join(f"; {part}" for part in parts) + "."
    if not late:
        return told
    waits = sum(stream.get("waits", 0) for stream in streams)
    mean_s = sum(stream.get("late_s", 0) for stream in streams) / late
    return (
        f"{told} {late:,} of {waits:,} waits for the mirror rest on asking over REST or on a stream opened again: they "
        f"may be up to {mean_s:.2f} s too long, on average."
    )
