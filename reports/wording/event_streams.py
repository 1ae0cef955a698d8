"""What an event-driven application got of its live subscriptions, in words."""

from __future__ import annotations

from collections.abc import Iterable

from reports.schema.resilience import EventStream


def in_words(entries: Iterable[EventStream]) -> str:
    """What came, and what did not, in a few sentences; "" where nobody held a live subscription."""
    streams = list(entries)
    if not streams:
        return ""
    delivered = sum(one["delivered"] for one in streams)
    missing = sum(one["skipped"] - one["disordered"] for one in streams)
    late, repeated = (sum(one[name] for one in streams) for name in ("disordered", "repeated"))
    breaks = [each for one in streams for each in one["breaks"]]
    told = f"Live subscriptions brought {delivered:,} events"
    told += f": {missing:,} left out, {late:,} out of order, {repeated:,} twice."
    if not breaks:
        return f"{told} They were never interrupted."
    longest = max(breaks, key=lambda each: each["lasted_s"])
    caught_up = sum(each["caught_up"] for each in breaks)
    times = "once" if len(breaks) == 1 else f"{len(breaks):,} times"
    return (
        f"{told} They were interrupted {times}, for {longest['lasted_s']:.3g} s at most; {caught_up:,} events were "
        f"caught up, within {max(each['catch_up_s'] for each in breaks):.2g} s of the stream's return."
    )
